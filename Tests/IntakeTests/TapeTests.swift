import CSimdJSON
import Foundation
import TestSupport
import Testing

/// The two readers behind the tape agree, and broken text is told where it breaks.
struct TapeTests {
  /// A reader that frees itself.
  final class Reader {
    let pointer: OpaquePointer
    init?(depth: UInt32 = 32) {
      guard let pointer = slj_create(depth) else { return nil }
      self.pointer = pointer
    }
    deinit { slj_destroy(pointer) }

    /// Status, position and a text form of the tape.
    func read(_ text: [UInt8], slowly: Bool) -> (status: Int, position: Int, tape: String) {
      guard slj_load(pointer, text, text.count) == SLJ_OK else { return (SLJ_NO_MEMORY, 0, "") }
      let document = slowly ? slj_parse_slowly(pointer, 0, text.count) : slj_parse(pointer, 0, text.count)
      var tape = ""
      if document.status == SLJ_OK, let entries = document.entries {
        for index in 0..<document.count {
          let entry = entries[index]
          let isString = entry.kind == UInt32(SLJ_STRING)
          let bytes =
            isString && entry.length > 0
            ? Array(UnsafeBufferPointer(start: document.arena + Int(entry.payload), count: Int(entry.length))) : []
          tape += "\(entry.kind):\(isString ? "" : String(entry.payload)):\(entry.length):\(bytes) "
        }
      }
      return (Int(document.status), document.position, tape)
    }
  }

  @Test func bothReadersAgree() throws {
    let reader = try #require(Reader())
    var random = SeededGenerator(seed: 3)
    for round in 0..<2000 {
      var bytes = Array(BodyEncodingTests.randomEvent(&random).utf8)
      // Half of them damaged a little.
      if round % 2 == 1, !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        bytes[at] = UInt8.random(in: 0x20...0x7E, using: &random)
      }
      let fast = reader.read(bytes, slowly: false)
      let slow = reader.read(bytes, slowly: true)
      #expect(fast == slow, "\(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test(
    "broken text is told where",
    arguments: [
      ("", SLJ_EMPTY, 0), (" \n", SLJ_EMPTY, 2), ("{", SLJ_TRUNCATED, 1), ("[1,]", SLJ_INVALID, 3), ("[1 2]", SLJ_INVALID, 3),
      ("{\"a\" 1}", SLJ_INVALID, 5),
      ("\"a", SLJ_TRUNCATED, 2), ("\"\\x\"", SLJ_INVALID, 2), ("tru", SLJ_TRUNCATED, 3), ("trux", SLJ_INVALID, 3), ("01", SLJ_INVALID, 1),
      ("1.", SLJ_TRUNCATED, 2), ("-", SLJ_TRUNCATED, 1), ("{} {}", SLJ_TRAILING, 3), ("[\"\t\"]", SLJ_INVALID, 2), ("'a'", SLJ_INVALID, 0),
      ("[1,2", SLJ_TRUNCATED, 4), ("\"\\u12G4\"", SLJ_INVALID, 5),
    ])
  func positions(text: String, status: Int, position: Int) throws {
    let reader = try #require(Reader())
    let read = reader.read(Array(text.utf8), slowly: false)
    #expect(read.status == status)
    #expect(read.position == position)
  }

  @Test(
    "what is not UTF-8 is told where",
    arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80]] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8]) throws {
    let reader = try #require(Reader())
    let read = reader.read(Array("[\"ab".utf8) + bytes + Array("\"]".utf8), slowly: false)
    #expect(read.status == SLJ_INVALID_UTF8)
    #expect(read.position == 4)
  }

  @Test func numbersAtTheirBorders() throws {
    let reader = try #require(Reader())
    let text =
      "[9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615,18446744073709551616,1e308,1e309,-1e-400,0.1,-0]"
    let slow = reader.read(Array(text.utf8), slowly: true)
    let fast = reader.read(Array(text.utf8), slowly: false)
    #expect(slow.status == SLJ_OK && fast == slow)
    let plain = "[9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615,0.1,5e-324,1.7976931348623157e308,-0.0]"
    #expect(reader.read(Array(plain.utf8), slowly: true) == reader.read(Array(plain.utf8), slowly: false))
  }

  @Test func longArraysAreCountedWhole() throws {
    let reader = try #require(Reader())
    let text = "[" + String(repeating: "1,", count: 17_000_000) + "1]"
    #expect(slj_load(reader.pointer, Array(text.utf8), text.utf8.count) == SLJ_OK)
    let document = slj_parse(reader.pointer, 0, text.utf8.count)
    #expect(document.status == SLJ_OK)
    #expect(document.entries[0].length == 17_000_001)
  }
}
