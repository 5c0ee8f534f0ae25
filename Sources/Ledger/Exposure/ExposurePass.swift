import Events

/// One look over the index for one question.
///
/// Sets of entries that show the same fields are added up first and then added to each field: the work is that of reading each set once.
struct ExposurePass {
  /// A list of fields whose sets have so few numbers, by words of bits, is added number by number.
  private static let fewNumbersAWord = 4

  private let question: ExposureQuestion
  private let disk: DiskSets
  private var all = OrdinalBits(0)
  private var byField: [OrdinalBits?] = []
  private var untold: [ExposureAnswer.Untold] = []
  private var entries: [Int] = []
  /// By ordinal, the position behind the last row that confirms its deletion; empty where none does.
  private var deletions: [UInt32] = []

  init(_ question: ExposureQuestion, _ disk: DiskSets) {
    self.question = question
    self.disk = disk
  }

  mutating func run(over state: ExposureIndex.State) throws(LedgerError) -> ExposureAnswer {
    all = OrdinalBits(state.directory.count)
    byField = [OrdinalBits?](repeating: nil, count: state.fields.fields.names.count)
    let meant = meant(of: state)
    try readDeletions(state)
    var byList: [UInt32: [Int]] = [:]
    for position in meant {
      let row = state.rows[position]
      if state.arena.holds(row.place) {
        byList[row.fields, default: []].append(position)
      } else {
        try addFromDisk(position, state)
      }
    }
    for (list, positions) in byList { add(positions, list, state) }
    entries.sort()
    let rows = entries.map { state.rows[$0] }
    var fields: [String: ExposedSubjects] = [:]
    for (number, bits) in byField.enumerated() {
      if let bits, bits.count > 0 { fields[state.fields.fields.names[number]] = ExposedSubjects(bits, state.directory) }
    }
    return ExposureAnswer(
      question: question, size: min(state.next, question.size ?? state.next), entries: rows.map(\.index),
      subjects: ExposedSubjects(all, state.directory), fields: fields, first: rows.first?.time, last: rows.last?.time,
      openings: rows.count { $0.kind == .opening },
      rows: rows.reduce(0) { $0 + Int($1.rows) }, untold: untold.sorted { $0.index < $1.index },
      erased: ExposedSubjects(try erased(state), state.directory))
  }

  mutating func proofs(of wanted: OrdinalBits, over state: ExposureIndex.State) throws(LedgerError) -> [ExposureProof] {
    let meant = meant(of: state)
    try readDeletions(state)
    var proofs: [ExposureProof] = []
    for position in meant {
      var isShown = false
      let row = state.rows[position]
      _ = try forEach(row, state) { ordinal in
        if wanted.contains(ordinal), !isDeleted(ordinal, after: position) { isShown = true }
      }
      if isShown { proofs.append(ExposureProof(index: row.index, time: row.time, fields: state.fields.names(of: row.fields))) }
    }
    return proofs
  }

  /// Who was shown any of the subjects, and how many of them.
  mutating func holders(of wanted: OrdinalBits, over state: ExposureIndex.State) throws(LedgerError) -> [ExposureHolder] {
    struct Key: Hashable {
      let kind: Principal.Kind
      let principal: UInt32
      let credential: UInt32
      let export: UInt32
    }
    struct Tally {
      var seen: OrdinalBits
      var entries = 0
      let first: Timestamp
      var last: Timestamp
    }
    // Places among the wanted, so that a tally is as small as the question.
    var places: [UInt32: UInt32] = [:]
    for (index, word) in wanted.words.enumerated() where word != 0 {
      var rest = word
      while rest != 0 {
        places[UInt32(index << 6 + rest.trailingZeroBitCount)] = UInt32(places.count)
        rest &= rest &- 1
      }
    }
    var tallies: [Key: Tally] = [:]
    for position in meant(of: state) {
      let row = state.rows[position]
      var shown: [UInt32] = []
      _ = try forEach(row, state) { ordinal in
        if wanted.contains(ordinal), let place = places[ordinal] { shown.append(place) }
      }
      guard !shown.isEmpty else { continue }
      let key = Key(kind: row.principalKind, principal: row.principal, credential: row.credential, export: row.export)
      var tally = tallies.removeValue(forKey: key) ?? Tally(seen: OrdinalBits(places.count), first: row.time, last: row.time)
      for place in shown { tally.seen.insert(place) }
      tally.entries += 1
      tally.last = row.time
      tallies[key] = tally
    }
    return tallies.map { key, tally in
      ExposureHolder(
        kind: key.kind, id: state.names.names[Int(key.principal)], credential: state.names.names[Int(key.credential)],
        export: key.export == 0 ? nil : state.names.names[Int(key.export)], people: tally.seen.count, entries: tally.entries,
        first: tally.first, last: tally.last)
    }.sorted { ($1.people, $0.last) < ($0.people, $1.last) }
  }

  // MARK: Which entries

  /// Positions of the rows that are meant; notes those that may be.
  private mutating func meant(of state: ExposureIndex.State) -> [Int] {
    let principal: UInt32?
    switch question.source {
    case .credential(let name), .person(let name), .serviceAccount(let name), .vendor(let name), .export(.canaries(let name)):
      principal = state.names.number(of: name)
    case .export(.request), .export(.entry), .everything, .nothing: principal = nil
    }
    var meant: [Int] = []
    for (position, row) in state.rows.enumerated() where question.isMeant(index: row.index, time: row.time, project: row.project) {
      guard question.mayMean(row.kind, index: row.index) else { continue }
      switch row.state {
      case .told: if holds(row, principal) { meant.append(position) }
      case .erased: untold.append(.init(index: row.index, time: row.time, reason: .erased))
      case .unreadable: untold.append(.init(index: row.index, time: row.time, reason: .unreadable))
      }
    }
    return meant
  }

  private func holds(_ row: ExposureRow, _ name: UInt32?) -> Bool {
    switch question.source {
    case .credential: row.credential == name
    case .person: row.principalKind == .staff && row.principal == name
    case .serviceAccount: row.principalKind == .serviceAccount && row.principal == name
    case .vendor: row.principalKind == .vendor && row.principal == name
    case .export(.canaries): row.export == name
    case .export(.request(let number)): row.request == number && number != 0
    case .export(.entry), .everything, .nothing: true
    }
  }

  // MARK: Deletions

  /// What a vendor confirmed to have deleted is what it had when it was asked: what was delivered between the two may have come after it
  /// looked. Where nobody asked, it is what it had when it confirmed.
  private mutating func readDeletions(_ state: ExposureIndex.State) throws(LedgerError) {
    guard case .vendor(let name) = question.source, let vendor = state.names.number(of: name) else { return }
    var last: [UInt32] = []
    // By set, the first time that it was asked for since it was confirmed; and the first time that nobody can tell what was asked.
    var asked: [UInt64: Int] = [:]
    var firstUntold: Int?
    for (position, row) in state.rows.enumerated()
    where row.kind.isDeletion && question.isMeant(index: row.index, time: row.time, project: row.project) {
      guard row.state == .told else {
        // A confirmation that cannot be read any more takes nobody out.
        if row.kind == .deletionAsked, firstUntold == nil { firstUntold = position }
        continue
      }
      guard row.principal == vendor else { continue }
      if row.kind == .deletionAsked {
        if asked[row.fingerprint] == nil { asked[row.fingerprint] = position }
        continue
      }
      let end = UInt32((asked.removeValue(forKey: row.fingerprint) ?? firstUntold ?? position) + 1)
      if last.isEmpty { last = [UInt32](repeating: 0, count: state.directory.count) }
      if row.place.count == 0 {
        // It names nobody: all is gone that came before.
        for ordinal in last.indices { last[ordinal] = max(last[ordinal], end) }
      } else {
        _ = try forEach(row, state) { last[Int($0)] = max(last[Int($0)], end) }
      }
    }
    deletions = last
  }

  @inline(__always) private func isDeleted(_ ordinal: UInt32, after position: Int) -> Bool {
    !deletions.isEmpty && deletions[Int(ordinal)] > UInt32(position)
  }

  private mutating func erased(_ state: ExposureIndex.State) throws(LedgerError) -> OrdinalBits {
    var bits = OrdinalBits(state.directory.count)
    for row in state.rows where row.kind == .subjectErasure && row.state == .told {
      guard row.index < question.size ?? .max, row.project == nil || row.project == question.project else { continue }
      _ = try forEach(row, state) { bits.insert($0) }
    }
    return bits
  }

  // MARK: Adding up

  /// Sets of entries that show the same fields, all in memory.
  private mutating func add(_ positions: [Int], _ list: UInt32, _ state: ExposureIndex.State) {
    let numbers = positions.reduce(0) { $0 + Int(state.rows[$1].place.count) }
    let fields = state.fields.lists[Int(list)]
    guard numbers >= all.words.count / Self.fewNumbersAWord else {
      for position in positions { addOne(position, fields, state) }
      return
    }
    var sum = OrdinalBits(state.directory.count)
    let deletions = deletions
    for position in positions {
      var kept = 0
      if deletions.isEmpty {
        state.arena.forEach(state.rows[position].place) { sum.insert($0) }
        kept = 1
      } else {
        state.arena.forEach(state.rows[position].place) { ordinal in
          if deletions[Int(ordinal)] <= UInt32(position) {
            sum.insert(ordinal)
            kept += 1
          }
        }
      }
      if kept > 0 { entries.append(position) }
    }
    all.formUnion(sum)
    for field in fields { add(sum, to: field) }
  }

  private mutating func addOne(_ position: Int, _ fields: [UInt32], _ state: ExposureIndex.State) {
    var kept: [UInt32] = []
    state.arena.forEach(state.rows[position].place) { if !isDeleted($0, after: position) { kept.append($0) } }
    add(kept, position, fields)
  }

  private mutating func addFromDisk(_ position: Int, _ state: ExposureIndex.State) throws(LedgerError) {
    let row = state.rows[position]
    var kept: [UInt32] = []
    let isTold = try forEach(row, state) { if !isDeleted($0, after: position) { kept.append($0) } }
    if isTold {
      add(kept, position, state.fields.lists[Int(row.fields)])
    } else {
      // Erased in this very moment, or the key is gone.
      untold.append(.init(index: row.index, time: row.time, reason: .unreadable))
    }
  }

  private mutating func add(_ kept: [UInt32], _ position: Int, _ fields: [UInt32]) {
    guard !kept.isEmpty else { return }
    entries.append(position)
    for ordinal in kept { all.insert(ordinal) }
    for field in fields {
      // Taken out, so that it changes in place.
      var bits = byField[Int(field)] ?? OrdinalBits(all.words.count << 6)
      byField[Int(field)] = nil
      for ordinal in kept { bits.insert(ordinal) }
      byField[Int(field)] = bits
    }
  }

  private mutating func add(_ sum: OrdinalBits, to field: UInt32) {
    guard var bits = byField[Int(field)] else {
      byField[Int(field)] = sum
      return
    }
    byField[Int(field)] = nil
    bits.formUnion(sum)
    byField[Int(field)] = bits
  }

  /// A row's set, from memory or from the disk; false where nobody can read it any more.
  private func forEach(_ row: ExposureRow, _ state: ExposureIndex.State, _ body: (UInt32) -> Void) throws(LedgerError) -> Bool {
    if state.arena.holds(row.place) {
      state.arena.forEach(row.place, body)
      return true
    }
    guard let numbers = try disk.numbers(of: row.index) else { return false }
    for number in numbers { if let ordinal = state.directory.ordinal(of: number.rawValue) { body(ordinal) } }
    return true
  }
}
