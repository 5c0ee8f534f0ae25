import Events

/// Who may do what: the one place that decides. What is not listed is denied.
package enum Access {
  package enum Action: String, Sendable, Hashable, CaseIterable {
    case sendEvents
    /// Profiles' verified layer.
    case sendVerified
    case readCatalog
    case queryAggregates
    /// Lists of subjects, profiles, journeys: rows about subjects.
    case readSubjects
    case exportSubjects
    /// The live view of what the gate does.
    case readLive
    case manageReports
    case readSettings
    case manageProjects
    case manageServiceAccounts
    case manageSessions
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
    guard allowed(to: who.rights).contains(action) else {
      throw Denied(action: action, description: sentence(for: who.rights, action))
    }
  }

  static func allowed(to rights: Authenticated.Rights) -> Set<Action> {
    switch rights {
    case .owner:
      [
        .readCatalog, .queryAggregates, .readSubjects, .exportSubjects, .readLive, .manageReports, .readSettings, .manageProjects,
        .manageServiceAccounts, .manageSessions, .readLedger, .eraseLedgerDetails, .readStatus, .deleteSubjects,
        .readAlerts, .manageAlerts,
      ]
    case .operatingSystemUser:
      [
        .sendEvents, .sendVerified, .readCatalog, .queryAggregates, .readSubjects, .exportSubjects, .manageReports, .readSettings,
        .manageProjects, .manageServiceAccounts, .manageSessions, .createSetupLinks, .readLedger, .eraseLedgerDetails, .readStatus,
        .deleteSubjects, .writeBackups, .rotateKeys, .readAlerts, .manageAlerts,
      ]
    case .custodian: [.fetchKeyParcels, .raiseCustodianAlarm, .rotateCustodianKey]
    case .projectToken: [.sendEvents]
    case .serviceAccount(_, let scopes):
      scopes.reduce(into: []) { actions, scope in
        switch scope {
        case .send: actions.formUnion([.sendEvents, .sendVerified])
        case .query: actions.formUnion([.readCatalog, .queryAggregates])
        case .export: actions.formUnion([.readCatalog, .readSubjects, .exportSubjects])
        }
      }
    }
  }

  private static let ownersOnly =
    "No service account may do this: only the owner, in the console, and the server's operating-system user, by sealane's commands."

  private static func sentence(for rights: Authenticated.Rights, _ action: Action) -> String {
    switch rights {
    case .serviceAccount(let project, _)
    where !allowed(to: .serviceAccount(project, Set(ServiceAccount.Scope.allCases))).contains(action):
      ownersOnly
    case .serviceAccount:
      "This service account's scopes do not cover this; make one with the scope that does (send, query or export) under Settings."
    case .projectToken: "The project token is public and may only send events; use a service account."
    case .custodian: "The custodian's token is for the custodian's own calls only."
    case .owner, .operatingSystemUser: "This cannot be done with this credential (\(action.rawValue))."
    }
  }
}
