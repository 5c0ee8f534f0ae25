import Events

/// What to look for in the ledger. All that is said must hold.
package struct LedgerFilter: Sendable, Hashable {
  package enum Kinds: Sendable, Hashable {
    case all, disclosures
    /// What changed power or data.
    case acts
  }

  package var kinds = Kinds.all
  /// Nil: of any project, and of none.
  package var project: ProjectID?
  /// What asked, where it has no id of its own to choose by.
  package var principalKind: Principal.Kind?
  /// The id of who asked: a person, a service account.
  package var principal: String?
  /// The session or key that it came with.
  package var credential: String?
  /// A field that was shown.
  package var field: String?
  /// Shown any of these.
  package var subjects: Set<SubjectNumber> = []
  package var from: Timestamp?
  /// Not at or after.
  package var to: Timestamp?

  package init() {}

  func holds(of entry: LedgerEntry) -> Bool {
    switch kinds {
    case .all: break
    case .disclosures where !entry.isDisclosure: return false
    case .acts where entry.isDisclosure: return false
    case .disclosures, .acts: break
    }
    if let project, entry.project != nil, entry.project != project { return false }
    if let to, entry.time >= to { return false }
    return from.map { entry.time >= $0 } ?? true
  }

  func holds(of detail: LedgerDetail) -> Bool {
    if let principal, detail.principal.id != principal,
      detail.facts.values.allSatisfy({ !$0.split(separator: " ").contains(Substring(principal)) })
    {
      return false
    }
    if let principalKind, detail.principal.kind != principalKind { return false }
    if let credential, detail.principal.credential != credential { return false }
    if let field, !detail.fields.contains(field) { return false }
    guard !subjects.isEmpty else { return true }
    return detail.subjects.map { set in subjects.contains { set.contains($0) } } ?? false
  }

  var needsDetail: Bool { principal != nil || principalKind != nil || credential != nil || field != nil || !subjects.isEmpty }
}

extension SubjectSet {
  package func contains(_ number: SubjectNumber) -> Bool {
    var (low, high) = (0, numbers.count)
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low < numbers.count && numbers[low] == number
  }
}

/// What a search found, and where it goes on.
package struct LedgerFinding: Sendable {
  /// Newest first.
  package let records: [LedgerRecord]
  /// Entries looked at.
  package let looked: Int
  /// Entries before this one were not looked at; nil: none are left.
  package let next: UInt64?
  /// Of those looked at, how many might be meant and cannot be told from: their details are erased, or do not open with the keys at hand.
  package let untold: Int

  /// Of a search that need not be made.
  package static let nothing = LedgerFinding(records: [], looked: 0, next: nil, untold: 0)
}

extension Ledger {
  /// Looks backwards from the newest entry, or from `before` on, until it has found `limit`, or looked at `most`: bounded work, however long
  /// the ledger. Whoever shows what it finds enters a disclosure first.
  package func search(_ filter: LedgerFilter, before end: UInt64? = nil, limit: Int, lookingAt most: Int = 20_000) async throws(LedgerError)
    -> LedgerFinding
  {
    var end = min(end ?? .max, try await count())
    var (found, looked, untold) = ([LedgerRecord](), 0, 0)
    func finding(next: UInt64?) -> LedgerFinding { LedgerFinding(records: found, looked: looked, next: next, untold: untold) }
    while end > 0, looked < most {
      let start = end > UInt64(Self.maximumPage) ? end - UInt64(Self.maximumPage) : 0
      for record in try await records(from: start, limit: Int(end - start), goesOn: true).reversed() {
        looked += 1
        end = record.entry.index
        if let from = filter.from, record.entry.time < from { return finding(next: nil) }
        guard filter.holds(of: record.entry) else { continue }
        switch record.detail {
        case .present(let detail) where filter.holds(of: detail): found.append(record)
        // What it said nobody knows any more: it is shown where nothing is asked that only the details could tell.
        case .erased where !filter.needsDetail, .unreadable where !filter.needsDetail: found.append(record)
        case .erased, .unreadable: untold += 1
        case .present: break
        }
        if found.count == limit { return finding(next: end > 0 ? end : nil) }
      }
    }
    return finding(next: end > 0 ? end : nil)
  }
}
