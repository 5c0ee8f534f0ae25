import Events
import Ledger

/// Somebody who has proven who they are. Only this room makes one, from a credential that it has checked.
package struct Authenticated: Sendable, Hashable {
  enum Rights: Sendable, Hashable {
    case staff(StaffMember.ID, StaffRoles)
    case operatingSystemUser
    case custodian
    case serviceAccount(ProjectID, Set<ServiceAccount.Scope>)
    case projectToken(ProjectID)
  }

  /// As the ledger names them.
  package let principal: Principal
  let rights: Rights
  /// Of a service account: which of its secrets was shown, counted from the first.
  let secretNumber: Int?

  init(principal: Principal, rights: Rights, secretNumber: Int? = nil) {
    self.secretNumber = secretNumber
    self.principal = principal
    self.rights = rights
  }

  /// The peer of the control socket, whose user id the kernel told (SO_PEERCRED); the socket's mode lets only the data's owner in.
  package static func operatingSystemUser(id: UInt32) -> Authenticated {
    Authenticated(
      principal: Principal(kind: .operatingSystemUser, id: String(id), credential: "control-socket"), rights: .operatingSystemUser)
  }

  /// The sender of events under a project's public token: proves nothing about who it is and may only send.
  package static func projectToken(of project: Project) -> Authenticated {
    Authenticated(
      principal: Principal(kind: .system, id: "project-token", credential: "project-token"), rights: .projectToken(project.id))
  }

  /// The project that the credential is bound to; nil where it is not bound to one.
  package var project: ProjectID? {
    switch rights {
    case .serviceAccount(let project, _), .projectToken(let project): project
    case .staff, .operatingSystemUser, .custodian: nil
    }
  }

  /// Of the staff, which one; nil for programs and the machine's user.
  package var staff: StaffMember.ID? { if case .staff(let id, _) = rights { id } else { nil } }
}
