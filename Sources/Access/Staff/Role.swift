import Events

/// What somebody of the staff may do. A person has any number of them in each project; an owner has all of them everywhere.
package enum Role: String, Sendable, Hashable, CaseIterable {
  /// Figures: reports, boards, the catalog of names.
  case viewer
  /// And rows about subjects; saves reports and cohorts.
  case analyst
  /// And the tracking plan, the live view and how to connect; no rows about subjects beyond the live view.
  case developer
  /// Rows about subjects, erasure, and the ledger.
  case privacyOfficer = "privacy_officer"
  /// People, service accounts, settings; no rows about subjects.
  case admin
  /// Everything that the console offers, in every project.
  case owner

  /// As pages write it.
  package var title: String { self == .privacyOfficer ? "privacy officer" : rawValue }

  /// The roles that are given project by project.
  package static let ofProjects: [Role] = allCases.filter { $0 != .owner }

  var actions: Set<Access.Action> {
    let everybody: Set<Access.Action> = [.manageOwnAccess, .readCatalog, .readExposure, .queryAggregates]
    return switch self {
    case .viewer: everybody
    case .analyst: everybody.union([.manageReports, .readSubjects, .exportSubjects])
    case .developer: everybody.union([.manageReports, .readLive, .readSettings, .managePlan, .readVendors])
    case .privacyOfficer:
      everybody.union([
        .readSubjects, .deleteSubjects, .readLedger, .eraseLedgerDetails, .readAlerts, .manageAlerts, .readSettings, .readStaff,
        .manageSessions, .cutOff, .readVendors, .manageVendors, .killVendors, .readIncidents, .manageIncidents,
      ])
    case .admin:
      everybody.union([
        .manageReports, .readSettings, .managePlan, .manageProjects, .manageServiceAccounts, .readStaff, .manageStaff, .manageSessions,
        .cutOff, .readLedger, .readStatus, .readAlerts, .manageAlerts,
        .readVendors, .manageVendors, .killVendors, .readIncidents, .manageIncidents,
      ])
    case .owner: Role.ofProjects.reduce(into: [.manageOwners, .createProjects]) { $0.formUnion($1.actions) }
    }
  }
}

/// The roles of one person.
package struct StaffRoles: Sendable, Hashable {
  package var isOwner: Bool
  package var byProject: [ProjectID: Set<Role>]

  package init(isOwner: Bool = false, byProject: [ProjectID: Set<Role>] = [:]) {
    self.isOwner = isOwner
    self.byProject = byProject.filter { !$0.value.isEmpty }
  }

  /// In one project; an owner is one everywhere.
  package func roles(in project: ProjectID) -> Set<Role> { isOwner ? [.owner] : byProject[project] ?? [] }

  /// Whether there is any in a project: without one, nobody learns even that it exists.
  package func isKnown(in project: ProjectID) -> Bool { !roles(in: project).isEmpty }

  /// As ledger entries name them: `owner`, `analyst@1`.
  package var words: [String] {
    if isOwner { return [Role.owner.rawValue] }
    return byProject.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { project, roles in
      roles.map { "\($0.rawValue)@\(project.rawValue)" }.sorted()
    }
  }

  package var isEmpty: Bool { !isOwner && byProject.isEmpty }

  /// Whether the person is let in to rows about subjects of a project, the live view's included.
  package func reachesRows(in project: ProjectID) -> Bool {
    [.readSubjects, .exportSubjects, .readLive].contains { allows($0, in: project) }
  }

  /// - Parameter project: nil for what concerns the whole installation: there a role of any project counts, for what is not about a
  ///   project's data.
  func allows(_ action: Access.Action, in project: ProjectID?) -> Bool {
    if isOwner { return Role.owner.actions.contains(action) }
    guard let project else { return action.isOfNoProject && byProject.values.joined().contains { $0.actions.contains(action) } }
    return roles(in: project).contains { $0.actions.contains(action) }
  }
}
