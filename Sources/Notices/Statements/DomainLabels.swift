internal import CICU

/// Names of the DNS in one spelling.
enum DomainLabels {
  /// The A-labels (`xn--…`) of a name in lower case that may have U-labels, as browsers write it in an address (UTS #46, non-transitional). A name in
  /// ASCII stays as it is, whatever it is.
  ///
  /// Nil for what cannot be a name once it is converted: labels of 1 to 63 letters, digits, hyphens and underscores, 253 bytes in all, and no number at
  /// the end, which browsers take for an IPv4 address.
  static func ascii(_ name: String) -> String? {
    guard name.utf8.contains(where: { $0 >= 0x80 }) else { return name }
    guard name.utf8.allSatisfy({ $0 >= 0x80 || isPlain($0) || $0 == UInt8(ascii: ".") }), let converted = icu(Array(name.utf8)) else {
      return nil
    }
    let labels = converted.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard converted.count <= 253, labels.allSatisfy({ (1...63).contains($0.count) && $0.allSatisfy(isPlain) }), let last = labels.last,
      !isNumber(last)
    else { return nil }
    return String(decoding: converted, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }

  private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
    label.allSatisfy(\.isDigit)
      || label.starts(with: "0x".utf8)
        && label.dropFirst(2).allSatisfy { $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) }
  }

  private static func icu(_ name: [UInt8]) -> [UInt8]? {
    // A name that is longer than this is none.
    let capacity = 1_024
    var size = 0
    let found = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      size = name.withUnsafeBufferPointer { source in
        source.withMemoryRebound(to: CChar.self) { text in
          buffer.withMemoryRebound(to: CChar.self) { sealane_icu_domain(text.baseAddress, text.count, $0.baseAddress, $0.count) }
        }
      }
      count = max(0, min(size, buffer.count))
    }
    return (1...capacity).contains(size) ? found : nil
  }
}
