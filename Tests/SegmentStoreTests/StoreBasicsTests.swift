import Events
import Foundation
import Journeys
import SegmentStore
import Testing

@Suite struct StoreBasicsTests {
  @Test func appendedEventsAreVisibleAtOnceAndAfterReopening() async throws {
    let directory = Sample.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    var store = try await SegmentStore.open(directory: directory)
    let outcome = try await store.append(
      Sample.batch([
        Sample.row("Sign up", 1, 1000, properties: [("plan", .string("free")), ("seats", .number(3))]),
        Sample.row("Use", 1, 2000, key: 7), Sample.row("Use", nil, 1500), Sample.row("Use", 1, 2001, key: 7),
      ]))
    #expect(outcome.accepted == 3)
    #expect(outcome.duplicates == 1)
    for round in 0..<3 {
      let events = try await store.timeline(of: Sample.pseudonym(1), before: nil, limit: 10)
      #expect(events.map(\.name) == ["Use", "Sign up"], "round \(round)")
      #expect(events.last?.properties == [StoredProperty("plan", .string("free")), StoredProperty("seats", .number(3))])
      let catalog = try await store.catalog()
      #expect(catalog.eventCount == 3)
      #expect(catalog.subjectCount == 1)
      let again = try await store.append(Sample.batch([Sample.row("Use", 1, 2000, key: 7)]))
      #expect(again.duplicates == 1)
      if round == 0 { await store.stop() } else { try await store.close() }
      #expect(try SegmentStore.check(directory: directory) == [])
      store = try await SegmentStore.open(directory: directory)
    }
    await store.stop()
  }

  @Test func aDevicesPastFollowsItsFirstUser() async throws {
    let directory = Sample.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let store = try await SegmentStore.open(directory: directory)
    _ = try await store.append(Sample.batch([Sample.row("View", 10, 1)]))
    try await store.flush()
    _ = try await store.append(Sample.batch([Sample.row("Log in", 1, 2, link: (10, 1))]))
    let refused = try await store.append(Sample.batch([Sample.row("Log in", 2, 3, link: (10, 2))]))
    #expect(refused.refusedLinks == 1)
    #expect(try await store.timeline(of: Sample.pseudonym(10), before: nil, limit: 10).map(\.name) == ["Log in", "View"])
    #expect(try await store.timeline(of: Sample.pseudonym(2), before: nil, limit: 10).count == 1)
    try await store.close()
  }
}
