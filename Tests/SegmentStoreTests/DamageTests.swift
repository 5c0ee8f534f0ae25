import Events
import Foundation
import Journeys
import SegmentStore
import Testing

/// Damage is found, named and never read over.
@Suite struct DamageTests {
  static let directory = FaultTests.directory

  private func filled(flushed: Bool) async throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    let store = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: disk))
    for index in 0..<3 {
      var identity = Sample.subject(index)
      identity.sealedID = SealedValue(bytes: [1, 2, UInt8(index)], tag: Sample.pseudonym(900 + index))
      var batch = Sample.batch(
        [
          Sample.row("a", index, Int64(index), key: UInt64(index), link: (50 + index, index), properties: [("p", .string("x\(index)"))]),
          Sample.row("b", index, 99, properties: [("q", .list([.boolean(true), .null]))]),
        ],
        updates: [
          StoredUpdate(
            target: identity, operation: .append([.init("list", .number(1))]), time: Timestamp(milliseconds: 0), isVerified: false)
        ])
      batch.add(WrappedKeySample.key(UInt32(index)))
      _ = try await store.append(batch)
    }
    if flushed { try await store.close() } else { await store.stop() }
    return disk
  }

  @Test func everyByteOfEveryFileIsWatched() async throws {
    let disk = try await filled(flushed: true)
    #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [])
    let files = disk.files
    #expect(files.keys.contains { $0.contains("segment-") } && files.keys.contains { $0.contains("keys-") })
    for (name, bytes) in files where !name.contains("/log-") {
      for index in bytes.indices {
        var damaged = files
        damaged[name]?[index] ^= 1 << UInt8(index % 8)
        #expect(
          try !SegmentStore.check(directory: Self.directory, disk: SimulatedDisk(files: damaged)).isEmpty, "byte \(index) of \(name)")
      }
      var cut = files
      cut[name]?.removeLast()
      #expect(try !SegmentStore.check(directory: Self.directory, disk: SimulatedDisk(files: cut)).isEmpty, "the end of \(name)")
      cut[name] = nil
      #expect(try !SegmentStore.check(directory: Self.directory, disk: SimulatedDisk(files: cut)).isEmpty, "no \(name)")
    }
  }

  /// Where every checksum is right: two groups of one value would be a wrong answer.
  @Test func aValueThatADictionaryHoldsTwiceIsFound() async throws {
    let disk = SimulatedDisk()
    let store = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: disk))
    let rows = ["ab", "cd"].enumerated().map { Sample.row("a", $0, Int64($0), properties: [("p", .string($1))]) }
    _ = try await store.append(Sample.batch(rows))
    try await store.close()
    var files = disk.files
    let path = try #require(files.keys.first { $0.contains("/segment-") })
    let changed = StoreFileFuzzTests.changeSections(try #require(files[path])) { sections in
      for index in sections.indices where sections[index].name == Array("v0".utf8) {
        let (first, second) = (Array("ab".utf8), Array("cd".utf8))
        for place in sections[index].content.indices.dropLast() where Array(sections[index].content[place...place + 1]) == second {
          sections[index].content.replaceSubrange(place...place + 1, with: first)
        }
      }
    }
    #expect(changed.bytes != files[path])
    files[path] = changed.bytes
    let manifest = Self.directory.path + "/manifest"
    files[manifest] = StoreFileFuzzTests.manifest(
      try #require(files[manifest]), naming: String(path.split(separator: "/").last ?? ""), length: changed.bytes.count,
      checksum: changed.checksum)
    let found = try SegmentStore.check(directory: Self.directory, disk: SimulatedDisk(files: files))
    #expect(found.count == 1 && "\(found)".contains("holds a value twice"), "\(found)")
  }

  @Test func aLogIsDamagedInTheMiddleAndTornAtTheEnd() async throws {
    let files = try await filled(flushed: false).files
    let name = Self.directory.path + "/log-0000000000000001"
    let bytes = try #require(files[name])
    // Where the last of the three frames begins.
    let last = try #require((0..<bytes.count - 4).last { Array(bytes[$0..<$0 + 4]) == Array("FRAM".utf8) })
    for index in bytes.indices {
      var damaged = files
      damaged[name]?[index] ^= 0x10
      let disk = SimulatedDisk(files: damaged)
      let found = try SegmentStore.check(directory: Self.directory, disk: disk)
      if index >= last {
        let store = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: disk))
        #expect(try await store.catalog().eventCount == 4, "byte \(index)")
        await store.stop()
        #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [])
      } else {
        #expect(!found.isEmpty, "byte \(index)")
        await #expect(throws: StoreError.self, "byte \(index)") {
          _ = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: disk))
        }
      }
    }
    for length in stride(from: last, to: bytes.count, by: 7) {
      var torn = files
      torn[name] = Array(bytes[..<length])
      let store = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: SimulatedDisk(files: torn)))
      #expect(try await store.catalog().eventCount == 4)
      await store.stop()
    }
  }

  @Test("a damaged segment cannot be merged, and that is no reason to refuse events") func damageDoesNotStopIntake() async throws {
    let disk = SimulatedDisk()
    var options = StoreOptions(disk: disk)
    options.mergeWidth = 8
    var store = try await SegmentStore.open(directory: Self.directory, options: options)
    for number in 0..<3 {
      _ = try await store.append(Sample.batch([Sample.row("Use", 1, Int64(number), properties: [("plan", .string("v\(number)"))])]))
      try await store.flush()
    }
    await store.stop()
    var files = disk.files
    let segment = try #require(files.keys.filter { $0.contains("/segment-") }.min())
    files[segment]?[20] ^= 1
    options.disk = SimulatedDisk(files: files)
    options.mergeWidth = 2
    store = try await SegmentStore.open(directory: Self.directory, options: options)
    while store.warning == nil { await Task.yield() }
    #expect(store.warning?.description.contains("segment-") == true)
    #expect(try await store.append(Sample.batch([Sample.row("Use", 1, 9)])).accepted == 1)
    #expect(store.failure == nil)
    await store.stop()
  }

  @Test("a damaged profile makes a report an error, not another answer") func damagedProfiles() async throws {
    let disk = SimulatedDisk()
    var store = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: disk))
    let update = StoredUpdate(
      target: Sample.subject(1), operation: .set([.init("tier", .string("gold"))]), time: Timestamp(milliseconds: 1), isVerified: true)
    _ = try await store.append(Sample.batch([Sample.row("Use", 1, 1)], updates: [update]))
    try await store.close()
    var files = disk.files
    let name = try #require(files.keys.first { $0.contains("/profiles-") })
    let place = try #require(files[name].flatMap { bytes in bytes.indices.first { Array(bytes[$0...].prefix(4)) == Array("gold".utf8) } })
    files[name]?[place] ^= 1
    store = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: SimulatedDisk(files: files)))
    let day = CalendarDate(year: 1970, month: 1, day: 1)
    let query = Query.insights(
      InsightsQuery(
        range: DateRange(from: day, to: day), series: [.init(selector: EventSelector(event: nil), measure: .total)],
        breakdown: Breakdown(property: PropertyReference("tier", scope: .subject))))
    let error = await #expect(throws: QueryError.self) {
      try await store.report(query, ReportRules(calendar: ProjectCalendar(), smallestGroup: 1), at: Timestamp(milliseconds: 100))
    }
    #expect(error?.code == .unreadable && error?.message.contains("profiles-") == true)
    await store.stop()
  }

  @Test("times at the ends of what 64 bits hold have a month") func extremeTimes() {
    for time in [Int64.min, .min + 1, -1, 0, .max - 1, .max] {
      let partition = Partition(containing: time)
      #expect(partition.base <= time && time <= partition.end)
    }
  }

  @Test func aMissingManifestOrLogIsNotAnEmptyStore() async throws {
    let files = try await filled(flushed: true).files
    for missing in files.keys where !missing.contains("/log-") {
      var damaged = files
      damaged[missing] = nil
      await #expect(throws: StoreError.self, "\(missing)") {
        _ = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: SimulatedDisk(files: damaged)))
      }
    }
  }

  @Test func aFutureVersionIsRefusedByName() async throws {
    var files = try await filled(flushed: true).files
    let name = Self.directory.path + "/manifest"
    files[name]?[8] = 4
    let disk = SimulatedDisk(files: files)
    let error = await #expect(throws: StoreError.self) {
      _ = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: disk))
    }
    #expect(error == .unsupported(file: "manifest", version: 4))
    #expect(error?.description.contains("newer Sealane") == true)
  }
}
