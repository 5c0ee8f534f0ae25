import Events
import Ledger

/// What one credential may take out in a day of UTC: rows about subjects, the different subjects in them, and bytes of exports.
package struct Quota: Sendable, Hashable {
  package var rows: Int
  package var subjects: Int
  package var bytes: Int

  package init(rows: Int, subjects: Int, bytes: Int) {
    self.rows = rows
    self.subjects = subjects
    self.bytes = bytes
  }

  /// Of a person, in whatever browsers.
  package static let staff = Quota(rows: 100_000, subjects: 10_000, bytes: 200 << 20)
  /// Of a service account that was given no other.
  package static let serviceAccount = Quota(rows: 1_000_000, subjects: 200_000, bytes: 2 << 30)

  /// Of any measure, in its unit on forms.
  package static let largest = 1_000_000_000

  package enum Measure: String, Sendable, Hashable, CaseIterable { case rows, subjects, bytes }

  package subscript(_ measure: Measure) -> Int {
    get {
      switch measure {
      case .rows: rows
      case .subjects: subjects
      case .bytes: bytes
      }
    }
    set {
      switch measure {
      case .rows: rows = newValue
      case .subjects: subjects = newValue
      case .bytes: bytes = newValue
      }
    }
  }
}

/// Whose use is counted together: a person with all sessions, or a service account. The machine's user and the custodian have no quota.
package struct QuotaHolder: Sendable, Hashable, CustomStringConvertible {
  /// `staff st_…` or `service_account sa_…`.
  package let description: String

  package init?(_ principal: Principal) {
    switch principal.kind {
    case .staff, .serviceAccount: description = "\(principal.kind.rawValue) \(principal.id)"
    case .owner, .operatingSystemUser, .custodian, .system: return nil
    }
  }

  init(stored: String) { description = stored }

  /// The person's or the account's own id.
  package var id: String { description.split(separator: " ").last.map(String.init) ?? "" }
  package var isStaff: Bool { description.hasPrefix(Principal.Kind.staff.rawValue + " ") }
}

/// A credential that gets nothing any more until somebody lifts it.
package struct Freeze: Sendable, Hashable {
  package let holder: QuotaHolder
  /// Which quota ran out; nil where somebody froze it by hand.
  package let measure: Quota.Measure?
  package let frozenAt: Timestamp
}
