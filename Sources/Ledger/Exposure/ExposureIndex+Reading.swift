import Events

extension ExposureIndex {
  /// Entries that are read at once where they stand in no full bundle yet.
  private static let tailPage = 256

  func readOn() async throws(LedgerError) {
    while true {
      if Task.isCancelled { throw LedgerError(.closed, "The ledger is not read on: the server is stopping.") }
      let edge = try await ledger.edge()
      let next = await onQueue { $0.next }
      guard next < edge.size else { return }
      let sealer = ledger.sealer
      let readable = edge.published / TilePath.width * TilePath.width
      let orphans: [UInt64]
      if next < readable {
        orphans = try await trying { state throws(LedgerError) in
          let bundle = try SealedBundle(reading: next / TilePath.width, from: edge.files)
          return state.take(bundle, sealer: sealer, readable: readable)
        }
      } else {
        let tail = try await ledger.sealed(from: next, limit: Self.tailPage)
        orphans = await onQueue { $0.take(tail, sealer: sealer, readable: readable) }
      }
      for index in orphans {
        guard let entry = try await ledger.entries(from: index, limit: 1).first, let kind = ExposureKind(entryKind: entry.kind) else {
          continue
        }
        await onQueue { $0.insert(ExposureRow(entry, kind, .erased)) }
      }
    }
  }
}

extension ExposureIndex.State {
  /// Takes the entries that it does not have yet.
  ///
  /// - Returns: entries whose details were erased and that it has no row of, since they showed nobody: from now on nobody can say that.
  mutating func take(_ bundle: SealedBundle, sealer: DetailSealer, readable: UInt64) -> [UInt64] {
    self.readable = max(self.readable, readable)
    var orphans: [UInt64] = []
    for (entry, details) in bundle.entries where entry.index == next {
      next += 1
      if entry.kind == "detail_erased", let index = entry.facts["index"].flatMap({ UInt64($0) }) {
        if let position = position(of: index) { forget(position) } else { orphans.append(index) }
      }
      if entry.kind == "tracking_plan_changed", let project = entry.project, let version = entry.facts["version"].flatMap({ Int($0) }) {
        plans.append(
          .init(project: project, version: version, digest: entry.facts["digest"] ?? "", index: entry.index, time: entry.time))
      }
      guard let kind = ExposureKind(entryKind: entry.kind) else { continue }
      switch details {
      case .erased: rows.append(ExposureRow(entry, kind, .erased))
      case .missing: rows.append(ExposureRow(entry, kind, .unreadable))
      case .sealed(let sealed):
        guard let detail = try? sealer.open(sealed, commitment: entry.commitment) else {
          rows.append(ExposureRow(entry, kind, .unreadable))
          continue
        }
        take(entry, kind, detail)
      }
    }
    return orphans
  }

  private mutating func take(_ entry: LedgerEntry, _ kind: ExposureKind, _ detail: LedgerDetail) {
    // A deletion that names nobody is about all.
    guard let set = detail.subjects.map(\.numbers) ?? (kind.isDeletion ? [] : nil), !set.isEmpty || kind.isDeletion else { return }
    var row = ExposureRow(entry, kind, .told)
    row.principalKind = detail.principal.kind
    row.principal = names.register(kind.isDeletion ? detail.facts["vendor"] ?? "" : detail.principal.id)
    row.credential = names.register(detail.principal.credential)
    row.fields = fields.register(detail.fields)
    row.rows = UInt32(clamping: detail.rows ?? 0)
    if let export = detail.facts["canary_export"] { row.export = names.register(export) }
    row.request = detail.facts["request"].flatMap { Int64($0) } ?? 0
    let ordinals = RadixSort.sorted(set.map { directory.register($0.rawValue) })
    // FNV-1a over the ordinals.
    if kind.isDeletion { row.fingerprint = ordinals.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }
    row.place = arena.append(ordinals, of: entry.index, readable: readable)
    rows.append(row)
  }

  private mutating func forget(_ position: Int) {
    if rows[position].state == .told { arena.wipe(rows[position].place) }
    rows[position] = rows[position].withoutDetails
  }

  mutating func insert(_ row: ExposureRow) {
    var place = rows.count
    while place > 0, rows[place - 1].index > row.index { place -= 1 }
    if place > 0, rows[place - 1].index == row.index { return }
    rows.insert(row, at: place)
  }

  private func position(of index: UInt64) -> Int? {
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low < rows.count && rows[low].index == index ? low : nil
  }
}
