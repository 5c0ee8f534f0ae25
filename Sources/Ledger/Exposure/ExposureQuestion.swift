import Events

/// Who was exposed by something that was stolen, as the ledger knows it.
package struct ExposureQuestion: Sendable, Hashable {
  package enum Source: Sendable, Hashable {
    /// A session or key, by its public id: what came with it. What is delivered to vendors came with none.
    case credential(String)
    /// A person of the staff, by id: all sessions.
    case person(String)
    /// By username: all secrets that the account ever had.
    case serviceAccount(String)
    /// What a vendor held at the end of the window: all that was delivered until then, whenever, less what it confirmed to have
    /// deleted of what it had when it was asked.
    case vendor(String)
    case export(Export)
    /// All that left through the interfaces.
    case everything
    /// Nothing that left: for what a host held by itself.
    case nothing
  }

  package enum Export: Sendable, Hashable {
    /// All pages with the canaries of this export: 32 hexadecimal digits.
    case canaries(String)
    /// All pages that left by an agreed wish.
    case request(Int64)
    /// One entry.
    case entry(UInt64)
  }

  package let project: ProjectID
  package let source: Source
  package let from: Timestamp?
  /// Not at or after.
  package let to: Timestamp?
  /// Only entries before this one are looked at: for an answer as it was given earlier. Nil: all there are.
  package var size: UInt64?

  package init(_ source: Source, in project: ProjectID, from: Timestamp? = nil, to: Timestamp? = nil, size: UInt64? = nil) {
    self.project = project
    self.source = source
    self.from = from
    self.to = to
    self.size = size
  }

  /// By what the entry itself says. An entry of no project is about all of them.
  func isMeant(index: UInt64, time: Timestamp, project: ProjectID?) -> Bool {
    if let size, index >= size { return false }
    if let project, project != self.project { return false }
    if let to, time >= to { return false }
    if case .vendor = source { return true }
    return from.map { time >= $0 } ?? true
  }

  /// Whether an entry of this kind can be meant at all, where its details do not say more.
  func mayMean(_ kind: ExposureKind, index: UInt64) -> Bool {
    guard kind.isExposure else { return false }
    return switch source {
    case .credential: kind != .delivery
    case .person, .serviceAccount: kind != .delivery && kind != .opening
    case .vendor: kind == .delivery
    // Exports leave as rows about subjects.
    case .export(.canaries), .export(.request): kind == .subjects || kind == .other
    case .export(.entry(let number)): index == number
    case .everything: true
    case .nothing: false
    }
  }
}

/// What of the entries' kinds matters here.
enum ExposureKind: UInt8, Sendable {
  case aggregate, subjects, subjectSearch, catalog, ledger, delivery, opening
  /// A disclosure of a kind that came later.
  case other
  case deletionAsked, deletionConfirmed, subjectErasure

  /// Nil where an entry of the kind never shows a subject.
  init?(entryKind: String) {
    switch entryKind {
    case "disclosure.settings": return nil
    case "disclosure.aggregate": self = .aggregate
    case "disclosure.subjects": self = .subjects
    case "disclosure.subject_search": self = .subjectSearch
    case "disclosure.catalog": self = .catalog
    case "disclosure.ledger": self = .ledger
    case "disclosure.delivery": self = .delivery
    case "identities_opened": self = .opening
    case "vendor_deletion_asked": self = .deletionAsked
    case AdministrativeEntry.vendorDeletionConfirmedKind: self = .deletionConfirmed
    case "subject_erased": self = .subjectErasure
    default:
      guard entryKind.hasPrefix("disclosure.") else { return nil }
      self = .other
    }
  }

  /// Whether it shows subjects to somebody.
  var isExposure: Bool { !isDeletion && self != .subjectErasure }
  /// Whether it is about what a vendor is to delete, or has.
  var isDeletion: Bool { self == .deletionAsked || self == .deletionConfirmed }
}
