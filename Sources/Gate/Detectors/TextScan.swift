/// One pass over a string's bytes that counts what any detector would need to see, so that most strings are done after it.
///
/// Cost: a table look-up and an addition a byte. Eight counters of eight bits lie in one word; a chunk of 255 bytes cannot overflow one.
struct TextScan {
  private(set) var byteCount = 0
  private(set) var digits = 0
  private(set) var dots = 0
  private(set) var colons = 0
  /// `@` and `%`, which may hide one.
  private(set) var ats = 0
  private(set) var slashes = 0
  private(set) var spaces = 0
  private(set) var wide = 0
  /// `=`, `?`, `(`, and `&` and `\\`, which may begin an escape.
  private(set) var joints = 0

  /// Shorter strings hold no secret with a known shape.
  static let shortestSecret = 12

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    byteCount = bytes.count
    let weights = Self.weights
    var index = 0
    while index < bytes.count {
      let end = min(index + 255, bytes.count)
      var sum: UInt64 = 0
      while index < end {
        sum &+= weights[Int(bytes[index])]
        index += 1
      }
      digits += Int(sum & 0xFF)
      dots += Int(sum >> 8 & 0xFF)
      colons += Int(sum >> 16 & 0xFF)
      ats += Int(sum >> 24 & 0xFF)
      slashes += Int(sum >> 32 & 0xFF)
      spaces += Int(sum >> 40 & 0xFF)
      wide += Int(sum >> 48 & 0xFF)
      joints += Int(sum >> 56)
    }
  }

  var mayHoldEmail: Bool { ats > 0 }
  var mayHoldAddress: Bool { (dots >= 3 && digits >= 4) || colons >= 2 }
  var mayHoldPhone: Bool { digits >= 7 }
  var mayHoldCard: Bool { digits >= 14 }
  var mayHoldAccount: Bool { digits >= 9 && byteCount >= 15 }
  var mayHoldMailKey: Bool { digits >= 2 && byteCount >= 36 }
  var mayHoldToken: Bool { digits >= 2 && byteCount >= TokenDetector.shortest }
  var mayHoldSecret: Bool { byteCount >= Self.shortestSecret || (joints > 0 || colons > 0) && byteCount >= 8 }
  var mayHoldLink: Bool { slashes > 0 || joints > 0 }
  var mayBePayload: Bool { byteCount >= PayloadTexts.shortestProse }

  /// Whether any detector but that of provider keys has something to look at.
  @inline(__always)
  var mayHoldSomething: Bool {
    ats > 0 || digits >= 7 || dots >= 3 || colons > 0 || slashes > 0 || joints > 0 || wide > 0 || byteCount >= TokenDetector.shortest
  }

  /// Nothing in it that any detector looks for.
  @inline(__always)
  var isPlain: Bool {
    ats == 0 && digits < 7 && dots < 3 && colons == 0 && slashes == 0 && joints == 0 && wide == 0 && byteCount < Self.shortestSecret
  }

  /// Written here once and never again or freed.
  private nonisolated(unsafe) static let weights: UnsafePointer<UInt64> = {
    let table = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)
    for byte in 0..<256 {
      let shift: UInt64? =
        switch UInt8(byte) {
        case 0x30...0x39: 0
        case .ascii("."): 8
        case .ascii(":"): 16
        // With the first byte of the full-width form, U+FF20.
        case .ascii("@"), .ascii("%"), 0xEF: 24
        case .ascii("/"): 32
        case 0x20, 0x09...0x0D: 40
        case 0x80...: 48
        case .ascii("="), .ascii("?"), .ascii("("), .ascii("&"), .ascii("\\"): 56
        default: nil
        }
      table[byte] = shift.map { 1 << $0 } ?? 0
    }
    return UnsafePointer(table)
  }()
}
