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

  /// Of a person, in whatever browsers, until an owner sets another.
  package static let staff = Quota(rows: 100_000, subjects: 10_000, bytes: 200 << 20)
  /// Of a service account that was given no other.
  package static let serviceAccount = Quota(rows: 1_000_000, subjects: 200_000, bytes: 2 << 30)

  /// Of any measure, in its unit on forms.
  package static let largest = 1_000_000_000

  package enum Measure: String, Sendable, Hashable, CaseIterable {
    case rows, subjects, bytes

    /// What one is counted as on forms: bytes are megabytes there.
    package var unit: Int { self == .bytes ? 1 << 20 : 1 }
  }

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

extension Quota {
  /// `rows=100000 subjects=10000 bytes=209715200`: in the control database and in the ledger.
  package var text: String { Measure.allCases.map { "\($0.rawValue)=\(self[$0])" }.joined(separator: " ") }

  init?(text: String) {
    self.init(rows: -1, subjects: -1, bytes: -1)
    for part in text.split(separator: " ") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let measure = Measure(rawValue: String(sides[0])), let most = Int(sides[1]), most >= 0 else { return nil }
      self[measure] = most
    }
    guard Measure.allCases.allSatisfy({ self[$0] >= 0 }) else { return nil }
  }
}

/// Whose use is counted together: a person with all sessions, or a service account. The machine's user and the custodian have no quota.
package struct QuotaHolder: Sendable, Hashable, CustomStringConvertible {
  /// `staff st_…` or `service_account sa_…`.
  package let description: String

  package init?(_ principal: Principal) {
    switch principal.kind {
    case .staff, .serviceAccount: description = "\(principal.kind.rawValue) \(principal.id)"
    case .owner, .operatingSystemUser, .custodian, .vendor, .system: return nil
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
