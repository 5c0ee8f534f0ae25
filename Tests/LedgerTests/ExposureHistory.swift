import Events
import Ledger
import TestSupport

/// A random life of a ledger: people, accounts, vendors, openings, deletions that vendors confirm, and details that are erased.
struct ExposureHistory {
  static let fields = ["$email", "city", "plan", "referrer", "browser", "org_id"]
  static let vendors = ["tallymark", "quillon", "brass"]
  static let exports = ["0123456789abcdef0123456789abcdef", "ffffffffffffffffffffffffffffffff"]

  var generator: SeededGenerator
  let pool: [SubjectNumber]
  /// Deletions that may be confirmed.
  private var pending: [(ProjectID, String, [SubjectNumber])] = []

  init(seed: UInt64, subjects: Int = 300) {
    generator = SeededGenerator(seed: seed)
    var numbers: Set<UInt32> = []
    while numbers.count < subjects { numbers.insert(UInt32.random(in: 0..<UInt32.max, using: &generator)) }
    pool = numbers.sorted().map { SubjectNumber($0) }
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }
  mutating func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }
  mutating func subjects(upTo limit: Int) -> [SubjectNumber] { (0..<number(below: limit + 1)).map { _ in pool[number(below: pool.count)] } }

  mutating func principal() -> Principal {
    switch number(below: 10) {
    case 0..<6:
      let person = number(below: 3)
      return Principal(kind: .staff, id: "st_\(person)", credential: "ses_\(person)\(number(below: 3))")
    case 6..<9:
      // An account's name is also a person's id somewhere: kinds must not be mixed up.
      let name = chance(20) ? "st_1" : "sa_\(number(below: 2))"
      return Principal(kind: .serviceAccount, id: name, credential: name)
    default: return Principal(kind: .operatingSystemUser, id: "1000", credential: "control-socket")
    }
  }

  mutating func disclosure() -> Disclosure {
    let set = subjects(upTo: chance(10) ? 80 : 8)
    let kind: Disclosure.Kind
    var (project, singled) = (Optional(ProjectID(chance(85) ? 1 : 2)), [SubjectNumber]())
    switch number(below: 12) {
    case 0..<6: kind = .subjects(set: set, rows: number(below: 50))
    case 6: kind = .subjectSearch(set: set, rows: set.count)
    case 7, 8:
      kind = .aggregate(queryDigest: "q", dataVersion: 1, groupSizes: [3])
      singled = chance(50) ? subjects(upTo: 3) : []
    case 9: kind = .catalog()
    case 10: kind = .settings
    default:
      kind = .ledger(first: 0, count: set.count, set: set)
      if chance(50) { project = nil }
    }
    let isExport = if case .subjects = kind { chance(30) } else { false }
    return Disclosure(
      kind, project: project, purpose: "test", fields: Self.fields.filter { _ in chance(40) }, singledOut: singled,
      canaries: isExport && chance(50)
        ? .init(export: Self.exports[number(below: 2)], count: 1, lines: 1, commitment: "c") : nil,
      request: isExport ? Int64(1 + number(below: 3)) : nil)
  }

  /// One more thing happens.
  mutating func step(_ ledger: Ledger) async throws {
    let owner = Sample.owner
    let project = ProjectID(chance(85) ? 1 : 2)
    switch number(below: 100) {
    case 0..<55: _ = try await ledger.disclose(0, disclosure(), to: principal())
    case 55..<77:
      let vendor = Self.vendors[number(below: 3)]
      let set = subjects(upTo: 40)
      _ = try await ledger.disclose(
        0,
        Disclosure(
          .delivery(set: set, events: set.count * 2), project: project, purpose: "relay", fields: Self.fields.filter { _ in chance(30) }),
        // What it came with is the name of a session elsewhere.
        to: Principal(kind: .vendor, id: vendor, credential: "ses_00"))
    case 77..<84:
      // Asked for and confirmed, one of both, now or later, in any order.
      if pending.isEmpty || chance(50) {
        pending.append((project, Self.vendors[number(below: 3)], chance(10) ? [] : subjects(upTo: 30)))
        if chance(20) { break }
        let (project, vendor, set) = pending[pending.count - 1]
        try await ledger.record(.vendorDeletionAsked(project, vendor: vendor, subjects: set), by: principal())
      } else {
        let place = number(below: pending.count)
        let (project, vendor, set) = pending[place]
        if chance(80) { pending.remove(at: place) }
        try await ledger.record(.vendorDeletionConfirmed(project, vendor: vendor, subjects: set), by: principal())
      }
    case 84..<87:
      try await ledger.record(
        .identitiesOpened(project, subjects: subjects(upTo: 4), fields: ["$email"], request: "r", approvers: ["a"]),
        by: Principal(kind: .custodian, id: "ap_1", credential: "opening"))
    case 87..<89: try await ledger.record(.subjectErased(project, subjects(upTo: 2), ids: []), by: owner)
    case 89..<92: try await ledger.record(.trackingPlanChanged(project, version: 1, digest: "d"), by: owner)
    case 92..<95:
      let count = try await ledger.count()
      if count > 0 { try await ledger.eraseDetail(of: UInt64.random(in: 0..<count, using: &generator), by: owner) }
    case 95..<97: try await ledger.publish()
    default: try await ledger.record(.exportAsked(project, request: 1), by: owner)
    }
  }

  mutating func question(about times: [Timestamp]) -> ExposureQuestion {
    let source: ExposureQuestion.Source
    switch number(below: 8) {
    case 0: source = .credential("ses_\(number(below: 3))\(number(below: 3))")
    case 1: source = .person("st_\(number(below: 4))")
    case 2: source = .serviceAccount(chance(30) ? "st_1" : "sa_\(number(below: 3))")
    case 3, 4: source = .vendor((Self.vendors + ["nobody"])[number(below: 4)])
    case 5: source = .export(chance(50) ? .canaries(Self.exports[number(below: 2)]) : .request(Int64(1 + number(below: 4))))
    case 6: source = .export(.entry(UInt64(number(below: times.count + 1))))
    default: source = .everything
    }
    return ExposureQuestion(
      source, in: ProjectID(chance(85) ? 1 : 2), from: chance(50) ? times[number(below: times.count)] : nil,
      to: chance(50) ? times[number(below: times.count)] : nil, size: chance(20) ? UInt64(number(below: times.count + 1)) : nil)
  }
}

/// The same answer from all records, one by one, without any cleverness.
struct PlainExposure {
  var entries: [UInt64] = []
  var subjects: Set<SubjectNumber> = []
  var fields: [String: Set<SubjectNumber>] = [:]
  var times: [Timestamp] = []
  var rows = 0
  var untold: [UInt64] = []
  var erased: Set<SubjectNumber> = []
  var proofs: [SubjectNumber: [UInt64]] = [:]

  init(_ question: ExposureQuestion, _ records: [LedgerRecord]) {
    var vendor: String?
    if case .vendor(let name) = question.source { vendor = name }
    func isInTime(_ entry: LedgerEntry) -> Bool {
      if let size = question.size, entry.index >= size { return false }
      if let to = question.to, entry.time >= to { return false }
      if vendor == nil, let from = question.from, entry.time < from { return false }
      return entry.project == nil || entry.project == question.project
    }
    let confirmed = Self.confirmed(by: vendor, records.filter { isInTime($0.entry) })
    for record in records where isInTime(record.entry) {
      guard record.entry.isDisclosure && record.entry.kind != "disclosure.settings" || record.entry.kind == "identities_opened" else {
        continue
      }
      guard case .present(let detail) = record.detail else {
        if Self.mayBeMeant(question.source, record.entry) { untold.append(record.entry.index) }
        continue
      }
      guard Self.isMeant(question.source, record.entry, detail), let set = detail.subjects?.numbers, !set.isEmpty else { continue }
      // What the vendor still held of it at the end.
      let left = set.filter { subject in
        !confirmed.contains { deletion in
          vendor != nil && record.entry.index < deletion.end && (deletion.set.isEmpty || deletion.set.contains(subject))
        }
      }
      guard !left.isEmpty else { continue }
      entries.append(record.entry.index)
      times.append(record.entry.time)
      rows += detail.rows ?? 0
      subjects.formUnion(left)
      for field in detail.fields { fields[field, default: []].formUnion(left) }
      for subject in left { proofs[subject, default: []].append(record.entry.index) }
    }
    for record in records where record.entry.kind == "subject_erased" && record.entry.project == question.project {
      guard record.entry.index < question.size ?? .max, case .present(let detail) = record.detail else { continue }
      erased.formUnion(detail.subjects?.numbers ?? [])
    }
  }

  /// Whom a vendor deleted, of what came before which entry: before it was asked for the first time since it last confirmed the same.
  private static func confirmed(by vendor: String?, _ records: [LedgerRecord]) -> [(set: Set<SubjectNumber>, end: UInt64)] {
    func deletion(_ record: LedgerRecord, _ kind: String) -> Set<SubjectNumber>? {
      guard record.entry.kind == kind, case .present(let detail) = record.detail, detail.facts["vendor"] == vendor else { return nil }
      return Set(detail.subjects?.numbers ?? [])
    }
    return records.enumerated().compactMap { place, record in
      guard let set = deletion(record, "vendor_deletion_confirmed") else { return nil }
      let before = records[..<place]
      let previous = before.lastIndex { deletion($0, "vendor_deletion_confirmed") == set }.map { $0 + 1 } ?? 0
      if let ask = before[previous...].first(where: { deletion($0, "vendor_deletion_asked") == set }) { return (set, ask.entry.index) }
      let untold = before.first { record in
        if case .present = record.detail { return false }
        return record.entry.kind == "vendor_deletion_asked"
      }
      return (set, untold?.entry.index ?? record.entry.index)
    }
  }

  private static func isMeant(_ source: ExposureQuestion.Source, _ entry: LedgerEntry, _ detail: LedgerDetail) -> Bool {
    let who = detail.principal
    return switch source {
    case .credential(let name): who.credential == name && who.kind != .vendor
    case .person(let name): who.id == name && who.kind == .staff
    case .serviceAccount(let name): who.id == name && who.kind == .serviceAccount
    case .vendor(let name): who.id == name && who.kind == .vendor
    case .export(.canaries(let name)): detail.facts["canary_export"] == name
    case .export(.request(let number)): detail.facts["request"] == String(number)
    case .export(.entry(let number)): entry.index == number
    case .everything: true
    case .nothing: false
    }
  }

  private static func mayBeMeant(_ source: ExposureQuestion.Source, _ entry: LedgerEntry) -> Bool {
    switch source {
    case .credential: entry.kind != "disclosure.delivery"
    case .person, .serviceAccount: entry.kind != "disclosure.delivery" && entry.kind != "identities_opened"
    case .vendor: entry.kind == "disclosure.delivery"
    case .export(.canaries), .export(.request): entry.kind == "disclosure.subjects"
    case .export(.entry(let number)): entry.index == number
    case .everything: true
    case .nothing: false
    }
  }
}
