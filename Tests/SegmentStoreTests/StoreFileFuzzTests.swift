import Events
import Foundation
import Journeys
import SegmentStore
import TestSupport
import Testing

/// Bytes that were changed and given right checksums again, so that they reach the readers behind those: whatever stands in a file, there
/// is an answer or an error, and never the end of the process. Seeded; `SEALANE_FUZZ_SECONDS` makes it last.
@Suite(.serialized) struct StoreFileFuzzTests {
  static let directory = FaultTests.directory
  static let hour: Int64 = 3_600_000

  static func options(_ disk: SimulatedDisk) -> StoreOptions {
    var options = StoreOptions(disk: disk)
    options.now = { 60 * hour }
    options.blockRows = 8
    options.scanThreads = 1
    options.queryBytes = 64 << 20
    return options
  }

  /// Stores with something in every kind of file: closed, or as a crash leaves them.
  static func stores() async throws -> [[String: [UInt8]]] {
    var made = [
      FormatVector.loggedByVersion1, FormatVector.flushedByVersion1, FormatVector.flushedByManifest1, FormatVector.flushedByVersion2,
      FormatVector.flushed,
    ].map {
      Dictionary(uniqueKeysWithValues: $0.map { (directory.path + "/" + $0.key, bytes(ofHexadecimal: $0.value)) })
    }
    for isClosed in [true, false] {
      let disk = SimulatedDisk()
      let store = try await SegmentStore.open(directory: directory, options: options(disk))
      for round in 0..<3 {
        var rows: [StoredRow] = []
        for number in 0..<60 {
          let time = Int64(round) * 20 * hour + Int64(number * 977 % 60) * 100_000
          rows.append(
            Sample.row(
              ["Use", "Sign up", "Pay"][number % 3], number % 11 == 0 ? nil : number % 7, time, key: UInt64(1_000 * round + number),
              day: Int32(round), link: round == 1 && number % 11 == 1 ? (number % 7, 20) : nil,
              properties: [
                ("plan", .string(number % 2 == 0 ? "free" : "pro")), ("seats", .number(Double(number))),
                ("at", number % 5 == 0 ? .list([.boolean(true), .null, .string("x")]) : .boolean(false)),
                ("p\(number % 4)", .string("value \(number)")),
              ]))
        }
        var identity = Sample.subject(round)
        identity.sealedID = SealedValue(bytes: Array("sealed".utf8), tag: Sample.pseudonym(900 + round))
        var batch = Sample.batch(
          rows,
          updates: [
            StoredUpdate(
              target: identity, operation: .set([.init("tier", .string("gold")), .init("n", .number(Double(round)))]),
              time: Timestamp(milliseconds: Int64(round)), isVerified: round % 2 == 0)
          ])
        batch.add(WrappedKeySample.key(UInt32(round)))
        _ = try await store.append(batch)
        if round < 2 { try await store.flush() }
        if round == 0 { _ = try await store.deleteSubjects([Sample.pseudonym(6)]) }
      }
      if isClosed { try await store.close() } else { await store.stop() }
      made.append(disk.files)
    }
    return made
  }

  static func bytes(ofHexadecimal text: String) -> [UInt8] {
    let digits = text.utf8.filter { $0 > 0x20 }.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  // MARK: Changing

  static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

  static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  /// Changes one section (or a section's name) and makes all lengths and checksums fit again.
  static func changeSections(_ file: [UInt8], _ random: inout SeededGenerator) -> (bytes: [UInt8], checksum: UInt64) {
    changeSections(file) { sections in
      let chosen = Int.random(in: sections.indices, using: &random)
      switch Int.random(in: 0..<24, using: &random) {
      case 0: sections.remove(at: chosen)
      case 1: sections.swapAt(chosen, Int.random(in: sections.indices, using: &random))
      case 2: sections[chosen].content = sections.randomElement(using: &random)?.content ?? []
      case 3: random.alter(&sections[chosen].name)
      case 4: sections[chosen].content = []
      default: random.alter(&sections[chosen].content)
      }
    }
  }

  static func changeSections(_ file: [UInt8], _ body: (inout [(name: [UInt8], content: [UInt8])]) -> Void) -> (
    bytes: [UInt8], checksum: UInt64
  ) {
    let end = file.count - 32
    let offset = Int(number(file[end..<end + 8]))
    var sections: [(name: [UInt8], content: [UInt8])] = []
    var place = offset
    while place < end {
      let length = Int(number(file[place..<place + 2]))
      let name = Array(file[place + 2..<place + 2 + length])
      place += 2 + length
      let start = Int(number(file[place..<place + 8]))
      sections.append((name, Array(file[start..<start + Int(number(file[place + 8..<place + 16]))])))
      place += 24
    }
    body(&sections)
    var made = Array(file[..<16])
    var list: [UInt8] = []
    for (name, content) in sections {
      list += little(UInt16(name.count)) + name + little(UInt64(made.count)) + little(UInt64(content.count)) + little(Checksum.of(content))
      made += content
    }
    let footer = little(UInt64(made.count)) + little(UInt64(list.count))
    let checksum = Checksum.of(list, seed: Checksum.of(Array(file[..<16]) + footer))
    return (made + list + footer + little(checksum) + file[(end + 24)...], checksum)
  }

  /// The manifest with another length and checksum for a file.
  static func manifest(_ bytes: [UInt8], naming name: String, length: Int, checksum: UInt64) -> [UInt8] {
    var bytes = bytes
    let isFirstVersion = bytes[8] == 1
    var place = 16 + (isFirstVersion ? 80 : 104)
    if bytes[8] >= 3 {
      // Rules of single names: few, and short.
      let rules = Int(bytes[place])
      place += 1
      for _ in 0..<rules { place += 1 + Int(bytes[place]) + 32 }
    }
    place += 4
    while place < bytes.count - 8 {
      let prefix = ["S": "segment-", "I": "identities-", "J": "merges-", "P": "profiles-", "K": "keys-", "D": "deletions-"][
        String(UnicodeScalar(bytes[place]))]
      let digits = String(number(bytes[place + 1..<place + 9]), radix: 16)
      if let prefix, name == prefix + String(repeating: "0", count: 16 - digits.count) + digits {
        bytes.replaceSubrange(place + 9..<place + 25, with: little(UInt64(length)) + little(checksum))
      }
      place += isFirstVersion ? 25 : 33
    }
    bytes.replaceSubrange((bytes.count - 8)..., with: little(Checksum.of(Array(bytes.dropLast(8)))))
    return bytes
  }

  static func changeManifest(_ file: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var content = Array(file[16..<file.count - 8])
    random.alter(&content)
    let made = Array(file[..<12]) + little(UInt32(content.count)) + content
    return made + little(Checksum.of(made))
  }

  /// Changes one frame of a log, or its header.
  static func changeLog(_ file: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    guard file.count >= 48 else { return file }
    var header = Array(file[..<40])
    var frames: [(sequence: UInt64, payload: [UInt8])] = []
    var place = 48
    while place + 24 <= file.count {
      let length = Int(number(file[place + 4..<place + 8]))
      frames.append((number(file[place + 8..<place + 16]), Array(file[place + 24..<min(file.count, place + 24 + length)])))
      place += 24 + length
    }
    if frames.isEmpty || Int.random(in: 0..<16, using: &random) == 0 {
      var fields = Array(header[8...])
      random.alter(&fields)
      header = Array(header[..<8]) + (fields + [UInt8](repeating: 0, count: 32)).prefix(32)
    } else {
      let chosen = Int.random(in: frames.indices, using: &random)
      random.alter(&frames[chosen].payload)
      if Int.random(in: 0..<20, using: &random) == 0 { frames.append((frames[chosen].sequence &+ 1, frames[chosen].payload)) }
    }
    let salt = number(header[32..<40])
    var made = header + little(Checksum.of(header))
    for (sequence, payload) in frames {
      let head = Array("FRAM".utf8) + little(UInt32(payload.count)) + little(sequence)
      made += head + little(Checksum.of(payload, seed: Checksum.of(head, seed: salt))) + payload
    }
    return made
  }

  // MARK: Reading

  static let queries: [Query] = [
    #"{"report":"insights","range":{"from":"1970-01-01","to":"1970-01-04"},"unit":"day","series":[{"event":"Use"},{"measure":"unique"}],"breakdown":{"property":"plan"}}"#,
    #"{"report":"insights","range":{"from":"1969-12-01","to":"1970-02-04"},"unit":"day","series":[{"event":"Use","measure":"total"}]}"#,
    #"{"report":"insights","range":{"from":"1969-12-01","to":"1970-02-04"},"unit":"week","series":[{"measure":"sum","property":"seats"}]}"#,
    #"{"report":"funnel","range":{"from":"1970-01-01","to":"1970-01-04"},"steps":[{"event":"Sign up"},{"event":"Use"},{"event":"Pay"}]}"#,
    #"{"report":"retention","range":{"from":"1970-01-01","to":"1970-01-04"},"start":{"event":"Sign up"},"return":{"event":"Use"}}"#,
    #"{"report":"flows","range":{"from":"1970-01-01","to":"1970-01-04"},"anchor":{"event":"Use"},"forward":3,"backward":1}"#,
    #"{"report":"stickiness","range":{"from":"1970-01-01","to":"1970-01-04"},"unit":"day","activity":{"event":"Use"}}"#,
  ].compactMap { try? Query(json: Array($0.utf8)) }

  /// Everything that reads a store. Errors are answers.
  static func use(_ files: [String: [UInt8]], writes: Bool) async {
    _ = try? SegmentStore.check(directory: directory, disk: SimulatedDisk(files: files))
    guard let store = try? await SegmentStore.open(directory: directory, options: options(SimulatedDisk(files: files))) else { return }
    let range = DateRange(from: CalendarDate(year: 1969, month: 1, day: 1), to: CalendarDate(year: 2024, month: 1, day: 1))
    _ = try? await store.catalog()
    for query in queries {
      _ = try? await store.report(query, ReportRules(calendar: ProjectCalendar(), smallestGroup: 1), at: Timestamp(milliseconds: 60 * hour))
    }
    for subject in [0, 1, 6, 20] {
      _ = try? await store.timeline(of: Sample.pseudonym(subject), before: nil, limit: 20)
      _ = try? await store.profile(of: Sample.pseudonym(subject))
      _ = try? store.sealedID(of: Sample.pseudonym(subject))
    }
    _ = try? await store.findSubjects(prefix: "", limit: 20)
    _ = try? await store.values(of: "plan", event: nil, limit: 9)
    _ = try? await store.export(range, events: nil, calendar: ProjectCalendar(), after: nil, limit: 500)
    _ = try? store.undeliveredKeys(after: 0, limit: 10)
    if writes {
      _ = try? await store.append(
        Sample.batch([
          Sample.row("Use", 1, 5 * hour, key: 1, day: 0, link: (30, 1)), Sample.row("Use", 31, 6 * hour, key: 77, day: 0),
        ]))
      _ = try? await store.deleteSubjects([Sample.pseudonym(1)])
      try? await store.setRetention(days: 2, events: ["e": 1], releases: .only(["g"]), discards: ["g"])
      try? await store.hold(["f"], days: 3)
      try? await store.compact()
      _ = try? await store.image()
      try? await store.close()
    } else {
      await store.stop()
    }
  }

  @Test func whateverStandsInAFileIsAnswered() async throws {
    let seconds = Double(ProcessInfo.processInfo.environment["SEALANE_FUZZ_SECONDS"] ?? "") ?? 3
    let seed = ProcessInfo.processInfo.environment["SEALANE_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_261_125
    let trace = ProcessInfo.processInfo.environment["SEALANE_FUZZ_TRACE"] != nil
    let only = ProcessInfo.processInfo.environment["SEALANE_FUZZ_CASE"].flatMap(Int.init)
    #expect(Self.queries.count == 7)
    let stores = try await Self.stores()
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: .seconds(seconds))
    var count = 0
    // On a busy machine the time alone would be no test.
    while clock.now < end || count < 50 {
      let number = only ?? count
      // Each case from a seed of its own, so that one can be looked at alone.
      var random = SeededGenerator(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
      var files = stores[Int.random(in: stores.indices, using: &random)]
      let names = files.keys.filter { !$0.hasSuffix("/lock") }.sorted()
      let name = names[Int.random(in: names.indices, using: &random)]
      let short = String(name.dropFirst(Self.directory.path.count + 1))
      if trace { print("case \(number): \(short)") }
      guard let content = files[name], let manifest = files[Self.directory.path + "/manifest"] else { continue }
      if short == "manifest" {
        files[name] = Self.changeManifest(content, &random)
      } else if short.hasPrefix("log-") {
        files[name] = Self.changeLog(content, &random)
      } else {
        let (bytes, checksum) = Self.changeSections(content, &random)
        files[name] = bytes
        files[Self.directory.path + "/manifest"] = Self.manifest(manifest, naming: short, length: bytes.count, checksum: checksum)
      }
      await Self.use(files, writes: number % 4 == 0)
      count += 1
      if only != nil { break }
    }
    print("fuzz: \(count) changed stores from seed \(seed)")
  }

  static var flushed: [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: FormatVector.flushed.map { (directory.path + "/" + $0.key, bytes(ofHexadecimal: $0.value)) })
  }

  @Test("a count that no store reaches is damage of the manifest", arguments: 2..<11) func countsOutOfRange(field: Int) async throws {
    var files = Self.flushed
    var manifest = try #require(files[Self.directory.path + "/manifest"])
    manifest.replaceSubrange(16 + 8 * field..<24 + 8 * field, with: [UInt8](repeating: 0xFF, count: 8))
    manifest.replaceSubrange((manifest.count - 8)..., with: Self.little(Checksum.of(Array(manifest.dropLast(8)))))
    files[Self.directory.path + "/manifest"] = manifest
    await #expect(throws: StoreError.self) {
      _ = try await SegmentStore.open(directory: Self.directory, options: Self.options(SimulatedDisk(files: files)))
    }
  }

  @Test("an id that is merged into itself is damage, and not followed for ever") func aCircleOfMerges() async throws {
    var files = Self.flushed
    let short = "merges-0000000000000003"
    var bytes = try #require(files[Self.directory.path + "/" + short])
    // One section of one entry: index, count, device, user, …; then the directory of one line, and the footer.
    bytes.replaceSubrange(36..<40, with: Array(bytes[32..<36]))
    let end = bytes.count - 32
    bytes.replaceSubrange(end - 8..<end, with: Self.little(Checksum.of(Array(bytes[16..<49]))))
    let checksum = Checksum.of(Array(bytes[(end - 33)..<end]), seed: Checksum.of(Array(bytes[..<16]) + bytes[end..<end + 16]))
    bytes.replaceSubrange(end + 16..<end + 24, with: Self.little(checksum))
    files[Self.directory.path + "/" + short] = bytes
    let manifest = try #require(files[Self.directory.path + "/manifest"])
    files[Self.directory.path + "/manifest"] = Self.manifest(manifest, naming: short, length: bytes.count, checksum: checksum)
    let error = await #expect(throws: StoreError.self) {
      _ = try await SegmentStore.open(directory: Self.directory, options: Self.options(SimulatedDisk(files: files)))
    }
    #expect(error?.description.contains("into itself") == true)
  }

  /// Else every case would end at a checksum, and the test would test nothing.
  @Test func unchangedBytesWithNewChecksumsAreReadAsBefore() async throws {
    for files in try await Self.stores() {
      var made = files
      for (name, content) in files where !name.contains("/log-") && !name.hasSuffix("/manifest") && content.count > 48 {
        let short = String(name.dropFirst(Self.directory.path.count + 1))
        guard let manifest = made[Self.directory.path + "/manifest"] else { continue }
        let checksum = Self.number(content[(content.count - 16)..<(content.count - 8)])
        made[Self.directory.path + "/manifest"] = Self.manifest(manifest, naming: short, length: content.count, checksum: checksum)
      }
      #expect(made == files)
      #expect(try SegmentStore.check(directory: Self.directory, disk: SimulatedDisk(files: made)) == [])
    }
  }
}
