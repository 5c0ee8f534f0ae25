/// The name of an object in git: SHA-1 or SHA-256, as hexadecimal digits in its text form.
struct ObjectName: Sendable, Hashable {
  // Up to 32 bytes without an allocation: there are millions in a large history.
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private let length: UInt8

  init?(_ text: some Collection<UInt8>) {
    guard text.count == 40 || text.count == 64 else { return nil }
    length = UInt8(text.count)
    var index = 0
    for byte in text {
      guard byte.isDecimal || (byte.isSmall && byte.isHexadecimal) else { return nil }
      let digit = UInt64(byte.isDecimal ? byte - 0x30 : byte - 0x57)
      switch index >> 4 {
      case 0: words.0 = words.0 << 4 | digit
      case 1: words.1 = words.1 << 4 | digit
      case 2: words.2 = words.2 << 4 | digit
      default: words.3 = words.3 << 4 | digit
      }
      index += 1
    }
  }

  var text: String {
    let all = [words.0, words.1, words.2, words.3]
    var text = ""
    for (index, word) in all.enumerated() {
      let digits = min(16, Int(length) - index * 16)
      guard digits > 0 else { break }
      let plain = String(word, radix: 16)
      text += String(repeating: "0", count: max(0, digits - plain.count)) + plain
    }
    return text
  }

  static func == (left: ObjectName, right: ObjectName) -> Bool { left.words == right.words }
  func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
