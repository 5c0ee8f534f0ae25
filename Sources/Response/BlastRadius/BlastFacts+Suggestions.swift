import Access
import Events
import Ledger

/// What lowers the blast radius, after what was really used. Whether a vendor needs a field nobody here can know: what is known is what was
/// allowed and never sent.
extension BlastFacts {
  /// What is not used for so long is suggested to go.
  package static let patience: Duration = .seconds(30 * 86_400)
  /// A quota that is so many times what was ever used in a day is too wide.
  package static let wide = 10
  /// With fewer owners, one who lost all passkeys is let in again by nobody: two others must.
  package static let fewestOwners = 3

  var longAgo: Timestamp { Timestamp(milliseconds: at.milliseconds - Self.patience.components.seconds * 1000) }

  /// Those that take most people out of reach first.
  package var suggestions: [BlastSuggestion] {
    (vendors.flatMap(suggestions) + workingAccounts.flatMap(suggestions) + workingStaff.flatMap(suggestions) + staffQuotaSuggestion
      + hostSuggestion)
      .filter { $0.reduction > 0 }
      .sorted { left, right in
        if left.reduction != right.reduction { return left.reduction > right.reduction }
        return (left.kind.rank, left.holder.text) < (right.kind.rank, right.holder.text)
      }
  }

  // MARK: Vendors

  private func suggestions(_ vendor: VendorFacts) -> [BlastSuggestion] {
    let id = vendor.vendor.id
    let held = vendor.people ?? 0
    func suggestion(
      _ kind: BlastSuggestion.Kind, _ sentence: String, before: Int, unit: String = "people held", _ command: String?
    ) -> BlastSuggestion {
      BlastSuggestion(
        kind: kind, holder: .vendor(id), sentence: sentence, before: before, after: 0, unit: unit, page: "/vendors/\(id)", command: command)
    }
    if vendor.vendor.state == .killed {
      return [
        suggestion(
          .unconfirmedDeletion,
          "is killed and has not confirmed that it deleted what it holds: ask for it in writing, then confirm it here.",
          before: held, "sealane vendors confirm-deletion \(id) all")
      ]
    }
    guard vendor.vendor.state == .flowing || vendor.vendor.state == .paused, let delivered = vendor.delivered else { return [] }
    if held > 0, delivered.isCertain, let last = delivered.last, last < longAgo {
      return [
        suggestion(
          .silentVendor, "got nothing for 30 days and still holds people: kill it and ask for deletion.", before: held,
          "sealane vendors kill \(id)")
      ]
    }
    // Only what was allowed all the time is known not to be sent.
    guard vendor.vendor.state == .flowing, delivered.isCertain, delivered.last != nil, let since = vendor.since, since <= longAgo else {
      return []
    }
    let unused = vendor.allowed.filter { !delivered.fields.contains($0) }.sorted()
    guard !unused.isEmpty else { return [] }
    return [
      suggestion(
        .unusedFields,
        "may get \(Self.list(unused)), and none was sent for 30 days: drop \(unused.count == 1 ? "it" : "them") from its fields.",
        before: max(held, 0) == 0 ? people : held, unit: "people of whom it may get \(unused.count == 1 ? "it" : "them")",
        "sealane vendors declare FILE")
    ]
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(4).map { $0.count > 40 ? "\($0.prefix(39))…" : $0 }
    return shown.joined(separator: ", ") + (names.count > 4 ? " and \(names.count - 4) more" : "")
  }

  // MARK: Accounts

  private func suggestions(_ account: ServiceAccount) -> [BlastSuggestion] {
    guard account.reachesRows, let holder = account.quotaHolder, !isFrozen(holder) else { return [] }
    let reached = reach(account.quota)
    let isOld = account.createdAt <= longAgo
    let used = mostUsed[holder] ?? Quota(rows: 0, subjects: 0, bytes: 0)
    func suggestion(
      _ kind: BlastSuggestion.Kind, _ sentence: String, after: Int = 0, unit: String = "people a day", page: String? = nil
    ) -> BlastSuggestion {
      BlastSuggestion(
        kind: kind, holder: .serviceAccount(account.username), sentence: sentence, before: reached, after: after, unit: unit,
        page: page ?? "/settings/accounts/revoke?username=\(account.username)", command: nil)
    }
    if isOld, account.lastUsedAt.map({ $0 < longAgo }) ?? true {
      let words = account.lastUsedAt == nil ? "was never used in" : "was not used for"
      return [suggestion(.unusedAccount, "\(words) 30 days: revoke it.")]
    }
    if isOld, used.rows == 0 {
      let rest = account.scopes.subtracting([.export])
      return [
        suggestion(
          .unusedExport,
          rest.isEmpty
            ? "may export and exported nothing for 30 days: revoke it."
            : "may export and exported nothing for 30 days: make one with \(rest.map(\.rawValue).sorted().joined(separator: ", ")) alone, and revoke this one."
        )
      ]
    }
    var found: [BlastSuggestion] = []
    if isOld, let quota = Self.narrowed(account.quota.subjects, used: used.subjects), quota < reached {
      found.append(
        suggestion(
          .wideQuota,
          "may see \(account.quota.subjects.grouped) people a day and never took more than \(used.subjects.grouped): make one with \(quota.grouped), and revoke this one.",
          after: quota, page: "/settings#accounts"))
    }
    if account.networks.isEmpty {
      found.append(
        suggestion(
          .fromAnywhere, "is good from anywhere: make one that names the networks it is used from, and revoke this one.",
          unit: "people a day, from elsewhere", page: "/settings#accounts"))
    }
    return found
  }

  /// Twice the most that was used, in a round number; nil where the quota is not wide.
  static func narrowed(_ quota: Int, used: Int) -> Int? {
    guard used > 0, quota / Self.wide >= used else { return nil }
    let wanted = used * 2
    var magnitude = 1
    while magnitude * 10 <= wanted { magnitude *= 10 }
    return [1, 2, 5, 10].map { $0 * magnitude }.first { $0 >= wanted }
  }

  // MARK: People and hosts

  private func suggestions(_ member: StaffMember) -> [BlastSuggestion] {
    guard member.roles.reachesRows(in: project), let holder = member.quotaHolder, !isFrozen(holder),
      member.enrolledAt.map({ $0 <= longAgo }) ?? false, (mostUsed[holder]?.rows ?? 0) == 0
    else { return [] }
    if member.roles.isOwner, workingStaff.count(where: \.roles.isOwner) <= Self.fewestOwners { return [] }
    return [
      BlastSuggestion(
        kind: .unusedRole, holder: .person(member.id),
        sentence:
          "looked at no rows for 30 days: a role without them (\(member.roles.isOwner ? "admin" : "viewer")) would do.",
        before: reach(staffQuota), after: 0, unit: "people a day", page: "/staff/\(member.id)", command: nil)
    ]
  }

  /// One quota is everybody's: it is as wide as the one who uses most of it lets it be.
  private var staffQuotaSuggestion: [BlastSuggestion] {
    let readers = workingStaff.filter { $0.roles.reachesRows(in: project) }
    guard let eldest = readers.compactMap(\.enrolledAt).min(), eldest <= longAgo else { return [] }
    let used = mostUsed.filter { $0.key.isStaff }.map(\.value.subjects).max() ?? 0
    guard let quota = Self.narrowed(staffQuota.subjects, used: used), quota < reach(staffQuota) else { return [] }
    return [
      BlastSuggestion(
        kind: .wideQuota, holder: .staff,
        sentence:
          "may see \(staffQuota.subjects.grouped) people a day each, and nobody took more than \(used.grouped): lower the quota to \(quota.grouped).",
        before: reach(staffQuota), after: quota, unit: "people a day", page: "/staff#quota", command: nil)
    ]
  }

  private var hostSuggestion: [BlastSuggestion] {
    guard hasCustodianBeside else { return [] }
    return [
      BlastSuggestion(
        kind: .custodianBeside, holder: .host(.server),
        sentence: "has the custodian’s directory beside the data: move the custodian to another host and delete it here.", before: people,
        after: 0, unit: "identities", page: "", command: "sealane doctor")
    ]
  }
}

extension BlastSuggestion.Kind {
  /// What is done soonest comes first among equals.
  var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
