import Events
import Foundation
import SegmentStore
import TestSupport
import Testing

/// Prints what the machine at hand does and judges no time: `SEALANE_STORE_EVENTS=1000000` makes it a measurement.
@Suite(.serialized) struct SpeedTests {
  @Test func aBulkLoadOverNinetyDays() async throws {
    let directory = Sample.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let count = ProcessInfo.processInfo.environment["SEALANE_STORE_EVENTS"].flatMap { Int($0) } ?? 20_000
    let store = try await SegmentStore.open(directory: directory)
    var generator = SeededGenerator(seed: 1)
    var sent = 0
    var building = Duration.zero
    var appending = Duration.zero
    let clock = ContinuousClock()
    while sent < count {
      let rows = (0..<2_000).map { index in
        let subject = Int(generator.next() % 50_000)
        let day = Int32(20_000 + generator.next() % 90)
        return Sample.row(
          "event \(generator.next() % 40)", subject, Int64(day) * 86_400_000 + Int64(generator.next() % 86_400_000), key: generator.next(),
          day: day,
          properties: (0..<20).map { property in
            ("property \(property)", property < 4 ? .number(Double(generator.next() % 1000)) : .string("value \(generator.next() % 20)"))
          })
      }
      let before = clock.now
      let batch = Sample.batch(rows)
      building += clock.now - before
      sent += rows.count
      let start = clock.now
      _ = try await store.append(batch)
      appending += clock.now - start
    }
    let flushing = try await clock.measure { try await store.flush() }
    let rate = Double(sent) / ((building + appending + flushing) / .seconds(1))
    let size = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      .filter { $0.hasPrefix("segment-") }
      .reduce(0) { $0 + ((try FileManager.default.attributesOfItem(atPath: directory.path + "/" + $1)[.size] as? Int) ?? 0) }
    print(
      "store: \(sent) events of 20 properties: columns \(building), append \(appending), segment \(flushing): \(Int(rate)) events/s, \(size / sent) bytes an event"
    )
    #expect(size > 0 && sent >= count)
    try await store.close()
  }
}
