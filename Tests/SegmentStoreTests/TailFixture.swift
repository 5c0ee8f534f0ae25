import Events
import Foundation
import Journeys
import SegmentStore
import TestSupport
import Testing

/// Somebody who follows a store: remembers a place, and what was read up to it.
struct TailFollower {
  var position = TailPosition(commit: 0, row: 0)
  var ids: [Int] = []
  var events: [TailEvent] = []
  var missed: UInt64 = 0

  /// Reads until nothing comes any more, or so many pages.
  mutating func read(
    _ store: SegmentStore, events names: Set<String>? = nil, limit: Int, pages: Int = .max,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var reader = TailReader(store, selecting: TailSelection(events: names, properties: ["id"]))
    for _ in 0..<pages {
      let page = try reader.page(after: position, limit: limit)
      #expect(page.events.count <= limit, sourceLocation: sourceLocation)
      #expect(page.next >= position, "it goes back", sourceLocation: sourceLocation)
      for event in page.events {
        #expect(event.position >= position && event.position < page.next, sourceLocation: sourceLocation)
        if let last = events.last { #expect(last.position < event.position, "out of order", sourceLocation: sourceLocation) }
        events.append(event)
        ids.append(Self.id(event))
      }
      missed += page.missedCommits
      if page.next == position { return }
      position = page.next
    }
  }

  static func id(_ event: TailEvent) -> Int {
    if event.properties.count == 1, event.properties[0].name == "id", case .number(let id) = event.properties[0].value {
      Int(id)
    } else {
      -1
    }
  }

  /// The first commit that it needs still.
  var needed: UInt64 { position.row == .max || position.commit == 0 ? position.commit + 1 : position.commit }
}

enum TailSample {
  static let directory = FaultTests.directory

  static func options(_ disk: SimulatedDisk, logBytes: Int = 600, memoryRows: Int = 20) -> StoreOptions {
    var options = FaultTests.options(disk)
    (options.logBytes, options.memoryRows, options.keepsPastLogs) = (logBytes, memoryRows, true)
    options.scanThreads = 1
    return options
  }

  static func row(_ id: Int, subject: Int?, name: String = "e", time: Int64 = 100_000_000, link: (Int, Int)? = nil) -> StoredRow {
    Sample.row(
      name, subject, time, key: UInt64(id) &* 0x9E37_79B9_7F4A_7C15, day: 1, link: link,
      properties: [("id", .number(Double(id))), ("other", .string("x"))])
  }

  static func pastLogs(_ disk: SimulatedDisk) -> [String] {
    disk.files.keys.map { String($0.dropFirst(directory.path.count + 1)) }.filter { $0.hasPrefix("past-") }.sorted()
  }
}
