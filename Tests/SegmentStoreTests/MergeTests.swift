import Events
import Foundation
import Journeys
import SegmentStore
import TestSupport
import Testing

/// Merging changes how rows lie in files, never what they say.
@Suite struct MergeTests {
  private static let subjects = 400

  /// Devices that are linked to people after many of their rows are in segments; texts that repeat, texts of one row, rows without any.
  private static func batch(_ round: Int, _ generator: inout SeededGenerator) -> IncomingBatch {
    var rows: [StoredRow] = []
    for number in 0..<1500 {
      let subject = Int.random(in: 0..<50, using: &generator) == 0 ? nil : Int.random(in: 0..<subjects, using: &generator)
      let isLogin = round >= 1 && number % 10 == 0 && subject != nil
      var properties: [(String, StoredValue)] = [("city", .string("city \(Int.random(in: 0..<9, using: &generator))"))]
      if number % 3 != 0 { properties.append(("id", .string("only once \(round) \(number)"))) }
      if number % 97 == 0 { properties.append(("seldom \(round)", .number(Double(number)))) }
      rows.append(
        Sample.row(
          "event \(number % 5)", subject, Int64.random(in: 0..<(50 * 86_400_000), using: &generator),
          link: isLogin ? (subject ?? 0, subjects + Int.random(in: 0..<60, using: &generator)) : nil, properties: properties))
    }
    return Sample.batch(rows)
  }

  private struct Row: Hashable {
    var name: String
    var time: Int64
    var subject: Pseudonym?
    var original: Pseudonym?
    var properties: [String: StoredValue]
  }

  private func rows(_ store: SegmentStore) async throws -> [Row] {
    let range = DateRange(from: CalendarDate(year: 1969, month: 1, day: 1), to: CalendarDate(year: 1971, month: 1, day: 1))
    let events = try await store.export(range, events: nil, calendar: ProjectCalendar(), after: nil, limit: 200_000)
    return events.map { event in
      Row(
        name: event.name, time: event.time.milliseconds, subject: event.subject?.pseudonym, original: event.original?.pseudonym,
        properties: Dictionary(uniqueKeysWithValues: event.properties.map { ($0.name, $0.value) }))
    }
  }

  /// - Parameter blockRows: few, so that the rows of moved subjects come in many portions; and so many that all come in one.
  @Test(arguments: [4, 37, 4096]) func keepsEveryRow(blockRows: Int) async throws {
    let disk = SimulatedDisk()
    var options = StoreOptions(disk: disk)
    options.random = { 7 }
    options.blockRows = blockRows
    options.mergeWidth = 4
    let store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    // The same without any merge, to compare with.
    options.disk = SimulatedDisk()
    options.mergeWidth = 1000
    options.idleMergeRows = 0
    let plain = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    var (generator, same) = (SeededGenerator(seed: 5), SeededGenerator(seed: 5))
    for round in 0..<4 {
      _ = try await store.append(Self.batch(round, &generator))
      try await store.flush()
      _ = try await plain.append(Self.batch(round, &same))
      try await plain.flush()
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while disk.files.keys.count(where: { $0.contains("/segment-") }) > 1, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(disk.files.keys.count(where: { $0.contains("/segment-") }) == 1)
    let (merged, expected) = (try await rows(store), try await rows(plain))
    #expect(expected.count == 6000 && expected.contains { $0.subject != $0.original })
    #expect(merged == expected)
    await store.stop()
    await plain.stop()
    #expect(try SegmentStore.check(directory: FaultTests.directory, disk: disk) == [])
  }

  @Test("more values than a segment's blocks share") func manyValues() async throws {
    let disk = SimulatedDisk()
    var options = StoreOptions(disk: disk)
    options.mergeWidth = 2
    let store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    let count = 70_000
    for round in 0..<2 {
      let rows = (0..<count).map { number in
        Sample.row(
          "event", number % 300, Int64(number), link: round == 1 && number < 100 ? (number, 300 + number % 7) : nil,
          properties: [
            ("id", .number(Double(round * count + number))), ("round", .number(Double(round))),
            ("word", .string("\(round) \(number % 17_000)")),
          ])
      }
      _ = try await store.append(Sample.batch(rows))
      try await store.flush()
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while disk.files.keys.count(where: { $0.contains("/segment-") }) > 1, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(5))
    }
    var found = Set<Double>()
    let merged = try await rows(store)
    for row in merged {
      guard case .number(let id)? = row.properties["id"] else { continue }
      found.insert(id)
      let (round, number) = Int(id).quotientAndRemainder(dividingBy: count)
      #expect(row.properties["round"] == .number(Double(round)) && row.time == Int64(number))
      #expect(row.properties["word"] == .string("\(round) \(number % 17_000)"))
    }
    #expect(merged.count == 2 * count && found.count == 2 * count)
    await store.stop()
    #expect(try SegmentStore.check(directory: FaultTests.directory, disk: disk) == [])
  }

  @Test(
    "at rest few segments become one, small ones between large ones too",
    arguments: [
      ([46_000, 1_000, 38_000, 500, 13_000, 100], 0..<6), ([50_000, 500, 500], 1..<3), ([50_000, 500], nil), ([50_000, 6_500], 0..<2),
      ([10, 10, 10, 10], 0..<4), ([200, 1], 0..<2), ([90_000, 90_000], nil), ([90_000, 5_000, 90_000, 5_000], nil), ([7], nil), ([], nil),
      ([60_000, 5_000, 30_000, 4_000], 0..<4), ([60_000, 5_000, 40_000, 4_000], 1..<4),
    ] as [([Int], Range<Int>?)]) func atRest(rowCounts: [Int], expected: Range<Int>?)
  {
    var options = StoreOptions()
    options.memoryRows = 300
    options.idleMergeRows = 100_000
    #expect(SegmentStore.idleCandidates(rowCounts: rowCounts, options: options) == expected)
  }
}
