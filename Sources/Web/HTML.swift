/// A piece of HTML. What is interpolated into its literal is escaped, unless it is HTML itself.
///
/// Two forms for text: `\(name)` shows it and makes control and direction characters visible (see `VisibleText`), `\(value: name)` keeps
/// every character exactly and belongs into attributes that come back from a form. Both are safe inside a double-quoted attribute and
/// between tags; attributes are always written with double quotes. There is no interpolation for `Double`: numbers go through a format.
package struct HTML: Sendable, Hashable, ExpressibleByStringInterpolation {
  package private(set) var source: String

  package init(stringLiteral source: String) { self.source = source }
  package init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }
  package init() { source = "" }

  /// Escaped text.
  package init(text: some StringProtocol) {
    self.init(stringInterpolation: "\(text)" as StringInterpolation)
  }

  package var isEmpty: Bool { source.isEmpty }

  package static func + (left: HTML, right: HTML) -> HTML {
    var sum = left
    sum.source += right.source
    return sum
  }

  package static func += (left: inout HTML, right: HTML) { left.source += right.source }

  package struct StringInterpolation: StringInterpolationProtocol, ExpressibleByStringInterpolation {
    fileprivate var source: String

    package init(literalCapacity: Int, interpolationCount: Int) {
      source = ""
      source.reserveCapacity(literalCapacity + interpolationCount * 24)
    }
    package init(stringLiteral value: String) { source = value }
    package init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

    package mutating func appendLiteral(_ literal: String) { source += literal }

    package mutating func appendInterpolation(_ text: some StringProtocol) { HTML.escape(VisibleText.of(text), into: &source) }
    package mutating func appendInterpolation(_ html: HTML) { source += html.source }
    package mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { source += piece.source } }
    package mutating func appendInterpolation(_ html: HTML?) { if let html { source += html.source } }
    package mutating func appendInterpolation(_ number: some BinaryInteger) { source += String(number) }
    package mutating func appendInterpolation(_ address: Address) { HTML.escape(address.text, into: &source) }
    package mutating func appendInterpolation(value: some StringProtocol) { HTML.escape(value, into: &source, exactly: true) }
  }

  /// `exactly`: characters that HTML would lose or change (line ends, controls) become numeric references.
  private static func escape(_ text: some StringProtocol, into result: inout String, exactly: Bool = false) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "`": result += "&#96;"
      case "\n", "\r", "\t":
        if exactly { result += "&#\(scalar.value);" } else { result.unicodeScalars.append(scalar) }
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}

extension Sequence where Element == HTML {
  package func joined(_ separator: HTML = HTML()) -> HTML {
    var sum = HTML()
    var isFirst = true
    for piece in self {
      if !isFirst { sum += separator }
      sum += piece
      isFirst = false
    }
    return sum
  }
}
