import Foundation
import Passkeys
import SoftAuthenticator
import TestSupport
import Testing

struct CBORTests {
  @Test("RFC 8949, appendix A: what WebAuthn uses is read")
  func published() throws {
    let cases: [(String, CBOR)] = [
      ("00", .unsigned(0)), ("17", .unsigned(23)), ("1818", .unsigned(24)), ("1864", .unsigned(100)), ("1903e8", .unsigned(1_000)),
      ("1a000f4240", .unsigned(1_000_000)), ("1bffffffffffffffff", .unsigned(.max)), ("20", .integer(-1)), ("3863", .integer(-100)),
      ("3bffffffffffffffff", .negative(.max)), ("40", .bytes([])), ("4401020304", .bytes([1, 2, 3, 4])), ("60", .text("")),
      ("6449455446", .text("IETF")), ("62c3bc", .text("ü")), ("64f0908591", .text("𐅑")), ("80", .array([])),
      ("83010203", .array([.unsigned(1), .unsigned(2), .unsigned(3)])), ("a0", .map([])),
      ("a201020304", .map([.init(.unsigned(1), .unsigned(2)), .init(.unsigned(3), .unsigned(4))])), ("f4", .boolean(false)),
      ("f5", .boolean(true)), ("f6", .null),
    ]
    for (bytes, value) in cases {
      #expect(try CBORDecoder.decode(Section16.bytes(bytes)) == value, "\(bytes)")
      #expect(value.encoded == Section16.bytes(bytes))
    }
  }

  @Test("what is not canonical, not used, or too large is refused")
  func refused() {
    let cases: [(String, CBORError)] = [
      ("", .truncated), ("18", .truncated), ("42ff", .truncated), ("8201", .truncated), ("a101", .truncated),
      ("5bffffffffffffffff", .truncated),
      ("9bffffffffffffffff", .truncated), ("bbffffffffffffffff", .truncated), ("0000", .trailingBytes), ("1817", .notCanonical),
      ("1900ff", .notCanonical), ("1a0000ffff", .notCanonical), ("1b00000000ffffffff", .notCanonical), ("5f", .notCanonical),
      ("9fff", .notCanonical), ("bfff", .notCanonical), ("1c", .notCanonical), ("f7", .notSupported), ("f90000", .notSupported),
      ("fb3ff199999999999a", .notSupported), ("f818", .notSupported), ("c000", .notSupported), ("62c328", .notUTF8),
      // Keys twice, out of order, of another kind.
      ("a201000100", .notCanonical), ("a203000100", .notCanonical), ("a220000100", .notCanonical),
      ("a2626161006162 00".filter { $0 != " " }, .notCanonical),
      ("a1400000", .notSupported), ("a1f400", .notSupported), ("8181818181 00".filter { $0 != " " }, .tooDeep),
    ]
    for (bytes, error) in cases {
      #expect(throws: error, "\(bytes)") { try CBORDecoder.decode(Section16.bytes(bytes)) }
    }
    #expect(throws: CBORError.tooLarge) { try CBORDecoder.decode([UInt8](repeating: 0, count: CBORDecoder.limit + 1)) }
    let many = CBOR.array(.init(repeating: .unsigned(0), count: CBORDecoder.mostItems))
    #expect(throws: CBORError.tooLarge) { try CBORDecoder.decode(many.encoded) }
  }

  @Test("what is read is what would be written: one spelling for each value, for any bytes")
  func oneSpelling() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    var read = 0
    for _ in 0..<60_000 {
      var bytes: [UInt8]
      if Bool.random(using: &random) {
        bytes = Self.value(depth: 0, &random).encoded
        if Bool.random(using: &random), !bytes.isEmpty {
          bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
      } else {
        bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      }
      guard let value = try? CBORDecoder.decode(bytes) else { continue }
      read += 1
      #expect(value.encoded == bytes, "seed \(seed)")
    }
    #expect(read > 10_000, "seed \(seed)")
  }

  /// Maps with one key at most, so that their order is never wrong.
  static func value(depth: Int, _ random: inout SeededGenerator) -> CBOR {
    switch Int.random(in: 0...(depth < 4 ? 7 : 5), using: &random) {
    case 0: .unsigned(UInt64.random(in: 0 ... .max, using: &random) >> UInt64.random(in: 0...63, using: &random))
    case 1: .negative(UInt64.random(in: 0 ... .max, using: &random) >> UInt64.random(in: 0...63, using: &random))
    case 2: .bytes((0..<Int.random(in: 0...30, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    case 3: .text(String(repeating: "é", count: Int.random(in: 0...20, using: &random)))
    case 4: .boolean(Bool.random(using: &random))
    case 5: .null
    case 6: .array((0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth + 1, &random) })
    default: .map([.init(.text("k"), value(depth: depth + 1, &random))])
    }
  }
}
