import Events
import Ledger

/// What this room finds about credentials and people, in words.
extension NewAlert {
  /// A credential gets nothing any more.
  package static func frozen(_ freeze: Freeze) -> NewAlert {
    NewAlert(
      .credentialFrozen, about: freeze.holder.about,
      sentence: freeze.measure.map {
        "A credential used up its \($0.rawValue) of the day and is frozen. Find out who took so much before you lift it."
      }
        ?? "A credential was frozen by hand.",
      details: ["quota": .text(freeze.measure?.rawValue ?? "by hand")], sameAs: freeze.holder.description)
  }

  /// A secret that is an account's, and of no use, was presented. Nil where that happens to honest programs every day.
  package static func refused(_ account: ServiceAccount, _ refusal: Presented.Refusal) -> NewAlert? {
    let about = Alert.About(kind: Principal.Kind.serviceAccount.rawValue, id: account.username, credential: account.username)
    switch refusal {
    case .revoked, .replaced:
      return NewAlert(
        .revokedCredentialUsed, project: account.project, about: about,
        sentence:
          "A secret that was \(refusal == .revoked ? "revoked" : "replaced") is still presented: by a forgotten program, or by whoever stole it.",
        details: ["reason": .text(refusal.rawValue)], sameAs: account.username)
    case .canary:
      return NewAlert(
        .canaryUsed, project: account.project, about: about,
        sentence: "The secret of a canary was presented. Nobody has a reason to: it was taken from where it lay.",
        details: ["reason": .text(refusal.rawValue)], sameAs: account.username)
    case .network:
      return NewAlert(
        .unusualUse, severity: .high, project: account.project, about: about,
        sentence: "A secret was presented from an address outside of its account's networks.", details: ["reason": .text(refusal.rawValue)],
        sameAs: account.username)
    case .expired: return nil
    }
  }

  /// A service account that may export or administer was made.
  ///
  /// - Parameter second: who agreed; nil where the machine's user made it.
  package static func powerGranted(_ account: ServiceAccount, by principal: Principal, agreedBy second: StaffMember.ID?) -> NewAlert {
    let scopes = account.scopes.map(\.rawValue).sorted().joined(separator: " ")
    return NewAlert(
      .powerGranted, project: account.project,
      about: Alert.About(kind: Principal.Kind.serviceAccount.rawValue, id: account.username, credential: account.username),
      sentence: "A service account with the scopes \(scopes) was made. If nobody knows of it, revoke it.",
      details: ["scopes": .text(scopes), "by": .text(principal.id), "agreed_by": .text(second?.rawValue ?? "nobody: at the machine")])
  }

  /// Such an account got another secret, which whoever rotated it has seen.
  package static func powerRotated(_ account: ServiceAccount, by principal: Principal) -> NewAlert {
    let scopes = account.scopes.map(\.rawValue).sorted().joined(separator: " ")
    return NewAlert(
      .powerGranted, severity: .low, project: account.project,
      about: Alert.About(kind: Principal.Kind.serviceAccount.rawValue, id: account.username, credential: account.username),
      sentence: "A service account with the scopes \(scopes) got another secret. If its owner knows nothing of that, revoke it.",
      details: ["scopes": .text(scopes), "by": .text(principal.id), "act": .text("rotated")], sameAs: "rotation of \(account.username)")
  }

  /// Somebody was invited as an admin or owner, or became one.
  package static func powerGranted(_ staff: StaffMember.ID, roles: StaffRoles, by principal: Principal) -> NewAlert {
    NewAlert(
      .powerGranted, about: Alert.About(kind: Principal.Kind.staff.rawValue, id: staff.rawValue, credential: ""),
      sentence:
        "Somebody of the staff is \(roles.isOwner ? "an owner" : "an admin") from now on. If nobody knows of it, cut off both: this person, and who did it.",
      details: ["roles": .text(roles.words.joined(separator: " ")), "by": .text(principal.id)],
      sameAs: "\(staff.rawValue) \(roles.words.joined(separator: " "))")
  }

  /// A credential is used unlike before.
  package static func unusual(_ holder: QuotaHolder, _ report: UseReport, project: ProjectID?) -> NewAlert {
    var details: [String: Alert.Value] = [
      "score": .number(Int64(report.score)), "signals": .text(report.marks.map(\.signal.rawValue).joined(separator: " ")),
    ]
    for mark in report.marks {
      if let number = mark.number { details[mark.signal.rawValue] = .number(Int64(number)) }
      if let label = mark.label { details[mark.signal.rawValue] = .text(label) }
    }
    return NewAlert(
      .unusualUse, project: project, about: holder.about,
      sentence:
        "A credential is used unlike before: \(report.marks.map(\.words).joined(separator: "; ")). Ask whose use it is; if nobody's, revoke it, or cut the person off.",
      details: details, sameAs: "use of \(holder)", isRenewed: true)
  }

  /// - Parameter by: who said so: the person, or somebody else.
  package static func phished(_ staff: StaffMember.ID, endedSessions: Int, by principal: Principal) -> NewAlert {
    NewAlert(
      .phished, about: Alert.About(kind: Principal.Kind.staff.rawValue, id: staff.rawValue, credential: ""),
      sentence: principal.id == staff.rawValue
        ? "Somebody of the staff says: I was phished. All that the person could do has ended. See in the ledger what was shown under this name."
        : "A colleague was reported as phished. All that the person could do has ended. See in the ledger what was shown under this name.",
      details: ["ended_sessions": .number(Int64(endedSessions)), "reported_by": .text(principal.id)], sameAs: staff.rawValue)
  }

  /// - Parameter passkey: its label, as the person's page shows it.
  package static func clonedPasskey(_ staff: StaffMember.ID, passkey: String) -> NewAlert {
    NewAlert(
      .clonedPasskey, about: Alert.About(kind: Principal.Kind.staff.rawValue, id: staff.rawValue, credential: passkey),
      sentence:
        "A passkey's counter did not go up at a signature, which was refused: there may be a copy of the passkey. Ask the person, and replace it.",
      sameAs: staff.rawValue)
  }
}

extension QuotaHolder {
  var about: Alert.About {
    Alert.About(kind: isStaff ? Principal.Kind.staff.rawValue : Principal.Kind.serviceAccount.rawValue, id: id, credential: id)
  }
}
