/// Text that is put together as HTML shows it: blanks as one, a line for each block.
struct HTMLLines: Sendable {
  private var bytes: [UInt8] = []
  private var isBlankDue = false

  var text: String { String(decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes[...], as: UTF8.self) }

  mutating func append(_ piece: [UInt8], isPreformatted: Bool) {
    for byte in piece {
      if !isPreformatted, byte.isBlank || byte == 0x0C {
        isBlankDue = true
        continue
      }
      if isBlankDue {
        isBlankDue = false
        if let last = bytes.last, last != 0x0A { bytes.append(0x20) }
      }
      bytes.append(byte)
    }
  }

  mutating func breakLine() {
    isBlankDue = false
    if let last = bytes.last, last != 0x0A { bytes.append(0x0A) }
  }

  mutating func space() { isBlankDue = true }
}
