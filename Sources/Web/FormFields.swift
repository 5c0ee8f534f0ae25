/// The fields of a form or a query string (`application/x-www-form-urlencoded`), in order. Names may repeat.
package struct FormFields: Sendable, Hashable {
  package private(set) var fields: [Address.Parameter]

  package init(_ fields: [Address.Parameter] = []) { self.fields = fields }

  /// Never fails: a broken escape stands for itself, bytes that are not UTF-8 become U+FFFD, as browsers do. At most 2,000 fields are read.
  package init(encoded text: some StringProtocol) {
    var fields: [Address.Parameter] = []
    for pair in text.utf8.split(separator: UInt8(ascii: "&"), maxSplits: 2_000) {
      let equals = pair.firstIndex(of: UInt8(ascii: "="))
      let name = Self.decoded(pair[..<(equals ?? pair.endIndex)])
      let value = equals.map { Self.decoded(pair[pair.index(after: $0)...]) } ?? ""
      fields.append(Address.Parameter(name, value))
    }
    self.fields = fields
  }

  /// The first value of that name, as it was sent.
  package subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  /// Takes all fields of that name out; returns the first one's value.
  package mutating func take(_ name: String) -> String? {
    let first = self[name]
    if first != nil { fields.removeAll { $0.name == name } }
    return first
  }

  package func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  /// The first value, without surrounding spaces; empty if there is none.
  package func text(_ name: String) -> String { Self.trimmed(self[name] ?? "") }

  package static func trimmed(_ text: some StringProtocol) -> String {
    let start = text.firstIndex { !$0.isWhitespace } ?? text.endIndex
    guard let last = text.lastIndex(where: { !$0.isWhitespace }), start <= last else { return "" }
    return String(text[start...last])
  }

  private static func decoded(_ bytes: some Collection<UInt8>) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index != bytes.endIndex {
      let byte = bytes[index]
      let next = bytes.index(after: index)
      if byte == UInt8(ascii: "+") {
        result.append(UInt8(ascii: " "))
      } else if byte == UInt8(ascii: "%"), next != bytes.endIndex, let high = hexadecimal(bytes[next]) {
        let second = bytes.index(after: next)
        if second != bytes.endIndex, let low = hexadecimal(bytes[second]) {
          result.append(high << 4 | low)
          index = bytes.index(after: second)
          continue
        }
        result.append(byte)
      } else {
        result.append(byte)
      }
      index = next
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
