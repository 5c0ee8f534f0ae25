import Events
import Foundation
import Journeys
import SegmentStore
import TestSupport
import Testing

/// The bytes of the formats (docs/FORMATS.md): a store with fixed randomness gives the files of `FormatVector`, and those open, as do
/// those of the version before.
@Suite struct FormatTests {
  static func content() -> IncomingBatch {
    var batch = Sample.batch(
      [
        Sample.row("Sign up", 1, 1_700_000_000_000, key: 0x1122_3344_5566_7788, day: 19_675, properties: [("plan", .string("free"))]),
        Sample.row("Use", 2, 1_700_000_001_000, properties: [("plan", .null), ("seats", .number(3))]),
        Sample.row("Use", 1, 1_700_000_002_000, link: (2, 1)),
      ],
      updates: [
        StoredUpdate(
          target: Sample.subject(1), operation: .set([.init("tier", .string("gold"))]), time: Timestamp(milliseconds: 1_700_000_000_000),
          isVerified: true)
      ])
    batch.add(WrappedKeySample.key(0))
    return batch
  }

  static func write(flushed: Bool) async throws -> [String: [UInt8]] {
    let disk = SimulatedDisk()
    var options = StoreOptions(disk: disk)
    options.random = { 0x0123_4567_89AB_CDEF }
    options.now = { 1_700_000_000_000 }
    let store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    _ = try await store.append(content())
    // Other changes begin a new log file, whose content is written to files at some time.
    try await store.hold(["Other"], days: 30)
    if flushed { try await store.close() } else { await store.stop() }
    return disk.files
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static func bytes(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8.filter { $0 != 0x0A && $0 != 0x20 })
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0 }
  }

  @Test(arguments: [false, true]) func theFilesAreThoseOfTheVector(flushed: Bool) async throws {
    let files = try await Self.write(flushed: flushed)
    if let target = ProcessInfo.processInfo.environment["SEALANE_WRITE_STORE_VECTOR"] {
      for (name, bytes) in files {
        try Self.hexadecimal(bytes).write(
          toFile: "\(target)/\(flushed)-\(name.split(separator: "/").last ?? "")", atomically: true, encoding: .utf8)
      }
    }
    for (name, text) in flushed ? FormatVector.flushed : FormatVector.logged {
      #expect(Self.hexadecimal(files[FaultTests.directory.path + "/" + name] ?? []) == Self.hexadecimal(Self.bytes(text)), "\(name)")
    }
  }

  /// A store that an earlier version wrote opens in every later one and answers the same.
  @Test(arguments: [
    FormatVector.logged, FormatVector.flushed, FormatVector.loggedByVersion1, FormatVector.flushedByManifest1,
    FormatVector.flushedByVersion1, FormatVector.flushedByVersion2, FormatVector.loggedByVersion2, FormatVector.flushedByManifest2,
  ])
  func everyVersionOpens(vector: [String: String]) async throws {
    var files: [String: [UInt8]] = [:]
    for (name, text) in vector {
      files[FaultTests.directory.path + "/" + name] = Self.bytes(text)
    }
    let disk = SimulatedDisk(files: files)
    #expect(try SegmentStore.check(directory: FaultTests.directory, disk: disk) == [])
    let store = try await SegmentStore.open(directory: FaultTests.directory, options: StoreOptions(disk: disk))
    let events = try await store.timeline(of: Sample.pseudonym(2), before: nil, limit: 10)
    #expect(events.map(\.name) == ["Use", "Use", "Sign up"])
    #expect(
      events.map(\.properties) == [
        [], [StoredProperty("plan", .null), StoredProperty("seats", .number(3))], [StoredProperty("plan", .string("free"))],
      ])
    #expect(events.map { $0.original?.pseudonym } == [1, 2, 1].map(Sample.pseudonym))
    #expect(try await store.profile(of: Sample.pseudonym(1))?.verified.first == StoredProperty("tier", .string("gold")))
    #expect(try store.undeliveredKeys(after: 0, limit: 10).map(\.1) == [WrappedKeySample.key(0)])
    let again = try await store.append(Sample.batch([Sample.row("Sign up", 1, 1, key: 0x1122_3344_5566_7788, day: 19_675)]))
    #expect(again.duplicates == 1)
    await store.stop()
    #expect(try SegmentStore.check(directory: FaultTests.directory, disk: disk) == [])
  }

  @Test("an upgrade that stops at any operation of the disk is begun again and loses nothing") func upgradeSurvivesCrashes() async throws {
    var files: [String: [UInt8]] = [:]
    for (name, text) in FormatVector.flushedByVersion1 { files[FaultTests.directory.path + "/" + name] = Self.bytes(text) }
    for failing in 1...60 {
      var generator = SeededGenerator(seed: UInt64(failing))
      let disk = SimulatedDisk(files: files)
      disk.fail(after: failing, as: .crash)
      if let store = try? await SegmentStore.open(directory: FaultTests.directory, options: StoreOptions(disk: disk)) { await store.stop() }
      let survivor = disk.restarted(powerLoss: true, using: &generator)
      let store = try await SegmentStore.open(directory: FaultTests.directory, options: StoreOptions(disk: survivor))
      #expect(try await store.timeline(of: Sample.pseudonym(2), before: nil, limit: 10).count == 3, "operation \(failing)")
      await store.stop()
      #expect(try SegmentStore.check(directory: FaultTests.directory, disk: survivor) == [], "operation \(failing)")
    }
  }
}
