import Access
import Events

/// If something were stolen at this moment: for each account, person, vendor and host, whose data and which of it.
///
/// A value of one moment. `BlastRadiusMaker` gathers what it is made of, `BlastRadiusBook` keeps the newest.
package struct BlastRadius: Sendable, Hashable {
  /// Who or what would be stolen.
  package enum HolderID: Sendable, Hashable {
    /// By username.
    case serviceAccount(String)
    case person(StaffMember.ID)
    case vendor(Vendor.ID)
    case host(Incident.Source.Host)
    /// Everybody on the staff: of what concerns no single person.
    case staff

    package var kind: String {
      switch self {
      case .serviceAccount: "service_account"
      case .person: "person"
      case .vendor: "vendor"
      case .host: "host"
      case .staff: "staff"
      }
    }

    package var text: String {
      switch self {
      case .serviceAccount(let name): name
      case .person(let id): id.rawValue
      case .vendor(let id): id.rawValue
      case .host(let host): host.rawValue
      case .staff: "everybody"
      }
    }
  }

  /// What the number of people means.
  package enum Span: String, Sendable, Hashable {
    /// At most so many different ones in a day, by quota.
    case day
    /// So many are held already.
    case held
    /// All there are.
    case everything
  }

  package struct Holder: Sendable, Hashable {
    package let id: HolderID
    /// As people call it. Of a person: only for whoever may know who is on the staff.
    package let name: String
    /// What it may do or does: `query, export`, `owner`, `gets events`.
    package let role: String
    package let span: Span
    /// Nil where the ledger cannot be asked.
    package let people: Int?
    /// There may be more: entries of the ledger can no longer be read.
    package let isAtLeast: Bool
    /// Organizations of these people, by the property that names them; of a credential at most so many.
    package let organizations: [String: Int]
    /// Ascending.
    package let fields: [String]
    /// Names, addresses and the like that it can open.
    package let identities: Int
    /// Nil where nothing about a person is in it.
    package let severity: Severity?
    /// One sentence: what bounds it, or what it does not say.
    package let note: String

    /// Of the property by which there are most.
    package var organizationCount: Int { organizations.values.max() ?? 0 }
    package var reachesRows: Bool { (people ?? 1) > 0 && !fields.isEmpty }
  }

  package let project: ProjectID
  package let at: Timestamp
  /// Everybody there is.
  package let people: Int
  /// All organizations, by the property that names them.
  package let organizations: [String: Int]
  /// Whether the custodian's directory is on the server's host too.
  package let isCustodianBeside: Bool
  /// Accounts and people first, then vendors, then hosts; within each kind those that reach most first.
  package let holders: [Holder]
  /// The strongest first.
  package let suggestions: [BlastSuggestion]
  /// False where some vendor's holdings are not known.
  package var isComplete: Bool { holders.allSatisfy { $0.people != nil } }

  package func holder(_ id: HolderID) -> Holder? { holders.first { $0.id == id } }

  /// Accounts and people.
  package var credentials: [Holder] {
    holders.filter { holder in
      switch holder.id {
      case .serviceAccount, .person: true
      case .vendor, .host, .staff: false
      }
    }
  }

  package var vendors: [Holder] {
    holders.filter { if case .vendor = $0.id { true } else { false } }
  }

  package var hosts: [Holder] {
    holders.filter { if case .host = $0.id { true } else { false } }
  }

  /// Of all but hosts, the one that reaches most people. A host is everybody's by nature: what can be lowered stands here.
  package var largest: Holder? {
    (credentials + vendors).filter(\.reachesRows).max {
      ($0.people ?? 0, $0.severity?.quarters ?? 0) < ($1.people ?? 0, $1.severity?.quarters ?? 0)
    }
  }

  /// The figures of the trend.
  package var day: ExposureDay {
    ExposureDay(
      day: QuotaBook.day(of: at), credentialPeople: credentials.compactMap(\.people).max() ?? 0,
      vendorPeople: vendors.contains { $0.people == nil } ? nil : vendors.compactMap(\.people).max() ?? 0,
      rowHolders: credentials.count(where: \.reachesRows),
      fields: Set((credentials + vendors).filter(\.reachesRows).flatMap(\.fields)).count)
  }

  /// The same for whoever may not know everything.
  ///
  /// - Parameters:
  ///   - vendors: whether it may be known which vendors there are.
  ///   - names: whether people are called by name.
  package func shown(vendors: Bool, names: Bool) -> BlastRadius {
    func isShown(_ id: HolderID) -> Bool {
      if case .vendor = id { vendors } else { true }
    }
    let holders = holders.filter { isShown($0.id) }.map { holder -> Holder in
      guard case .person(let id) = holder.id, !names else { return holder }
      return Holder(
        id: holder.id, name: id.rawValue, role: holder.role, span: holder.span, people: holder.people, isAtLeast: holder.isAtLeast,
        organizations: holder.organizations, fields: holder.fields, identities: holder.identities, severity: holder.severity,
        note: holder.note)
    }
    return BlastRadius(
      project: project, at: at, people: people, organizations: organizations, isCustodianBeside: isCustodianBeside, holders: holders,
      suggestions: suggestions.filter { isShown($0.holder) })
  }
}

/// Something concrete that lowers it.
package struct BlastSuggestion: Sendable, Hashable {
  /// In the order in which they are told where they take as many people out of reach.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Keys stand beside the data.
    case custodianBeside = "custodian_beside"
    /// A killed vendor still holds people.
    case unconfirmedDeletion = "unconfirmed_deletion"
    /// A vendor holds people and gets nothing any more.
    case silentVendor = "silent_vendor"
    case unusedAccount = "unused_account"
    /// May export and does not.
    case unusedExport = "unused_export"
    /// Somebody whose role reaches rows and who looks at none.
    case unusedRole = "unused_role"
    /// A vendor may get fields of which nothing left.
    case unusedFields = "unused_fields"
    /// Far above what is ever used.
    case wideQuota = "wide_quota"
    /// Good from every network.
    case fromAnywhere = "from_anywhere"
  }

  package let kind: Kind
  package let holder: BlastRadius.HolderID
  /// Without the holder's name, so that it can be told to whoever may not know it.
  package let sentence: String
  /// People within reach before and after.
  package let before: Int
  package let after: Int
  /// What the two count, such as `people a day`.
  package let unit: String
  /// The console's page where it is done; empty where there is none.
  package let page: String
  /// What does it in a terminal; nil where nothing does.
  package let command: String?

  package var reduction: Int { before - after }
}
