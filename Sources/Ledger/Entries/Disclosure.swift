import Crypto
import Events
import Foundation

/// What an answer shows, as it will stand in the ledger.
package struct Disclosure: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// Numbers about groups. `queryDigest` as of `digest(ofQuery:)`; `groupSizes`: subjects behind each figure shown.
    case aggregate(queryDigest: String, dataVersion: UInt64, groupSizes: [Int])
    /// Rows about subjects: `set` is exactly who is in them (raw or canonical numbers), `rows` at most `maximumRows`.
    case subjects(set: [SubjectNumber], rows: Int, queryDigest: String? = nil, dataVersion: UInt64? = nil)
    /// Who was found by a search (the beginning of a pseudonym, latest activity). The same limits as `subjects`.
    case subjectSearch(set: [SubjectNumber], rows: Int)
    /// Events on their way to a vendor: `set` is exactly whom they are about, `events` at most `maximumRows`.
    case delivery(set: [SubjectNumber], events: Int)
    /// Names and frequent values of events and properties, without subjects.
    case catalog(dataVersion: UInt64? = nil)
    /// Settings, service accounts, sessions: what the control database holds.
    case settings
    /// Ledger entries with their details. `set`: subjects whose numbers were shown with them.
    case ledger(first: UInt64, count: Int, set: [SubjectNumber] = [])
  }

  /// Rows of subjects that leave under one entry; a larger answer goes out in pages, each entered before it is sent.
  package static let maximumRows = 10_000
  /// Subjects that leave under one entry: a row may show several, the canonical one, the one that it arrived as, those in its values.
  package static let maximumSubjects = 1_000_000

  package let kind: Kind
  /// Nil where it is about the whole installation.
  package let project: ProjectID?
  /// Where it was asked and what for, from a closed set such as `console.funnel`, `api.export`.
  package let purpose: String
  /// The fields shown, by name.
  package let fields: [String]
  /// Subjects whose pseudonyms stand among the values that are shown: a property may name another account.
  package let subjectsInValues: [SubjectNumber]
  /// Subjects whom figures about groups tell apart from all others: they count as shown.
  package let singledOut: [SubjectNumber]
  /// Of the rows about subjects, as they leave.
  package private(set) var bytes: Int
  /// Whether fewer rows would do, where a quota does not reach for all.
  package let takesPart: Bool

  /// The number of the wish for an export that another person agreed to, on all pages of what leaves by it.
  package let request: Int64?

  /// Synthetic subjects that go out with the rows, and are counted neither as rows nor as subjects; nil where there are none.
  package let canaries: CanaryMark?

  /// What an entry says of canaries: enough to find them again with the pseudonym key, and nothing without it.
  package struct CanaryMark: Sendable, Hashable {
    /// Of the export, the same on all its pages: 32 hexadecimal digits.
    package let export: String
    package let count: Int
    /// Lines that show them on this page.
    package let lines: Int
    /// SHA-256 over what they are: 64 hexadecimal digits.
    package let commitment: String

    package init(export: String, count: Int, lines: Int, commitment: String) {
      self.export = export
      self.count = count
      self.lines = lines
      self.commitment = commitment
    }
  }

  package init(
    _ kind: Kind, project: ProjectID?, purpose: String, fields: [String] = [], subjectsInValues: [SubjectNumber] = [],
    singledOut: [SubjectNumber] = [], bytes: Int = 0, takesPart: Bool = false, canaries: CanaryMark? = nil, request: Int64? = nil
  ) {
    self.singledOut = singledOut
    self.request = request
    self.bytes = bytes
    self.takesPart = takesPart
    self.canaries = canaries
    self.kind = kind
    self.project = project
    self.purpose = purpose
    self.fields = fields
    self.subjectsInValues = subjectsInValues
  }

  /// SHA-256 of a query's canonical JSON, 64 hexadecimal digits.
  package static func digest(ofQuery canonicalJSON: some DataProtocol) -> String {
    Hexadecimal.text(SHA256.hash(data: canonicalJSON))
  }
}

extension Disclosure {
  /// The same of an answer that is so large.
  package func of(bytes: Int) -> Disclosure {
    var other = self
    other.bytes = bytes
    return other
  }

  /// Rows about subjects.
  package var rows: Int {
    switch kind {
    case .subjects(_, let rows, _, _), .subjectSearch(_, let rows): rows
    case .ledger(_, let count, _): count
    case .delivery(_, let events): events
    case .aggregate, .catalog, .settings: 0
    }
  }

  /// Who is in the rows, and in the values that are shown.
  package var subjects: [SubjectNumber] {
    switch kind {
    case .subjects(let set, _, _, _), .subjectSearch(let set, _), .ledger(_, _, let set), .delivery(let set, _):
      set + subjectsInValues + singledOut
    case .aggregate, .catalog, .settings: subjectsInValues + singledOut
    }
  }

  /// Whether it shows rows about single subjects. What an answer about groups names, and the ledger itself, which is what one reads on the
  /// day when no witness answers, are not meant.
  var isAboutSubjects: Bool {
    switch kind {
    case .subjects, .subjectSearch, .delivery: true
    case .aggregate, .catalog, .settings, .ledger: false
    }
  }

  /// The entry's kind; closed set of docs/FORMATS.md.
  var entryKind: String {
    switch kind {
    case .aggregate: "disclosure.aggregate"
    case .subjects: "disclosure.subjects"
    case .subjectSearch: "disclosure.subject_search"
    case .delivery: "disclosure.delivery"
    case .catalog: "disclosure.catalog"
    case .settings: "disclosure.settings"
    case .ledger: "disclosure.ledger"
    }
  }

  /// - Throws: `refused` where the page is larger than allowed or the numbers contradict each other.
  func detail(to principal: Principal) throws(LedgerError) -> LedgerDetail {
    var detail = LedgerDetail(principal: principal, purpose: purpose, fields: fields)
    switch kind {
    case .aggregate(let digest, let version, let sizes):
      detail.queryDigest = digest
      detail.dataVersion = version
      detail.groupSizes = sizes
      try detail.setSubjects(inValues: subjectsInValues + singledOut)
      if !singledOut.isEmpty { detail.facts["singled_out"] = String(singledOut.count) }
    case .subjects(let set, let rows, let digest, let version):
      detail.queryDigest = digest
      detail.dataVersion = version
      try detail.setSubjects(set + subjectsInValues + singledOut, rows: rows)
      if !singledOut.isEmpty { detail.facts["singled_out"] = String(singledOut.count) }
    case .subjectSearch(let set, let rows), .delivery(let set, let rows):
      try detail.setSubjects(set, rows: rows)
    case .catalog(let version):
      detail.dataVersion = version
      try detail.setSubjects(inValues: subjectsInValues)
    case .settings:
      break
    case .ledger(let first, let count, let set):
      detail.facts = ["first": String(first)]
      try detail.setSubjects(set, rows: count)
    }
    if let request { detail.facts["request"] = String(request) }
    if let canaries {
      detail.facts["canary_export"] = canaries.export
      detail.facts["canaries"] = String(canaries.count)
      detail.facts["canary_lines"] = String(canaries.lines)
      detail.facts["canary_commitment"] = canaries.commitment
    }
    return detail
  }
}

extension LedgerDetail {
  fileprivate mutating func setSubjects(_ numbers: [SubjectNumber], rows: Int) throws(LedgerError) {
    guard (0...Disclosure.maximumRows).contains(rows) else {
      throw LedgerError(
        .refused, "A page of \(rows) rows is too large to disclose at once: ask for at most \(Disclosure.maximumRows), page by page.")
    }
    self.rows = rows
    subjects = try Self.set(numbers)
  }

  /// Of an answer without rows about subjects: nothing is said of them where it shows none.
  fileprivate mutating func setSubjects(inValues numbers: [SubjectNumber]) throws(LedgerError) {
    if !numbers.isEmpty { subjects = try Self.set(numbers) }
  }

  private static func set(_ numbers: [SubjectNumber]) throws(LedgerError) -> SubjectSet {
    let set = SubjectSet(numbers)
    guard set.numbers.count <= Disclosure.maximumSubjects else {
      throw LedgerError(
        .refused,
        "A page about \(set.numbers.count) subjects is too large to disclose at once: at most \(Disclosure.maximumSubjects). Ask for fewer rows."
      )
    }
    return set
  }
}
