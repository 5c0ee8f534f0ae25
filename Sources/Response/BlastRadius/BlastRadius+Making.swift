import Access
import Events
import Ledger

extension BlastRadius {
  package init(_ facts: BlastFacts) {
    let holders = facts.credentials + facts.vendorHolders + facts.hosts
    self.init(
      project: facts.project, at: facts.at, people: facts.people, organizations: facts.organizations.all,
      isCustodianBeside: facts.hasCustodianBeside, holders: holders,
      suggestions: facts.suggestions)
  }
}

extension BlastFacts {
  func isFrozen(_ holder: QuotaHolder?) -> Bool { holder.map(frozen.contains) ?? false }

  /// Those that work. A canary is nobody's: whoever steals it has nothing.
  var workingAccounts: [ServiceAccount] { accounts.filter { !$0.isRevoked && !$0.isExpired(at: at) && !$0.isCanary } }
  var workingStaff: [StaffMember] { staff.filter { $0.isActive && $0.roles.isKnown(in: project) } }

  /// So many different people a day, at most: nobody is seen without a row.
  func reach(_ quota: Quota) -> Int { min(people, quota.subjects, quota.rows) }

  var credentials: [BlastRadius.Holder] {
    (workingAccounts.map(holder) + workingStaff.map(holder)).sorted { left, right in
      let (more, less) = (left.people ?? 0, right.people ?? 0)
      return more != less ? more > less : left.name < right.name
    }
  }

  private func holder(_ account: ServiceAccount) -> BlastRadius.Holder {
    let isFrozen = isFrozen(account.quotaHolder)
    let people = account.reachesRows && !isFrozen ? reach(account.quota) : 0
    let days = max(0, (account.expiresAt.milliseconds - at.milliseconds) / 86_400_000)
    let place =
      account.networks.isEmpty ? "from anywhere" : "from \(account.networks.count) network\(account.networks.count == 1 ? "" : "s")"
    var limits: [String] = []
    if account.reachesRows { limits.append("\(account.quota.rows.grouped) rows a day, each page in the ledger first") }
    if account.scopes.contains(.query) {
      limits.append(account.reachesRows ? "and counts" : "counts only, no rows: groups may be named by pseudonyms")
    }
    if account.scopes.contains(.admin) { limits.append("the plan and settings; may erase subjects") }
    if limits.isEmpty { limits.append("reads nothing") }
    return credential(
      .serviceAccount(account.username), account.name,
      role: ServiceAccount.Scope.allCases.filter(account.scopes.contains).map(\.rawValue).joined(separator: ", "), people: people,
      note: isFrozen
        ? "frozen: reads nothing until somebody lifts it"
        : "\(limits.joined(separator: "; ")); \(place), for \(days) more day\(days == 1 ? "" : "s")")
  }

  private func holder(_ member: StaffMember) -> BlastRadius.Holder {
    let isFrozen = isFrozen(member.quotaHolder)
    let reaches = member.roles.reachesRows(in: project)
    return credential(
      .person(member.id), member.name, role: member.roles.roles(in: project).map(\.title).sorted().joined(separator: ", "),
      people: reaches && !isFrozen ? reach(staffQuota) : 0,
      note: isFrozen
        ? "frozen: sees nothing until somebody lifts it"
        : reaches
          ? "\(staffQuota.rows.grouped) rows a day, each page in the ledger first; a session ends after an hour without use"
          : "counts only, no rows; a session ends after an hour without use")
  }

  private func credential(_ id: BlastRadius.HolderID, _ name: String, role: String, people: Int, note: String) -> BlastRadius.Holder {
    let fields = people > 0 ? fields : []
    return BlastRadius.Holder(
      id: id, name: name, role: role, span: .day, people: people, isAtLeast: false, organizations: organizations.most(of: people),
      fields: fields, identities: 0,
      severity: BlastRadius.severity(BlastRadius.identifiability(of: fields, hidden: hidden), people: people), note: note)
  }

  var vendorHolders: [BlastRadius.Holder] {
    vendors.map { vendor in
      let role =
        switch vendor.vendor.state {
        case .declared: "gets nothing yet"
        case .flowing: "gets events"
        case .paused: "paused"
        case .killed: "killed"
        }
      return BlastRadius.Holder(
        id: .vendor(vendor.vendor.id), name: vendor.name, role: role, span: .held, people: vendor.people, isAtLeast: vendor.isAtLeast,
        organizations: vendor.organizations, fields: vendor.fields.sorted(), identities: 0,
        severity: BlastRadius.severity(
          BlastRadius.identifiability(of: vendor.fields, hidden: hidden), people: vendor.people ?? 0),
        note: vendor.people == 0 ? "holds nothing that Sealane sent" : "holds them now, under pseudonyms of its own")
    }.sorted { left, right in
      let (more, less) = (left.people ?? .max, right.people ?? .max)
      return more != less ? more > less : left.id.text < right.id.text
    }
  }

  /// Whoever takes a host has what is on it, whatever the quotas are.
  var hosts: [BlastRadius.Holder] {
    func host(
      _ host: Incident.Source.Host, _ role: String, fields: [String], identities: Int, _ severity: Severity?, _ note: String
    ) -> BlastRadius.Holder {
      BlastRadius.Holder(
        id: .host(host), name: host.title, role: role, span: .everything, people: people, isAtLeast: false,
        organizations: organizations.all, fields: fields, identities: identities, severity: severity, note: note)
    }
    let isBeside = hasCustodianBeside
    return [
      host(
        .server, isBeside ? "data, pseudonym key, custodian" : "data and the pseudonym key", fields: fields,
        identities: isBeside ? people : 0,
        // Whoever has the pseudonym key can try identifiers that they know.
        BlastRadius.severity(isBeside ? .identified : .linkable, people: people),
        isBeside
          ? "the custodian’s directory stands on the same machine: data and keys together open identities"
          : "opens nothing sealed before; allows guessing at identifiers that one already knows, and sees what arrives from then on"),
      host(
        .custodian, "keys, no data", fields: [], identities: 0, BlastRadius.severity(.identified, people: people),
        "alone it opens 0 identities; together with a copy of the data \(people.grouped): the arithmetic is of both together"),
      host(
        .backup, "data without keys", fields: fields, identities: 0,
        BlastRadius.severity(BlastRadius.identifiability(of: fields, hidden: hidden), people: people),
        "pseudonyms and events; without the key directory nobody can even guess"),
    ]
  }
}

extension ServiceAccount {
  var quotaHolder: QuotaHolder? { QuotaHolder(Principal(kind: .serviceAccount, id: username, credential: "")) }
}

extension StaffMember {
  var quotaHolder: QuotaHolder? { QuotaHolder(Principal(kind: .staff, id: id.rawValue, credential: "")) }
}

extension Incident.Source.Host {
  package var title: String {
    switch self {
    case .server: "Server’s host"
    case .custodian: "Custodian’s host"
    case .backup: "A backup"
    }
  }
}

extension Int {
  /// With thousands separators, as everywhere.
  var grouped: String {
    let digits = String(magnitude)
    var text = ""
    for (offset, digit) in digits.enumerated() {
      if offset > 0, (digits.count - offset) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return self < 0 ? "−\(text)" : text
  }
}
