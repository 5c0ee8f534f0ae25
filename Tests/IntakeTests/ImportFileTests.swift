import CZstd
import Events
import Foundation
import Intake
import Testing

/// `sealane import`: files in batches.
struct ImportFileTests {
  static func file(_ bytes: [UInt8]) throws -> String {
    let path = NSTemporaryDirectory() + "sealane-import-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  static func zstd(_ bytes: [UInt8]) -> [UInt8] {
    var packed = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let count = ZSTD_compress(&packed, packed.count, bytes, bytes.count, 3)
    return Array(packed[..<count])
  }

  static func read(_ bytes: [UInt8], records: Int = 2000, maximumBytes: Int = 8_000_000) throws -> [ImportFile.Batch] {
    let path = try file(bytes)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try ImportFile(path: path, maximumRecords: records, maximumBytes: maximumBytes)
    var batches: [ImportFile.Batch] = []
    while let batch = file.next() { batches.append(batch) }
    #expect(file.size == UInt64(bytes.count))
    if let last = batches.last { #expect(last.offset == file.size) }
    return batches
  }

  static let record = #"{"event":"a","properties":{"time":1795435100,"distinct_id":"u1","x":"[{\"\\"}}"#

  @Test func linesArraysAndGzipComeToTheSame() throws {
    let lines = (0..<5).map { _ in Self.record }.joined(separator: "\n")
    let pretty =
      "\u{FEFF}[\n  " + (0..<5).map { _ in Self.record.replacingOccurrences(of: ",\"", with: ",\r\n\t \"") }.joined(separator: " ,\n  ")
      + "\n]\n"
    let compact = "[" + (0..<5).map { _ in Self.record }.joined(separator: ",") + "]"
    for text in [lines, lines + "\n\n", pretty, compact] {
      let half = text.utf8.count / 2
      for bytes in [
        Array(text.utf8), BodyEncodingTests.deflated(Array(text.utf8), bits: 31), Self.zstd(Array(text.utf8)),
        BodyEncodingTests.deflated(Array(text.utf8.prefix(half)), bits: 31)
          + BodyEncodingTests.deflated(Array(text.utf8.dropFirst(half)), bits: 31)
          + [0, 0, 0],
        // Two frames with one between them that readers pass over.
        Self.zstd(Array(text.utf8.prefix(half))) + [0x53, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 7, 7, 7]
          + Self.zstd(Array(text.utf8.dropFirst(half))),
      ] {
        let batches = try Self.read(bytes)
        #expect(batches.map(\.recordCount) == [5])
        #expect(batches.flatMap(\.rejects).isEmpty)
        let body = String(decoding: batches.first?.body ?? [], as: UTF8.self)
        #expect(body.split(separator: "\n").count == 5)
        let outcome = BodyEncodingTests.intake.read(.json(.import, body, type: ImportFile.contentType))
        #expect(outcome.events.count == 5)
        #expect(outcome.events.allSatisfy { $0.property("x") == .string("[{\"\\") })
      }
    }
  }

  @Test("what is read at once makes no difference", arguments: 1...40)
  func everyChunk(chunkBytes: Int) throws {
    let texts = [
      "\u{FEFF}[ " + Self.record + " , \n" + Self.record + "\n] ", Self.record + "\r\n\n  " + Self.record + "\nno\n", "[1,{},\"a,]\"] x",
      "[[1,2],{\"a\":[]}",
    ]
    for text in texts {
      let path = try Self.file(Array(text.utf8))
      defer { try? FileManager.default.removeItem(atPath: path) }
      let whole = try #require(try ImportFile(path: path).next())
      let cut = try #require(try ImportFile(path: path, chunkBytes: chunkBytes).next())
      #expect(cut.body == whole.body && cut.lines == whole.lines && cut.rejects == whole.rejects)
    }
  }

  @Test func batchesAreBounded() throws {
    let lines = (0..<4501).map { #"{"event":"e\#($0)","properties":{}}"# }.joined(separator: "\n")
    let batches = try Self.read(Array(lines.utf8))
    #expect(batches.map(\.recordCount) == [2000, 2000, 501])
    #expect(batches[1].lines.first == 2001)
    #expect(zip(batches, batches.dropFirst()).allSatisfy { $0.offset <= $1.offset })
    let small = try Self.read(Array(lines.utf8), maximumBytes: 1000)
    #expect(small.allSatisfy { $0.body.count <= 1000 } && small.reduce(0) { $0 + $1.recordCount } == 4501)
  }

  @Test func rejectsSayLineAndReason() throws {
    let text = [
      Self.record, "not json", "", "[1]", Self.record, #"{"event":}"#, #"{"x":"# + String(repeating: "9", count: 1_100_000) + "}",
      Self.record, #"{"event":"cut"#,
    ].joined(separator: "\n")
    let batches = try Self.read(Array(text.utf8))
    #expect(batches.flatMap(\.lines) == [1, 5, 8])
    #expect(
      batches.flatMap(\.rejects).map { .init(line: $0.line, reason: $0.reason) } == [
        .init(line: 2, reason: "a record must be a JSON object"), .init(line: 4, reason: "a record must be a JSON object"),
        .init(line: 6, reason: "invalid JSON at byte 9"), .init(line: 7, reason: "a record must be smaller than 1048576 bytes"),
        .init(line: 9, reason: "invalid JSON: the text ends in the middle of a value"),
      ] as [ImportFile.Reject])
    #expect(
      batches.flatMap(\.rejects).map { String(decoding: $0.text, as: UTF8.self) } == [
        "not json", "[1]", #"{"event":}"#, "", #"{"event":"cut"#,
      ])
  }

  @Test func aCutArrayOrGzipKeepsWhatWasWhole() throws {
    let array = "[\n" + Self.record + ",\n" + Self.record + ",\n{\"event\":"
    let batches = try Self.read(Array(array.utf8))
    #expect(batches.flatMap(\.lines) == [2, 3])
    #expect(batches.flatMap(\.rejects) == [.init(line: 4, reason: "the file ends in the middle of the array")])
    let whole = BodyEncodingTests.deflated(Array((Self.record + "\n").utf8), bits: 31)
    let frame = Self.zstd(Array((Self.record + "\n").utf8))
    for (packed, first) in [(whole, 2), (frame, 4)] {
      for length in first..<packed.count {
        let rejects = try Self.read(Array(packed[..<length])).flatMap(\.rejects)
        #expect(rejects.last?.reason.contains("data does") == true, "cut at \(length)")
      }
    }
    #expect(try Self.read(frame + Array("garbage".utf8)).flatMap(\.rejects).first?.reason.contains("damaged") == true)
    var damaged = whole
    damaged[whole.count - 6] ^= 0xFF
    #expect(try Self.read(damaged).flatMap(\.rejects).first?.reason.contains("damaged") == true)
    #expect(throws: ImportFileError.self) { try ImportFile(path: "/nonexistent/file") }
    #expect(throws: ImportFileError.self) { try ImportFile(path: "/tmp") }
    #expect(try Self.read([]).isEmpty)
  }
}
