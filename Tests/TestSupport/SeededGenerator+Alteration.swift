extension SeededGenerator {
  /// Bytes at the ends of what a byte, a varint or a sign may be.
  package static let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]

  /// Alters bytes in some places, as fuzz tests of readers do: bits, single bytes, numbers at the ends of what they may be, pieces that are
  /// gone, doubled, moved, or cut off. What comes out may be what went in.
  ///
  /// - Parameters:
  ///   - places: how many; each may undo another.
  ///   - telling: bytes that mean something in the format, put in and over others more often than any byte.
  package mutating func alter(_ bytes: inout [UInt8], places: ClosedRange<Int> = 1...3, telling: [UInt8] = edges) {
    for _ in 0..<Int.random(in: places, using: &self) {
      guard !bytes.isEmpty else {
        bytes = self.bytes(1)
        continue
      }
      let at = Int.random(in: 0..<bytes.count, using: &self)
      switch Int.random(in: 0..<16, using: &self) {
      case 0, 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 2: bytes[at] = .random(in: .min ... .max, using: &self)
      case 3, 4: bytes[at] = telling.randomElement(using: &self) ?? 0
      case 5: bytes[at] &+= 1
      case 6: bytes[at] &-= 1
      // Numbers: as varints, and as 32 or 64 bits.
      case 7:
        let length = [1, 4, 5, 9].randomElement(using: &self) ?? 1
        bytes.replaceSubrange(at..<at + 1, with: [UInt8](repeating: 0xFF, count: length) + [0x01])
      case 8:
        let number = Self.numbers.randomElement(using: &self) ?? 0
        for index in 0..<(Bool.random(using: &self) ? 4 : 8) where at + index < bytes.count {
          bytes[at + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
        }
      case 9: bytes.remove(at: at)
      case 10: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &self)], at: at)
      case 11: bytes.insert(telling.randomElement(using: &self) ?? 0, at: at)
      case 12: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &self))
      case 13: bytes.removeSubrange(at...)
      default:
        let from = Int.random(in: 0..<bytes.count, using: &self)
        let piece = Array(bytes[from..<min(bytes.count, from + Int.random(in: 1...20, using: &self))])
        bytes.replaceSubrange(at..<min(bytes.count, at + Int.random(in: 0...20, using: &self)), with: piece)
      }
    }
  }

  private static let numbers: [UInt64] = [
    0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF, 1 << 40, 1 << 62, 1 << 63, .max - 1, .max, UInt64(Int64.max),
  ]
}
