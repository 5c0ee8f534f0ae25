internal import Foundation

/// The words of a text in the one form in which a signed text and what a message shows are compared: docs/FORMATS.md, “Text of a message,
/// canonical”. Whatever a gateway does to blanks, lines, quotes, dashes and quoting marks leaves the words alone.
package struct CanonicalWords: Sendable, Hashable {
  package private(set) var words: [String] = []

  /// A run without blanks of more characters than these is not normalised: the work of it would grow with the square of its length.
  static let longestNormalised = 1_000

  /// Linear in the length of the text.
  package init(_ text: String) {
    var run: [Unicode.Scalar] = []
    var isASCII = true
    var atLineStart = true
    for scalar in text.unicodeScalars {
      if Self.isBlank(scalar) {
        close(&run, isASCII)
        isASCII = true
        if scalar == "\n" || scalar == "\r" { atLineStart = true }
        continue
      }
      if Self.isIgnored(scalar) || (atLineStart && scalar == ">") { continue }
      atLineStart = false
      let unified = Self.unified(scalar)
      if !unified.isASCII { isASCII = false }
      run.append(unified)
    }
    close(&run, isASCII)
  }

  private mutating func close(_ run: inout [Unicode.Scalar], _ isASCII: Bool) {
    defer { run.removeAll(keepingCapacity: true) }
    guard !run.isEmpty else { return }
    guard !isASCII, run.count <= Self.longestNormalised else {
      add(run[...])
      return
    }
    let normalised = String(String.UnicodeScalarView(run)).precomposedStringWithCompatibilityMapping.unicodeScalars.map(Self.unified)
    for piece in normalised.split(whereSeparator: Self.isBlank) { add(piece) }
  }

  private mutating func add(_ run: ArraySlice<Unicode.Scalar>) {
    var scalars: [Unicode.Scalar] = []
    for scalar in run where scalar != "\"" && !(scalar == "-" && scalars.last == "-") { scalars.append(scalar) }
    var rest = scalars[...]
    while let first = rest.first, first == "*" || first == "_" { rest.removeFirst() }
    while let last = rest.last, last == "*" || last == "_" { rest.removeLast() }
    var start = rest.startIndex
    for index in rest.indices.dropFirst(2) where rest[index - 1] == "-" && Self.isLetterOrNumber(rest[index]) {
      keep(rest[start..<index])
      start = index
    }
    keep(rest[start...])
  }

  private mutating func keep(_ piece: ArraySlice<Unicode.Scalar>) {
    guard piece.contains(where: { Self.isLetterOrNumber($0) || $0 == "%" || $0.properties.generalCategory == .currencySymbol }) else {
      return
    }
    words.append(String(String.UnicodeScalarView(piece)))
  }

  // MARK: characters

  static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Characters without a shape: removed.
  static func isIgnored(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0xAD, 0x034F, 0x061C, 0x115F...0x1160, 0x17B4...0x17B5, 0x180B...0x180F, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F,
      0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0xE0FFF:
      true
    default: false
    }
  }

  /// One character for all quotes and dashes of a kind.
  static func unified(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x60, 0xB4, 0x2018...0x201B, 0x2032, 0x2035, 0x2039, 0x203A: "'"
    case 0xAB, 0xBB, 0x201C...0x201F, 0x2033, 0x2036, 0x301D...0x301F, 0xFF02: "\""
    case 0x2010...0x2015, 0x2043, 0x2212, 0xFE31, 0xFE32, 0xFE58, 0xFE63, 0xFF0D: "-"
    default: scalar
    }
  }

  static func isLetterOrNumber(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .letterNumber, .otherNumber:
      return true
    default: return false
    }
  }
}
