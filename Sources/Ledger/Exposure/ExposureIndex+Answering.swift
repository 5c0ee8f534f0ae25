import Events

extension ExposureIndex {
  /// Answers from every entry that stands at this moment.
  ///
  /// - Throws: `damaged` or `unreadable` where entries of the ledger cannot be read: then nobody can say who was exposed.
  package func answer(_ question: ExposureQuestion) async throws(LedgerError) -> ExposureAnswer {
    try await catchUp()
    let (files, sealer) = (try await ledger.edge().files, ledger.sealer)
    return try await trying { state throws(LedgerError) in
      var pass = ExposurePass(question, DiskSets(files: files, sealer: sealer))
      return try pass.run(over: state)
    }
  }

  /// The entries that show any of these subjects, of those that answer a question; ascending.
  package func proofs(of numbers: [SubjectNumber], _ question: ExposureQuestion) async throws(LedgerError) -> [ExposureProof] {
    try await catchUp()
    let (files, sealer) = (try await ledger.edge().files, ledger.sealer)
    return try await trying { state throws(LedgerError) in
      var wanted = OrdinalBits(state.directory.count)
      for number in numbers { if let ordinal = state.directory.ordinal(of: number.rawValue) { wanted.insert(ordinal) } }
      guard wanted.count > 0 else { return [] }
      var pass = ExposurePass(question, DiskSets(files: files, sealer: sealer))
      return try pass.proofs(of: wanted, over: state)
    }
  }

  /// Who was ever shown any of these subjects, the one who was shown most of them first; a vendor's deletions are not counted.
  package func holders(of numbers: [SubjectNumber], in project: ProjectID) async throws(LedgerError) -> [ExposureHolder] {
    try await catchUp()
    let (files, sealer) = (try await ledger.edge().files, ledger.sealer)
    return try await trying { state throws(LedgerError) in
      var wanted = OrdinalBits(state.directory.count)
      for number in numbers { if let ordinal = state.directory.ordinal(of: number.rawValue) { wanted.insert(ordinal) } }
      guard wanted.count > 0 else { return [] }
      var pass = ExposurePass(ExposureQuestion(.everything, in: project), DiskSets(files: files, sealer: sealer))
      return try pass.holders(of: wanted, over: state)
    }
  }

  /// The tracking plans that were in force at any moment of a time, oldest first: what they did not let pass was never there to be taken.
  package func plans(of project: ProjectID, from: Timestamp?, to: Timestamp?) async throws(LedgerError) -> [PlanInForce] {
    try await catchUp()
    return await onQueue { state in
      let all = state.plans.filter { plan in plan.project == project && (to.map { plan.time < $0 } ?? true) }
      guard let from, let first = all.lastIndex(where: { $0.time <= from }) else { return all }
      return Array(all[first...])
    }
  }
}

/// Sets that are not in memory, from the details on the disk; the last bundle is kept, since they are asked for in order.
final class DiskSets {
  let files: any LedgerFiles
  let sealer: DetailSealer
  private var loaded: (number: UInt64, bundle: SealedBundle)?

  init(files: any LedgerFiles, sealer: DetailSealer) {
    self.files = files
    self.sealer = sealer
  }

  /// Nil where the details are erased or do not open.
  func numbers(of index: UInt64) throws(LedgerError) -> [SubjectNumber]? {
    let number = index / TilePath.width
    if loaded?.number != number { loaded = (number, try SealedBundle(reading: number, from: files)) }
    guard let (entry, details) = loaded?.bundle.entries[Int(index % TilePath.width)], case .sealed(let sealed) = details,
      let detail = try? sealer.open(sealed, commitment: entry.commitment)
    else { return nil }
    return detail.subjects?.numbers ?? []
  }
}
