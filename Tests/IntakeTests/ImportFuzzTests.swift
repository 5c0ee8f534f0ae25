import Foundation
import Intake
import TestSupport
import Testing

/// Files of any content: every byte is part of a record, of a reject, or of white space, whatever is read at once. Seeded;
/// `SEALANE_FUZZ_SECONDS` makes it last.
struct ImportFuzzTests {
  private struct Seen: Equatable {
    var body: [UInt8] = []
    var lines: [Int] = []
    var rejects: [ImportFile.Reject] = []
    var end = 0
    var failure: String?
  }

  private static func read(_ path: String, _ format: ImportFile.Format, chunkBytes: Int, skipping: Int = 0) -> Seen {
    var seen = Seen()
    do {
      let file = try ImportFile(
        path: path, format: format, skipping: skipping, maximumRecords: 7, maximumBytes: 4000, chunkBytes: chunkBytes)
      while let batch = file.next() {
        #expect(batch.body.count <= 4000 + 200 && batch.recordCount <= 7)
        #expect(batch.body.count { $0 == 0x0A } == batch.recordCount)
        #expect(Array(batch.body(0..<batch.recordCount)) == batch.body)
        seen.body += batch.body
        seen.lines += batch.lines
        seen.rejects += batch.rejects
        #expect(batch.end > seen.end)
        seen.end = batch.end
      }
    } catch { seen.failure = "\(error)" }
    return seen
  }

  static let samples: [String] = [
    "{\"event\":\"A\",\"properties\":{\"time\":1795435100,\"distinct_id\":\"u1\",\"x\":\"\\\"}\"}}\n{\"event\":\"B\",\"properties\":{}}\n\n[1]\n",
    "\u{FEFF}[ {\"event\":\"A\",\"properties\":{\"a\":[1,{\"b\":null}],\"token\":\"t\"}} ,\r\n {\"properties\":{\"time\":1.5e9},\"event\":\"B\"} ]",
    "event,time,distinct_id,a\nA,1795435100,u1,\"x \"\"y\"\"\nz\"\r\nB,2026-11-23T10:00:00Z,u2,1.5\nC,,\n",
    "event;time;distinct_id\n\"A;\";1795435100;\"\n\"\n",
  ]

  @Test func randomMutations() throws {
    let seconds = Double(ProcessInfo.processInfo.environment["SEALANE_FUZZ_SECONDS"] ?? "") ?? 2
    let seed = ProcessInfo.processInfo.environment["SEALANE_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_261_125
    var random = SeededGenerator(seed: seed)
    let end = ContinuousClock.now + .seconds(seconds)
    let path = try ImportFileTests.file([])
    defer { try? FileManager.default.removeItem(atPath: path) }
    var semicolons = TableMapping()
    semicolons.delimiter = UInt8(ascii: ";")
    let formats: [ImportFile.Format] = [.json(), .json(clock: WallClock { _ in 3600 }), .table(TableMapping()), .table(semicolons)]
    var count = 0
    while ContinuousClock.now < end {
      count += 1
      var bytes = Array(try #require(Self.samples.randomElement(using: &random)).utf8)
      if Int.random(in: 0..<4, using: &random) == 0 { bytes += bytes + bytes }
      let packing = Int.random(in: 0..<5, using: &random)
      if packing == 1 { bytes = BodyEncodingTests.deflated(bytes, bits: 31) }
      if packing == 2 { bytes = ImportFileTests.zstd(bytes) }
      if packing == 3 { bytes = ImportFileTests.zstd(bytes) + ImportFileTests.zstd(bytes) }
      random.alter(&bytes, places: 0...5, telling: Array("{}[]\",;:\n\r\\09eE.-".utf8))
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let format = try #require(formats.randomElement(using: &random))
      let whole = Self.read(path, format, chunkBytes: 1 << 16)
      let cut = Self.read(path, format, chunkBytes: Int.random(in: 1...50, using: &random))
      // How much of a damaged member comes out before the damage is found is the unpacker's affair.
      // So is whether it is taken for damage or for an early end.
      func isBroken(_ read: Seen) -> Bool {
        read.rejects.contains { $0.reason.contains("is damaged") || $0.reason.contains("ends before") }
      }
      let isDamaged = isBroken(whole)
      // A table whose first line has not the columns is given up before damage behind it is seen.
      let isGivenUp = whole.failure != nil || cut.failure != nil
      #expect(isDamaged == isBroken(cut) || isGivenUp, "seed \(seed), case \(count)")
      if isDamaged || isBroken(cut) { continue }
      #expect(cut == whole, "seed \(seed), case \(count)")
      #expect(whole.lines.count + whole.rejects.count == whole.end, "seed \(seed), case \(count)")
      // From any place on it goes on as it did.
      let skipped = Int.random(in: 0...whole.end, using: &random)
      let rest = Self.read(path, format, chunkBytes: 33, skipping: skipped)
      #expect(rest.lines.count + rest.rejects.count == whole.end - skipped, "seed \(seed), case \(count)")
      #expect(whole.body.reversed().starts(with: rest.body.reversed()), "seed \(seed), case \(count)")
    }
    print("fuzz: \(count) files from seed \(seed)")
    #expect(count > 100)
  }
}
