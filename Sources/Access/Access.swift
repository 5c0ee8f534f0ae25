import Events

/// Who may do what: the one place that decides. What is not listed is denied.
package enum Access {
  package enum Action: String, Sendable, Hashable, CaseIterable {
    case sendEvents
    /// Profiles' verified layer.
    case sendVerified
    case readCatalog
    /// Which credentials there are and what each could reach.
    case readExposure
    case queryAggregates
    /// Lists of subjects, profiles, journeys: rows about subjects.
    case readSubjects
    case exportSubjects
    /// The live view of what the gate does.
    case readLive
    case manageReports
    case readSettings
    case managePlan
    case manageProjects
    /// A further project, which is none of the ones that there are.
    case createProjects
    case manageServiceAccounts
    /// One's own passkeys and sessions, and “I was phished”.
    case manageOwnAccess
    /// Who is on the staff, and what they may do.
    case readStaff
    /// Invitations, roles below owner, removal, and letting people in again.
    case manageStaff
    /// Making owners and changing them.
    case manageOwners
    /// Others' sessions.
    case manageSessions
    /// Ending everything that a colleague could do, at once.
    case cutOff
    case createSetupLinks
    case readLedger
    case eraseLedgerDetails
    case readStatus
    case deleteSubjects
    /// Files on the server's machine, at a place that the caller names.
    case writeBackups
    /// New keys in the key directory.
    case rotateKeys
    case fetchKeyParcels
    case raiseCustodianAlarm
    case rotateCustodianKey
    case readAlerts
    /// Acknowledge and close them, test and enable channels.
    case manageAlerts
    /// Who gets part of the events outside of the company, and how much left.
    case readVendors
    /// Declarations and agreeing to them, pausing and resuming.
    case manageVendors
    /// The kill switch.
    case killVendors
    /// What happened, who is affected, how far one is.
    case readIncidents
    /// Opening, containing, scoping, closing.
    case manageIncidents
    /// Handing in messages that people reported: they are judged, and nothing of anybody else's is told.
    case handInReports

    /// Of a signed-in person: whether the very request must be signed by the browser's key. A copied cookie is not enough for rows about
    /// subjects, for the ledger, and for what gives or takes power.
    package var needsProof: Bool {
      switch self {
      case .readSubjects, .exportSubjects, .readLive, .deleteSubjects, .readLedger, .eraseLedgerDetails, .managePlan, .manageProjects,
        .createProjects, .manageServiceAccounts, .readStaff, .manageStaff, .manageOwners, .manageSessions, .cutOff, .manageOwnAccess,
        .manageAlerts, .manageVendors, .killVendors, .manageIncidents:
        true
      default: false
      }
    }

    /// Whether it may be about the whole installation without being about any project's data.
    var isOfNoProject: Bool {
      switch self {
      case .manageOwnAccess, .readStaff, .manageStaff, .manageSessions, .cutOff: true
      default: false
      }
    }
  }

  package struct Denied: Error, Sendable, Hashable, CustomStringConvertible {
    package let action: Action
    package let description: String
  }

  /// - Parameter project: what the action is about; nil where it is about the whole installation.
  /// - Throws: `Denied`, with a sentence for the caller.
  package static func authorize(_ who: Authenticated, _ action: Action, in project: ProjectID?) throws(Denied) {
    if let bound = who.project, bound != project {
      guard project != nil else { throw Denied(action: action, description: Self.ownersOnly) }
      throw Denied(action: action, description: "This credential belongs to another project; use one that was made for this project.")
    }
    guard allows(who.rights, action, in: project) else {
      throw Denied(action: action, description: sentence(for: who.rights, action))
    }
  }

  private static func allows(_ rights: Authenticated.Rights, _ action: Action, in project: ProjectID?) -> Bool {
    if case .staff(_, let roles) = rights { return roles.allows(action, in: project) }
    return allowed(to: rights).contains(action)
  }

  /// Of those whose rights do not depend on the project.
  private static func allowed(to rights: Authenticated.Rights) -> Set<Action> {
    switch rights {
    case .staff: []
    case .operatingSystemUser:
      [
        .sendEvents, .sendVerified, .readCatalog, .readExposure, .queryAggregates, .readSubjects, .exportSubjects, .manageReports,
        .readSettings,
        .managePlan, .manageProjects, .createProjects, .manageServiceAccounts, .readStaff, .manageStaff, .manageOwners, .manageSessions,
        .cutOff,
        .createSetupLinks, .readLedger, .eraseLedgerDetails, .readStatus,
        .deleteSubjects, .writeBackups, .rotateKeys, .readAlerts, .manageAlerts,
        .readVendors, .manageVendors, .killVendors, .readIncidents, .manageIncidents, .handInReports,
      ]
    case .custodian: [.fetchKeyParcels, .raiseCustodianAlarm, .rotateCustodianKey]
    case .projectToken: [.sendEvents]
    case .serviceAccount(_, let scopes):
      scopes.reduce(into: []) { actions, scope in
        switch scope {
        case .intake: actions.formUnion([.sendEvents, .sendVerified, .handInReports])
        case .query: actions.formUnion([.readCatalog, .queryAggregates])
        case .export: actions.formUnion([.readCatalog, .readSubjects, .exportSubjects])
        case .admin: actions.formUnion([.readCatalog, .readSettings, .manageProjects, .managePlan, .deleteSubjects, .readStatus])
        }
      }
    }
  }

  private static let ownersOnly =
    "No service account may do this: only people with the role for it, in the console, and the server's operating-system user, by sealane's commands."

  private static func sentence(for rights: Authenticated.Rights, _ action: Action) -> String {
    switch rights {
    case .serviceAccount(let project, _)
    where !allowed(to: .serviceAccount(project, Set(ServiceAccount.Scope.allCases))).contains(action):
      ownersOnly
    case .serviceAccount:
      "This service account's scopes do not cover this; make one with the scope that does (intake, query, export or admin) under Settings."
    case .projectToken: "The project token is public and may only send events; use a service account."
    case .custodian: "The custodian's token is for the custodian's own calls only."
    case .staff: staffSentence(action)
    case .operatingSystemUser: "This cannot be done with this credential (\(action.rawValue))."
    }
  }

  /// Which roles would do, so that one knows whom to ask.
  private static func staffSentence(_ action: Action) -> String {
    let roles = Role.ofProjects.filter { $0.actions.contains(action) }.map(\.title)
    if roles.isEmpty { return Role.owner.actions.contains(action) ? "Only an owner may do this." : "Nobody of the staff may do this." }
    let last = roles.last ?? ""
    let list = roles.count > 1 ? "\(roles.dropLast().joined(separator: ", ")) or \(last)" : last
    return "Your roles in this project do not cover this. It needs \(list); an admin gives roles, under Staff."
  }
}
