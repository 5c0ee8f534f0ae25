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

  /// A name as DNS has it (RFC 5891, section 4.4): labels with more than ASCII as `xn--` and punycode.
  package static func ascii(_ labels: [String]) -> String {
    labels.map { label in label.utf8.allSatisfy { $0 < 0x80 } ? label : "xn--\(encode(label))" }.joined(separator: ".")
  }

  /// RFC 3492, section 6.3.
  package static func encode(_ label: String) -> String {
    let scalars = label.unicodeScalars.prefix(260).map { Int($0.value) }
    var output = scalars.filter { $0 < 128 }.map { UInt8($0) }
    let basic = output.count
    if basic > 0 { output.append(0x2D) }
    var (code, delta, bias, handled) = (128, 0, 72, basic)
    while handled < scalars.count, let next = scalars.filter({ $0 >= code }).min() {
      delta += (next - code) * (handled + 1)
      code = next
      for scalar in scalars {
        if scalar < code { delta += 1 }
        guard scalar == code else { continue }
        var (rest, step) = (delta, 36)
        while true {
          let threshold = step <= bias ? 1 : step >= bias + 26 ? 26 : step - bias
          guard rest >= threshold else { break }
          output.append(letter(threshold + (rest - threshold) % (36 - threshold)))
          rest = (rest - threshold) / (36 - threshold)
          step += 36
        }
        output.append(letter(rest))
        bias = adapted(delta, count: handled + 1, isFirst: handled == basic)
        delta = 0
        handled += 1
      }
      delta += 1
      code += 1
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func letter(_ digit: Int) -> UInt8 { UInt8(digit < 26 ? 0x61 + digit : 0x30 + digit - 26) }

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
