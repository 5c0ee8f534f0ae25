package import Foundation

extension SegmentStore {
  /// Reads every byte of a store, verifies every checksum and what the files say about each other. Changes nothing; works beside a
  /// running server too.
  ///
  /// - Throws: `StoreError` if the directory cannot be looked at at all.
  package static func check(directory: URL, disk: any Disk = PosixDisk()) throws(StoreError) -> [StoreFinding] {
    let path = directory.path
    var findings: [StoreFinding] = []
    for _ in 0..<5 {
      let before = try? Manifest.read(disk: disk, directory: path)
      var checker = StoreChecker(disk: disk, directory: path)
      try checker.check()
      findings = checker.findings
      // A running server may have replaced files meanwhile: then what was found says nothing.
      if findings.isEmpty || (try? Manifest.read(disk: disk, directory: path)) == before { break }
    }
    return findings
  }
}

extension Segment {
  /// The sections that the segment's own description accounts for.
  fileprivate var expectedSections: Set<String> {
    var names: Set<String> = [SegmentSection.meta, SegmentSection.statistics]
    for property in properties.indices { names.insert(SegmentSection.values(property)) }
    for day in days { names.insert(SegmentSection.fingerprints(day)) }
    for run in runs.indices {
      names.insert(SegmentSection.counts(run))
      for block in runs[run].blocks.indices {
        names.formUnion([
          SegmentSection.keys(run, block), SegmentSection.events(run, block), SegmentSection.slots(run, block),
          SegmentSection.remainders(run, block),
        ])
        for property in properties.indices { names.insert(SegmentSection.column(property, run, block)) }
      }
    }
    return names
  }
}

/// Goes through the files of a store in the order in which they depend on each other.
struct StoreChecker {
  let disk: any Disk
  let directory: String
  private(set) var findings: [StoreFinding] = []
  /// By segment: the state of the merge journal that its order knows.
  private var journalVersions: [String: UInt64] = [:]
  private var journalVersion: UInt64 = 0
  private var deletionVersion: UInt64 = 0
  private var identities = IdentityTable(permutation: NumberPermutation(key0: 0, key1: 0))

  init(disk: any Disk, directory: String) {
    self.disk = disk
    self.directory = directory
  }

  mutating func check() throws(StoreError) {
    let names: [String]
    do { names = try disk.list(directory) } catch { throw .disk(error) }
    let read: Manifest?
    do throws(StoreError) {
      read = try Manifest.read(disk: disk, directory: directory)
    } catch {
      report(error, file: Manifest.name)
      return
    }
    guard let manifest = read else {
      if names.contains(where: { $0 != StoreOpener.lockName && $0 != Manifest.nextName }) {
        findings.append(
          StoreFinding(
            file: Manifest.name, problem: "It is missing, though other files of the store are there.",
            repair: "Restore the whole directory from a backup."))
      }
      return
    }
    identities = IdentityTable(permutation: NumberPermutation(key0: manifest.numberKey0, key1: manifest.numberKey1))
    // Ids first: the other files refer to them.
    for kind in [SectionFile.Kind.identities, .journal, .deletions, .segment, .profiles, .keys] {
      var total = 0
      for file in manifest.files where file.kind == kind {
        do throws(StoreError) {
          total += try check(file, after: total, manifest: manifest)
        } catch {
          report(error, file: file.name)
        }
      }
      let expected: UInt64? =
        switch kind {
        case .identities: manifest.identityCount
        case .journal: manifest.journalCount
        case .segment: manifest.eventCount
        case .deletions: manifest.deletionCount
        case .profiles, .keys: nil
        }
      if let expected, expected != UInt64(total), findings.isEmpty {
        findings.append(
          StoreFinding(
            file: Manifest.name, problem: "It counts \(expected) entries in files named \(kind.prefix)…, but they hold \(total).",
            repair: Self.repair))
      }
    }
    journalVersion = manifest.journalCount
    deletionVersion = manifest.deletionCount
    checkLogs(names, manifest: manifest)
    guard findings.isEmpty else { return }
    for file in manifest.files where file.deletions > deletionVersion {
      report(
        .corrupt(file: Manifest.name, reason: "it says that \(file.name) knows of more deletions than there were"), file: Manifest.name)
    }
    for (name, version) in journalVersions.sorted(by: { $0.key < $1.key }) where version > journalVersion {
      report(.corrupt(file: name, reason: "it names a state of the merge journal that never was"), file: name)
    }
  }

  private static let repair = "Stop the server, copy the whole directory back from a backup, then run `sealane doctor` again."

  private mutating func report(_ error: StoreError, file: String) {
    switch error {
    case .corrupt(let name, let reason):
      findings.append(StoreFinding(file: name, problem: "It is damaged: \(reason).", repair: Self.repair))
    case .disk(let error):
      findings.append(
        StoreFinding(file: file, problem: error.description, repair: "Check the disk and the file's permissions. " + Self.repair))
    default: findings.append(StoreFinding(file: file, problem: error.description, repair: ""))
    }
  }

  /// Returns how many entries the file holds.
  private mutating func check(_ reference: FileReference, after count: Int, manifest: Manifest) throws(StoreError) -> Int {
    switch reference.kind {
    case .identities:
      let file = try IdentityFile(disk: disk, directory: directory, reference: reference) { pseudonym, isGroup throws(FormatError) in
        guard identities.restore(pseudonym, flags: isGroup ? 1 : 0) else { throw FormatError("an id occurs twice") }
      }
      for number in 0..<((file.sealed.count + IdentityFile.chunk - 1) / IdentityFile.chunk) { _ = try file.chunk(number) }
      guard file.firstOrdinal == count else { throw .corrupt(file: reference.name, reason: "it does not continue the file before it") }
      if let last = file.sealed.last, last >= manifest.identityCount {
        throw .corrupt(file: reference.name, reason: "it holds a sealed id of nobody")
      }
      return file.count
    case .journal:
      let file = try JournalFile<MergeJournal.Entry>(disk: disk, directory: directory, reference: reference)
      guard file.first == count else { throw .corrupt(file: reference.name, reason: "it does not continue the file before it") }
      try expectKnown(file.entries.flatMap { [$0.device, $0.user] }, in: reference)
      return file.entries.count
    case .deletions:
      let file = try JournalFile<DeletionJournal.Entry>(disk: disk, directory: directory, reference: reference)
      guard file.first == count else { throw .corrupt(file: reference.name, reason: "it does not continue the file before it") }
      try expectKnown(file.entries.filter { !$0.namesNobody }.map(\.number), in: reference)
      return file.entries.count
    case .segment: return try checkSegment(reference, manifest: manifest)
    case .profiles:
      let file = try ProfileFile(disk: disk, directory: directory, reference: reference)
      for chunk in 0..<(file.chunkStarts.count - 1) { _ = try file.images(ofChunk: chunk) }
      try expectKnown(file.numbers, in: reference)
      return file.numbers.count
    case .keys:
      let file = try KeyFile(disk: disk, directory: directory, reference: reference)
      for chunk in 0..<((file.count + KeyFile.chunk - 1) / KeyFile.chunk) { _ = try file.chunk(chunk) }
      guard file.first + UInt64(file.count) <= manifest.nextKey else {
        throw .corrupt(file: reference.name, reason: "it numbers keys that the manifest does not know")
      }
      return file.count
    }
  }

  private mutating func checkSegment(_ reference: FileReference, manifest: Manifest) throws(StoreError) -> Int {
    let file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
    if file.version == 1 {
      let old = try SegmentVersion1(file)
      for section in file.sections { _ = try file.bytes(of: section.name) }
      try expectKnown(Array(old.numbers), in: reference)
      return old.rowCount
    }
    let segment = try Segment(disk: disk, directory: directory, reference: reference)
    journalVersions[reference.name] = segment.journalVersion
    var shared: [Int] = []
    for property in segment.properties.indices {
      let values = try segment.sharedValues(property)
      try check(values, in: reference)
      shared.append(values.count)
    }
    var counts = [Int](repeating: 0, count: segment.statistics.count)
    var present = [[Bool]](repeating: [Bool](repeating: false, count: segment.properties.count), count: counts.count)
    for run in segment.runs.indices {
      var bySlot: [Int: UInt32] = [:]
      for block in segment.runs[run].blocks.indices {
        try checkBlock(segment, run, block, shared: shared, &counts, &bySlot, &present)
      }
      guard let said = try segment.counts(run) else { continue }
      for event in segment.statistics.indices {
        for entry in said.starts[event]..<said.starts[event + 1] {
          guard bySlot.removeValue(forKey: event * Partition.slotLimit + Int(said.slots[entry])) == said.counts[entry] else {
            throw .corrupt(file: reference.name, reason: "its counts by slot are not those of its rows")
          }
        }
      }
    }
    guard counts == segment.statistics.map(\.count) else {
      throw .corrupt(file: reference.name, reason: "its counts of events are not those of its rows")
    }
    for (event, properties) in present.enumerated()
    where properties.indices.filter({ properties[$0] }) != segment.statistics[event].properties.sorted() {
      throw .corrupt(file: reference.name, reason: "its list of properties by event is not that of its rows")
    }
    let expected = segment.expectedSections
    guard Set(segment.file.sections.map(\.name)).isSubset(of: expected) else {
      throw .corrupt(file: reference.name, reason: "it has a section that nothing refers to")
    }
    for day in segment.days {
      let list = try segment.fingerprints(of: day) ?? []
      guard zip(list, list.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw .corrupt(file: reference.name, reason: "its fingerprints are out of order")
      }
    }
    return segment.rowCount
  }

  private func checkBlock(
    _ segment: Segment, _ run: Int, _ block: Int, shared: [Int], _ counts: inout [Int], _ bySlot: inout [Int: UInt32],
    _ present: inout [[Bool]]
  ) throws(StoreError) {
    let summary = segment.runs[run].blocks[block]
    let keys = try segment.keys(run, block)
    try expectKnown(keys.subjects.filter { $0 != ColumnRun.noActor }, in: segment.file.reference)
    try expectKnown(keys.rawRuns.map(\.raw).filter { $0 != ColumnRun.noActor }, in: segment.file.reference)
    let events = try segment.events(run, block)
    let slots = try segment.slots(run, block, keys: keys)
    let times = try segment.times(run, block, slots: slots)
    var first = Int64.max
    var last = Int64.min
    var before = Int64.min
    for row in 0..<summary.rowCount {
      counts[events[row]] += 1
      bySlot[events[row] * Partition.slotLimit + Int(slots.slots[row]), default: 0] += 1
      let time =
        segment.runs[run].partition.base + Int64(times.offsets[row])
      if keys.startBits[row / 64] >> UInt64(row % 64) & 1 == 1 { before = .min }
      guard time >= before else { throw .corrupt(file: segment.file.name, reason: "its times are out of order") }
      before = time
      first = min(first, time)
      last = max(last, time)
    }
    guard first == summary.firstTime, last == summary.lastTime else {
      throw .corrupt(file: segment.file.name, reason: "the times of a block are not those of its rows")
    }
    for property in segment.properties.indices {
      guard let (codes, own) = try segment.rawColumn(property, run, block, shared: shared[property]) else { continue }
      try check(own, in: segment.file.reference)
      for (row, code) in codes.enumerated() where code != 0 { present[events[row]][property] = true }
    }
  }

  private func check(_ values: ValueBytes, in reference: FileReference) throws(StoreError) {
    do throws(FormatError) { try values.visit { _, _ in } } catch { throw .corrupt(file: reference.name, reason: "\(error)") }
    guard values.areDistinct else { throw .corrupt(file: reference.name, reason: "a dictionary holds a value twice") }
  }

  /// Every number must have been handed out.
  private func expectKnown(_ numbers: [UInt32], in reference: FileReference) throws(StoreError) {
    let count = identities.count
    for number in Set(numbers) where Int(identities.permutation.ordinal(ofNumber: number)) >= count {
      throw .corrupt(file: reference.name, reason: "it refers to a subject number that no identity file holds")
    }
  }

  private func expectKnown(_ numbers: [UInt32]) throws(FormatError) {
    for number in numbers where Int(identities.permutation.ordinal(ofNumber: number)) >= identities.count {
      throw FormatError("a deletion names a subject that never was")
    }
  }

  private mutating func checkLogs(_ names: [String], manifest: Manifest) {
    let logs = names.compactMap(LogFormat.number(ofName:)).filter { $0 >= manifest.firstLog }.sorted()
    var expected = manifest.firstLog
    var sequence = manifest.sequence + 1
    for (index, number) in logs.enumerated() {
      let name = LogFormat.name(number)
      do throws(StoreError) {
        guard number == expected else { throw .corrupt(file: LogFormat.name(expected), reason: "it is missing") }
        let reader = LogReader(disk: disk, directory: directory, number: number, isLast: index == logs.count - 1)
        let result = try reader.read { _, payload in
          for record in try LogRecord.read(payload) {
            if case .deleteSubjects(let entries) = record {
              try expectKnown(entries.filter { !$0.namesNobody }.map(\.number))
              deletionVersion += UInt64(entries.count)
            }
            guard case .batch(let decisions, let batch) = record else { continue }
            journalVersion += UInt64(decisions.journal.count)
            for (identity, number) in zip(batch.identities, decisions.numbers) {
              guard try identities.register(identity.pseudonym, isGroup: identity.isGroup) == number else {
                throw FormatError("an id has another number than in the identity files")
              }
            }
          }
        }
        if let header = result.header {
          guard header.firstSequence == sequence else { throw .corrupt(file: name, reason: "frames before its first one are missing") }
          sequence = result.nextSequence
        }
      } catch {
        report(error, file: name)
        return
      }
      expected = number + 1
    }
  }
}
