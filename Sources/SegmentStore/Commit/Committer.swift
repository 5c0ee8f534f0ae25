internal import Events
import Synchronization
internal import Vault

/// Decides, writes and applies batches: all that only one thread may do. Runs on a thread of its own, and before that, in `open`, on the
/// thread that recovers.
///
/// Confined to that one thread at a time; what others see, it publishes in the store's state.
final class Committer {
  static let eventNameLimit = 65_535
  static let propertyNameLimit = 16_384

  private unowned let store: SegmentStore
  private let duplicates: DuplicateIndex
  private var codes: [String: UInt16] = [:]
  /// Profiles that the frame at hand changes, as they are before it.
  private var profiles: [UInt32: ProfileImage] = [:]
  var log: LogWriter?

  init(store: SegmentStore) {
    self.store = store
    duplicates = DuplicateIndex(byteLimit: store.options.fingerprintBytes, smallCount: store.options.fingerprintsOfSmallDay)
    for (code, name) in store.state.withLock({ $0.eventNames }).enumerated() { codes[name] = UInt16(code) }
  }

  // MARK: Committing

  func run(_ queue: CommitQueue) {
    while let requests = queue.take(byteLimit: store.options.groupBytes) {
      if let failure = store.state.withLock({ $0.failure }) {
        for request in requests { request.finish(.failure(failure)) }
        continue
      }
      commit(requests.filter { !$0.isDeletion && !$0.isReveal })
      // In a frame of their own too: they depend on what the profiles hold by now.
      let reveals = requests.filter(\.isReveal)
      if let failure = store.state.withLock({ $0.failure }) {
        for request in reveals { request.finish(.failure(failure)) }
      } else if !reveals.isEmpty {
        commit(reveals)
      }
      // In a frame of its own: it deletes what was decided before, merges included, and nothing comes behind it in its log file, so
      // that each memtable, and each file made of one, stands before it or after it as a whole.
      let deletions = requests.filter(\.isDeletion)
      if !deletions.isEmpty, store.state.withLock({ $0.failure }) == nil {
        commit(deletions)
      } else if let failure = store.state.withLock({ $0.failure }) {
        for request in deletions { request.finish(.failure(failure)) }
      }
      store.fingerprintBytes.store(duplicates.trim(), ordering: .relaxed)
      rotateIfFull(forced: !deletions.isEmpty || requests.contains { if case .rotate = $0.work { true } else { false } })
      for request in requests { if case .rotate = request.work { request.finish(.success(AppendOutcome())) } }
    }
    log?.close()
  }

  private func commit(_ submitted: [CommitQueue.Request]) {
    var requests = submitted
    var frame = ByteWriter()
    frame.raw([UInt8](repeating: 0, count: LogFormat.frameHeaderLength))
    var pending = MergeJournal.Pending()
    var decided: [(CommitQueue.Request, BatchDecisions)] = []
    var deletions: [Int: [DeletionJournal.Entry]] = [:]
    var expiry = store.state.withLock { $0.expiry }
    profiles.removeAll(keepingCapacity: true)
    for (index, submitted) in requests.enumerated() {
      var request = submitted
      if case .reveal(let reveal) = request.work {
        do throws(StoreError) {
          let (batch, holders, isRevealed) = try store.judged(reveal)
          var writer = ByteWriter()
          batch.write(to: &writer)
          request.work = .batch(batch, bytes: writer.bytes)
          request.revealed = (holders, isRevealed)
          requests[index] = request
        } catch {
          request.finish(.failure(error))
          continue
        }
      }
      switch request.work {
      case .batch(var batch, var bytes):
        if store.options.refusesDeletedSubjects, let refused = refuse(&batch, &bytes) {
          requests[index].refusedDeleted = refused
          requests[index].work = .batch(batch, bytes: bytes)
        }
        let request = requests[index]
        do throws(StoreError) {
          let decisions = try decide(batch, pending: &pending)
          if decisions.duplicates.count < batch.rowCount || !batch.updates.isEmpty || !batch.keys.isEmpty {
            LogRecord.appendBatch(decisions, bytes: bytes, to: &frame)
          }
          decided.append((request, decisions))
        } catch {
          request.finish(.failure(error))
        }
      case .deleteKeys(let number):
        LogRecord.appendDeleteKeys(through: number, to: &frame)
        decided.append((request, BatchDecisions()))
      case .deleteSubjects(let pseudonyms, let time):
        let entries = entries(pseudonyms, time: time)
        if !entries.isEmpty { LogRecord.appendDeleteSubjects(entries, to: &frame) }
        deletions[index] = entries
        decided.append((request, BatchDecisions()))
      case .expire(let change):
        let (version, finished) = store.state.withLock { ($0.deletions.version, $0.finishedDeletions) }
        let (now, marker) = (store.options.now(), version + UInt64(deletions.values.reduce(0) { $0 + $1.count }))
        if expiry.apply(change, now: now, marker: marker, finished: finished) {
          deletions[index] = [.discarded(time: now)]
          LogRecord.appendDeleteSubjects([.discarded(time: now)], to: &frame)
        }
        LogRecord.appendExpire(change, now: now, marker: marker, to: &frame)
        decided.append((request, BatchDecisions()))
      case .rotate, .reveal: continue
      }
    }
    do throws(StoreError) {
      var version = store.state.withLock { $0.dataVersion }
      if frame.count > LogFormat.frameHeaderLength {
        version = try write(frame)
      }
      var outcomes: [AppendOutcome] = []
      var deleted = deletions.sorted { $0.key < $1.key }
      for (request, decisions) in decided {
        switch request.work {
        case .batch(let batch, _):
          var outcome = apply(batch, decisions)
          outcome.refusedDeleted = request.refusedDeleted
          (outcome.holders, outcome.isRevealed) = request.revealed
          outcomes.append(outcome)
        case .deleteKeys(let number):
          store.state.withLock { $0.deletedKeys = max($0.deletedKeys, number) }
          outcomes.append(AppendOutcome())
        case .deleteSubjects:
          let entries = deleted.isEmpty ? [] : deleted.removeFirst().value
          outcomes.append(AppendOutcome(deletedNumbers: entries.map(\.number)))
          apply(entries)
        case .expire:
          if let next = deleted.first, next.value.contains(where: \.namesNobody) { apply(deleted.removeFirst().value) }
          // Of several in one frame the last one has them all.
          store.state.withLock { $0.expiry = expiry }
          outcomes.append(AppendOutcome())
        case .rotate, .reveal: continue
        }
      }
      publish(version: version)
      for (index, (request, _)) in decided.enumerated() {
        outcomes[index].dataVersion = version
        request.finish(.success(outcomes[index]))
      }
    } catch {
      for (request, _) in decided { request.finish(.failure(error)) }
    }
  }

  /// A failed write or sync is final: what the file holds after it is not known, so nothing may be written behind it.
  private func write(_ frame: ByteWriter) throws(StoreError) -> UInt64 {
    guard let log else { throw .closed }
    var bytes = frame.bytes
    do throws(DiskError) {
      return try log.commit(&bytes)
    } catch {
      let failure = StoreError.poisoned(error.description)
      store.state.withLock { $0.failure = failure }
      store.flusher.wake()
      throw failure
    }
  }

  // MARK: Deciding

  /// Everything that can fail comes before the first change: a batch that is refused leaves no trace.
  private func decide(_ batch: IncomingBatch, pending: inout MergeJournal.Pending) throws(StoreError) -> BatchDecisions {
    let newNames = batch.names.count { codes[$0] == nil }
    guard codes.count + newNames <= Self.eventNameLimit else {
      throw .full("The project has \(Self.eventNameLimit) event names, the most that it can hold. Send variable parts as properties.")
    }
    if batch.columns.count > 64 {
      let newProperties = store.state.withLock { $0.active }.with { content in
        batch.columns.count { content.columnIndexes[$0.name] == nil } + content.columns.count
      }
      guard newProperties <= Self.propertyNameLimit else {
        throw .full("More than \(Self.propertyNameLimit) property names arrived within a short time. Send variable parts as values.")
      }
    }
    guard store.identities.count + batch.identities.count <= IdentityTable.limit else {
      throw .full("The project has \(IdentityTable.limit) ids, the most that it can hold.")
    }
    var last: Int32?
    for case let key? in batch.duplicateKeys where key.day != last {
      try duplicates.prepare(key.day, load: fingerprints)
      last = key.day
    }
    for update in batch.updates {
      guard let number = store.identities.number(of: batch.identities[Int(update.target)].pseudonym), profiles[number] == nil else {
        continue
      }
      profiles[number] = try store.state.withLock { $0 }.profile(of: number, cache: store.cache)
    }

    var decisions = BatchDecisions()
    for (row, key) in batch.duplicateKeys.enumerated() {
      if let key, !duplicates.insert(key) { decisions.duplicates.append(UInt32(row)) }
    }
    if decisions.duplicates.count == batch.rowCount, batch.updates.isEmpty, batch.keys.isEmpty { return decisions }
    decisions.numbers = try store.identities.register(batch.identities)
    if !batch.links.isEmpty {
      let duplicateRows = Set(decisions.duplicates)
      store.state.withLock { state in
        for link in batch.links where !duplicateRows.contains(link.row) {
          let (entry, isRefused) = state.journal.judge(
            device: decisions.numbers[Int(link.device)], user: decisions.numbers[Int(link.user)], time: batch.times[Int(link.row)],
            pending: pending)
          if isRefused { decisions.refusedLinks += 1 }
          if let entry {
            decisions.journal.append(entry)
            pending.append(entry)
          }
        }
      }
    }
    return decisions
  }

  /// The fingerprints of a day in segments and memory.
  private func fingerprints(of day: Int32) throws(StoreError) -> DuplicateIndex.Stored {
    let (segments, tables) = store.state.withLock { ($0.segments, $0.frozen + [$0.active]) }
    var stored = DuplicateIndex.Stored()
    for segment in segments {
      if let piece = try segment.fingerprints(of: day, cache: store.cache) { stored.sorted.append(piece) }
    }
    for table in tables {
      if let piece = table.with({ $0.fingerprints[day] }) { stored.recent.append(piece) }
    }
    return stored
  }

  // MARK: Applying

  private var newNames: [String] = []
  private var newEntries: [MergeJournal.Entry] = []
  private var newKeys: UInt64 = 0
  private var newDeletions: [DeletionJournal.Entry] = []

  /// Brings a durable batch into memory. Cannot fail.
  private func apply(_ batch: IncomingBatch, _ decisions: BatchDecisions) -> AppendOutcome {
    var outcome = AppendOutcome(
      accepted: batch.rowCount - decisions.duplicates.count, duplicates: decisions.duplicates.count, refusedLinks: decisions.refusedLinks)
    if decisions.numbers.count < batch.identities.count { return outcome }
    var nameCodes: [UInt16] = []
    for name in batch.names {
      if let code = codes[name] {
        nameCodes.append(code)
      } else {
        let code = UInt16(codes.count)
        codes[name] = code
        newNames.append(name)
        nameCodes.append(code)
      }
    }
    let sealed = zip(batch.identities, decisions.numbers).filter { $0.0.sealedID != nil && store.identities.markSealed($0.1) }
    var images: [UInt32: ProfileImage] = [:]
    for update in batch.updates {
      let number = decisions.numbers[Int(update.target)]
      var image = profiles[number] ?? ProfileImage()
      if !image.apply(update.operation, time: update.time, ignoresTime: update.ignoresTime, isVerified: update.isVerified) {
        outcome.refusedProfileUpdates += 1
      }
      profiles[number] = image
      images[number] = image
    }
    newEntries += decisions.journal
    newKeys += UInt64(batch.keys.count)
    let (profileImages, nameTable) = (images, nameCodes)
    store.state.withLock { $0.active }.with { content in
      content.append(rows: batch, names: nameTable, decisions: decisions)
      for (identity, number) in sealed {
        content.sealedIDs[number] = identity.sealedID
        content.otherBytes += 96 + (identity.sealedID?.bytes.count ?? 0)
      }
      for (number, image) in profileImages {
        content.otherBytes += image.footprint - (content.profiles[number]?.footprint ?? 0)
        content.profiles[number] = image
      }
      content.keys += batch.keys
      content.otherBytes += batch.keys.reduce(0) { $0 + 96 + $1.ciphertext.count }
    }
    return outcome
  }

  /// Makes what was applied visible, all at once.
  private func publish(version: UInt64) {
    let (names, entries, keys, deletions) = (newNames, newEntries, newKeys, newDeletions)
    newNames = []
    newEntries = []
    newKeys = 0
    newDeletions = []
    store.state.withLock { state in
      state.eventNames += names
      for entry in entries { state.journal.append(entry) }
      for entry in deletions { state.deletions.append(entry) }
      state.nextKey += keys
      state.publishedRows = state.active.rowCount
      state.dataVersion = version
    }
  }

  /// One entry for each id that counts as the subjects now.
  private func entries(_ pseudonyms: [Pseudonym], time: Int64) -> [DeletionJournal.Entry] {
    let journal = store.state.withLock { $0.journal }
    var entries: [DeletionJournal.Entry] = []
    var known = Set<UInt32>()
    for pseudonym in pseudonyms {
      guard let number = store.identities.number(of: pseudonym), !store.identities.isGroup(number) else { continue }
      for member in journal.members(of: journal.canonical(number)) where known.insert(member).inserted {
        entries.append(DeletionJournal.Entry(number: member, time: time))
      }
    }
    return entries
  }

  private func apply(_ entries: [DeletionJournal.Entry]) {
    // Their ids are sealed anew if they come again.
    for entry in entries where !entry.namesNobody { store.identities.unmarkSealed(entry.number) }
    newDeletions += entries
  }

  /// Takes out what a batch says about deleted subjects; nil if that is nothing.
  private func refuse(_ batch: inout IncomingBatch, _ bytes: inout [UInt8]) -> Int? {
    let deletions = store.state.withLock { $0.deletions }
    if deletions.isEmpty { return nil }
    let deleted = Set(
      batch.identities.indices.filter { index in
        store.identities.number(of: batch.identities[index].pseudonym).map(deletions.contains) ?? false
      }.map { UInt32($0) })
    guard !deleted.isEmpty else { return nil }
    let refused = batch.remove(identities: deleted)
    var writer = ByteWriter()
    batch.write(to: &writer)
    bytes = writer.bytes
    return refused
  }

  // MARK: Recovery

  /// Takes in one frame of the log, as it was decided then.
  func replay(_ payload: UnsafeRawBufferPointer, sequence: UInt64) throws {
    profiles.removeAll(keepingCapacity: true)
    for record in try LogRecord.read(payload) {
      switch record {
      case .batch(let decisions, let batch):
        for (identity, number) in zip(batch.identities, decisions.numbers) {
          guard try store.identities.register(identity.pseudonym, isGroup: identity.isGroup) == number else {
            throw FormatError("an id has another number in the log than in the identity files")
          }
        }
        guard store.state.withLock({ $0.journal.allows(decisions.journal) }) else {
          throw FormatError("a batch merges an id twice or into itself")
        }
        for update in batch.updates {
          let number = decisions.numbers[Int(update.target)]
          if profiles[number] == nil { profiles[number] = try store.state.withLock { $0 }.profile(of: number, cache: store.cache) }
        }
        guard codes.count + batch.names.count(where: { codes[$0] == nil }) <= Self.eventNameLimit else {
          throw FormatError("there are too many event names")
        }
        _ = apply(batch, decisions)
      case .deleteKeys(let number): store.state.withLock { $0.deletedKeys = max($0.deletedKeys, number) }
      case .deleteSubjects(let entries):
        let count = store.identities.count
        guard entries.allSatisfy({ $0.namesNobody || Int(store.identities.permutation.ordinal(ofNumber: $0.number)) < count }) else {
          throw FormatError("a deletion names a subject that never was")
        }
        apply(entries)
      case .expire(let change, let now, let marker):
        _ = store.state.withLock { $0.expiry.apply(change, now: now, marker: marker) }
      case .expireAll(let before, let days):
        store.state.withLock { state in
          state.expiry.before = max(state.expiry.before, before)
          state.expiry.keepDays = days
        }
      }
      publish(version: sequence)
    }
    publish(version: sequence)
  }

  // MARK: Rotation

  private func rotateIfFull(forced: Bool) {
    guard let current = log, store.state.withLock({ $0.failure }) == nil else { return }
    let table = store.state.withLock { $0.active }
    guard
      forced || table.rowCount >= store.options.memoryRows || current.length >= store.options.logBytes
        || table.footprint >= store.options.memoryBytes
    else { return }
    store.flusher.waitForRoom()
    do {
      let version = store.state.withLock { $0.dataVersion }
      let next = try LogWriter(
        disk: store.disk, directory: store.directory, number: current.header.number + 1, firstSequence: version + 1,
        salt: store.options.random())
      current.close()
      log = next
      freeze(nextLog: next.header.number)
    } catch {
      store.state.withLock { $0.failure = .poisoned(error.description) }
      store.flusher.wake()
    }
  }

  /// Hands the active memtable to the flusher; `nextLog` is the file that takes what comes now.
  func freeze(nextLog: UInt64) {
    store.state.withLock { state in
      state.frozen.append(state.active)
      state.active = Memtable(
        firstLog: nextLog, firstSequence: state.dataVersion + 1, firstOrdinal: store.identities.count,
        firstJournalEntry: state.journal.entries.count, firstKey: state.nextKey, firstDeletion: state.deletions.entries.count)
      state.publishedRows = 0
      state.layout += 1
    }
    store.flusher.wake()
  }
}

extension Memtable.Content {
  mutating func append(rows batch: IncomingBatch, names: [UInt16], decisions: BatchDecisions) {
    var position = [UInt32](repeating: 0, count: batch.rowCount)
    for row in decisions.duplicates { position[Int(row)] = IncomingBatch.absent }
    var next = UInt32(times.count)
    // Neighbours are mostly of one day.
    var day: Int32 = 0
    var ofDay: [UInt64] = []
    for row in 0..<batch.rowCount where position[row] != IncomingBatch.absent {
      position[row] = next
      next += 1
      times.append(batch.times[row])
      events.append(names[Int(batch.rowNames[row])])
      let actor = batch.actors[row]
      rawSubjects.append(actor == IncomingBatch.absent ? ColumnRun.noActor : decisions.numbers[Int(actor)])
      if let key = batch.duplicateKeys[row] {
        if key.day != day, !ofDay.isEmpty {
          fingerprints[day, default: []] += ofDay
          ofDay.removeAll(keepingCapacity: true)
        }
        day = key.day
        ofDay.append(key.fingerprint)
      }
    }
    if !ofDay.isEmpty { fingerprints[day, default: []] += ofDay }
    for column in batch.columns {
      let index: Int
      if let known = columnIndexes[column.name] {
        index = known
      } else {
        index = columns.count
        columns.append(MemoryColumn(name: column.name))
        columnIndexes[column.name] = index
      }
      columns[index].append(column, position: position)
    }
  }
}
