/// Labels of internationalised names (RFC 3492).
package enum Punycode {
  /// What stands behind `xn--`; nil for what is none.
  package static func decode(_ label: some StringProtocol) -> String? {
    let bytes = Array(label.utf8)
    // A label is no longer; the work of insertion grows with the square.
    guard bytes.count <= 63 else { return nil }
    var output: [Unicode.Scalar] = []
    var index = 0
    if let hyphen = bytes.lastIndex(of: 0x2D) {
      for byte in bytes[..<hyphen] {
        guard byte < 0x80 else { return nil }
        output.append(Unicode.Scalar(byte))
      }
      index = hyphen + 1
    }
    var code = 128
    var place = 0
    var bias = 72
    while index < bytes.count {
      let before = place
      var weight = 1
      var step = 36
      while true {
        guard index < bytes.count, let digit = digit(bytes[index]) else { return nil }
        index += 1
        let (product, tooMuch) = digit.multipliedReportingOverflow(by: weight)
        guard !tooMuch, product <= 0x7FFF_FFFF - place else { return nil }
        place += product
        let threshold = step <= bias ? 1 : step >= bias + 26 ? 26 : step - bias
        if digit < threshold { break }
        let (next, overflow) = weight.multipliedReportingOverflow(by: 36 - threshold)
        guard !overflow, next <= 0x7FFF_FFFF else { return nil }
        weight = next
        step += 36
      }
      let count = output.count + 1
      bias = adapted(place - before, count: count, isFirst: before == 0)
      code += place / count
      place %= count
      guard let value = UInt32(exactly: code), let scalar = Unicode.Scalar(value) else { return nil }
      output.insert(scalar, at: place)
      place += 1
    }
    return String(String.UnicodeScalarView(output))
  }

  private static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte) - 0x30 + 26
    case 0x41...0x5A: Int(byte) - 0x41
    case 0x61...0x7A: Int(byte) - 0x61
    default: nil
    }
  }

  private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
    var delta = isFirst ? delta / 700 : delta / 2
    delta += delta / count
    var step = 0
    while delta > 455 {
      delta /= 35
      step += 36
    }
    return step + 36 * delta / (delta + 38)
  }
}
