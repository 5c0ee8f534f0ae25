import Events

/// A project as configured.
package struct Project: Sendable, Hashable, Identifiable {
  package enum WeekStart: String, Sendable, Hashable, CaseIterable { case monday, sunday }

  package static let defaultGroupKeys = ["org_id", "organization_id"]
  package static let maximumGroupKeys = 10
  /// Of an installation: each has a store, with its memory and files.
  package static let maximumCount = 100

  package let id: ProjectID
  package var name: String
  /// 32 hexadecimal digits. Public: it stands in every web page that sends events.
  package let token: String
  /// An IANA zone; days, weeks and months of reports begin by it.
  package var zone: String
  package var weekStart: WeekStart
  /// Properties that name an organization.
  package var groupKeys: [String]
  /// For how many days events are kept; nil: for ever.
  package var retentionDays: Int?
  /// Groups of a breakdown with fewer subjects are not shown by themselves, and answers that tell fewer apart are noticed; 1: all may be seen.
  package var smallestGroup = defaultSmallestGroup

  package static let defaultSmallestGroup = 10
  package static let maximumSmallestGroup = 1_000

  /// As the ledger names a change of it: with what it is now, since 1 lets everybody be seen.
  package var smallestGroupEntry: String { "smallest_group=\(smallestGroup)" }
  package static let maximumRetentionDays = 36_500
}
