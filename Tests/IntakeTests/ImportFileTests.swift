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
      for bytes in [Array(text.utf8), BodyEncodingTests.deflated(Array(text.utf8), bits: 31)] {
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
      batches.flatMap(\.rejects) == [
        .init(line: 2, reason: "a record must be a JSON object"), .init(line: 4, reason: "a record must be a JSON object"),
        .init(line: 6, reason: "invalid JSON at byte 9"), .init(line: 7, reason: "a record must be smaller than 1048576 bytes"),
        .init(line: 9, reason: "invalid JSON: the text ends in the middle of a value"),
      ])
  }

  @Test func aCutArrayOrGzipKeepsWhatWasWhole() throws {
    let array = "[\n" + Self.record + ",\n" + Self.record + ",\n{\"event\":"
    let batches = try Self.read(Array(array.utf8))
    #expect(batches.flatMap(\.lines) == [2, 3])
    #expect(batches.flatMap(\.rejects) == [.init(line: 4, reason: "the file ends in the middle of the array")])
    let whole = BodyEncodingTests.deflated(Array((Self.record + "\n").utf8), bits: 31)
    for length in 2..<whole.count {
      #expect(try Self.read(Array(whole[..<length])).flatMap(\.rejects).count == 1, "cut at \(length)")
    }
    var damaged = whole
    damaged[whole.count - 6] ^= 0xFF
    #expect(try Self.read(damaged).flatMap(\.rejects).first?.reason.contains("damaged") == true)
    #expect(throws: ImportFileError.self) { try ImportFile(path: "/nonexistent/file") }
    #expect(throws: ImportFileError.self) { try ImportFile(path: "/tmp") }
    #expect(try Self.read([]).isEmpty)
  }
}
