import Events

/// An act that changes power or data, and that the ledger therefore remembers.
package enum AdministrativeEntry: Sendable, Hashable {
  case ledgerOpened(version: String)
  case projectCreated(ProjectID)
  /// The names of the settings that changed, not their values.
  case projectSettingsChanged(ProjectID, settings: [String])
  /// `digest`: SHA-256 of the plan's canonical form, so that whoever has a plan can show that it was in force.
  case trackingPlanChanged(ProjectID, version: Int, digest: String)
  case settingsChanged([String])
  /// `request`: the wish that a second person agreed to; nil where none was needed.
  case serviceAccountCreated(username: String, project: ProjectID, scopes: [String], request: Int64? = nil)
  /// A person wants an account that takes a second one, and another person answered.
  case accountAsked(ProjectID, request: Int64, scopes: [String])
  case accountDecided(ProjectID, request: Int64, isApproved: Bool)
  case serviceAccountRotated(username: String, project: ProjectID)
  case serviceAccountRevoked(username: String, project: ProjectID)
  /// A credential gets nothing any more: a day's quota is used up (`reason`: which), or somebody froze it.
  case credentialFrozen(holder: String, reason: String)
  case freezeLifted(holder: String)
  case setupLinkCreated
  /// Somebody came by a link (`by`: setup, invitation or recovery) and registered a passkey; `session`: the public id of the session that
  /// began with it.
  case staffEnrolled(staff: String, by: String, session: String)
  case staffInvited(staff: String, roles: [String])
  /// All roles that the person has from now on, as `role@project`.
  case staffRolesChanged(staff: String, roles: [String])
  /// Everything that the person could do has ended; `reason`: phished or removed.
  case staffCutOff(staff: String, reason: String)
  /// An admin wants somebody let in again, and another one agreed.
  case staffRecoveryAsked(staff: String)
  case staffRecoveryAgreed(staff: String, askedBy: String)
  case passkeyAdded(staff: String)
  case passkeyRemoved(staff: String)
  case sessionBegan(session: String)
  /// A person wants rows in bulk, and another one answered; the rows themselves are disclosures of their own.
  case exportAsked(ProjectID, request: Int64)
  case exportDecided(ProjectID, request: Int64, isApproved: Bool)
  case sessionEnded(session: String)
  case sessionRevoked(session: String)
  /// The custodian's HPKE public key that identities are sealed to from now on; hexadecimal fingerprint and key, both public.
  case custodianKeyPinned(fingerprint: String, publicKey: String)
  /// The daily key, signed by the pinned identity key.
  case custodianKeyRotated(fingerprint: String, publicKey: String)
  /// The Ed25519 key with which the custodian signs its daily keys.
  case custodianIdentityPinned(fingerprint: String, publicKey: String)
  /// The key with which the custodian cosigns checkpoints, as its identity key announced it; the text form of a note's key.
  case custodianWitnessPinned(fingerprint: String, publicKey: String)
  /// Whose cosignatures are asked for, and how old the entries without them may be before nothing about subjects is shown. `policy`: SHA-256 of
  /// the policy file, or `none`.
  case witnessPolicyChanged(policy: String, patienceSeconds: Int)
  /// `code` from a closed set; `sentence` of an alarm about the ledger itself: sizes and roots.
  case custodianAlarm(code: String, sentence: String? = nil)
  /// The custodian signed that an alarm is settled; `reason` in its words.
  case custodianAlarmSettled(code: String, reason: String)
  /// Sealed values were handed to the custodian for an opening that its approvers signed. `request`: SHA-256 of the request, which holds a
  /// random number, so that it says nothing to others; `approvers`: the custodian's ids, which name nobody.
  case identitiesOpened(ProjectID, subjects: [SubjectNumber], fields: [String], request: String, approvers: [String])
  /// Approvers at the custodian changed who they are or what they may do; `act` from a closed set, the others as above.
  case approversChanged(act: String, request: String, approvers: [String])
  /// The custodian fixed what people are told of an incident, and signed it. `digest`: SHA-256 of the text that was signed; `request`: of what its
  /// approvers agreed to.
  case noticeCommitted(ProjectID, incident: Int64, NoticeCommitment, digest: String, request: String, approvers: [String])

  package enum NoticeCommitment: String, Sendable, Hashable, CaseIterable {
    /// Whom it affects.
    case statement
    /// What each of them is told.
    case dispatch
  }

  /// The custodian fixed what it answers to those who asked whether they are affected. `digest`: SHA-256 of the text that was signed.
  case answersCommitted(digest: String)
  case sealingStopped(reason: String)
  case sealingResumed(reason: String)
  /// The details of entry `index` are removed for good.
  case detailErased(index: UInt64)
  /// A subject is erased: all numbers that count as it, and their pseudonyms, which stay theirs when data are restored to an older state.
  case subjectErased(ProjectID, [SubjectNumber], ids: [Pseudonym])
  /// The custodian signed that it destroyed the keys of whom entry `entry` is about. `digest`: SHA-256 of the receipt.
  case erasureReceipted(ProjectID, entry: UInt64, digest: String)
  /// The ledger's signing key hands over; from the checkpoint after the one that covers this entry on, the new one signs.
  case signingKeyRotated(Succession)
  /// Details are encrypted under another key from now on; `id` names it and says nothing about it.
  case setsKeyRotated(number: Int, id: String)
  /// All record keys that were in memory are wiped; the next sealed value begins another epoch.
  case recordKeysRotated
  /// A copy of all projects' data under pseudonyms, without keys; `name` tells when, `target` where to.
  case backupMade(name: String, target: String)
  /// Sealane found something; the record stands in the control database by its number. `kind` and `severity` from closed sets.
  case alertRaised(Int64, kind: String, severity: String, project: ProjectID?)
  case alertChanged(Int64, from: String, to: String, project: ProjectID?)
  /// A version of a vendor's declaration was written down; `digest`: SHA-256 of its text. It changes nothing until it is agreed to.
  case vendorDeclared(ProjectID, vendor: String, version: Int, digest: String)
  case vendorDecided(ProjectID, vendor: String, version: Int, isApproved: Bool)
  case vendorChanged(ProjectID, vendor: String, act: VendorAct)
  /// A vendor is asked to delete what it has of these; nobody named: everything.
  case vendorDeletionAsked(ProjectID, vendor: String, subjects: [SubjectNumber])
  /// A vendor said that it has deleted what it had of these; nobody named: everything.
  case vendorDeletionConfirmed(ProjectID, vendor: String, subjects: [SubjectNumber])
  /// A way in that a vendor was given was written down.
  case vendorGrantRecorded(ProjectID, grant: Int64, vendor: String?)
  /// A list of them was taken in: how many of its rows were new, changed something, changed nothing, and could not be read.
  case vendorGrantsImported(ProjectID, new: Int, changed: Int, unchanged: Int, refused: Int)
  case vendorGrantChanged(ProjectID, grant: Int64, vendor: String?, act: GrantAct)

  package enum GrantAct: String, Sendable, Hashable, CaseIterable {
    /// The company does not use it any more.
    case retired
    /// It is really dead.
    case revoked
  }

  /// Something was done about an incident; `facts` in words of ours, about nobody. `subjects`: of a scope, exactly who is affected.
  case incident(ProjectID, Int64, act: IncidentAct, facts: [String: String], subjects: SubjectSet? = nil)

  package enum IncidentAct: String, Sendable, Hashable, CaseIterable {
    case opened, contained, scoped, notified, closed
    /// People affected are watched as a cohort from now on.
    case watched
    /// A file with rows was compared with what the ledger knows.
    case leakCompared = "leak_compared"
    case momentSet = "moment_set"
    case windowSet = "window_set"
    /// Customers are warned of a lure on the trust pages, or not any more.
    case warned
    case warningWithdrawn = "warning_withdrawn"
  }

  /// What customers pin and what the company says of itself on the trust pages: SHA-256 of either, hexadecimal.
  case trustSet(anchors: String, site: String)

  package enum VendorAct: String, Sendable, Hashable, CaseIterable {
    case paused, resumed
    /// The kill switch.
    case killed
  }

  /// The kind of the entries that a ledger's signing keys follow each other by.
  static let signingKeyRotatedKind = "ledger_signing_key_rotated"
  /// The kind of the entries that say what a vendor holds no more.
  package static let vendorDeletionConfirmedKind = "vendor_deletion_confirmed"
  /// The kind of the entries that pin the custodian's witness key.
  package static let witnessPinnedKind = "custodian_witness_pinned"
  /// The kinds of the entries from which the ledger's keys can be told their beginnings.
  package static let keyKinds: Set<String> = ["ledger_opened", signingKeyRotatedKind, "ledger_sets_key_rotated", "record_keys_rotated"]

  /// The entry's kind; closed set of docs/FORMATS.md.
  var entryKind: String {
    switch self {
    case .ledgerOpened: "ledger_opened"
    case .projectCreated: "project_created"
    case .projectSettingsChanged: "project_settings_changed"
    case .trackingPlanChanged: "tracking_plan_changed"
    case .settingsChanged: "settings_changed"
    case .serviceAccountCreated: "service_account_created"
    case .accountAsked: "service_account_asked"
    case .accountDecided(_, _, let isApproved): isApproved ? "service_account_approved" : "service_account_refused"
    case .serviceAccountRotated: "service_account_rotated"
    case .serviceAccountRevoked: "service_account_revoked"
    case .credentialFrozen: "credential_frozen"
    case .freezeLifted: "freeze_lifted"
    case .setupLinkCreated: "setup_link_created"
    case .staffEnrolled: "staff_enrolled"
    case .staffInvited: "staff_invited"
    case .staffRolesChanged: "staff_roles_changed"
    case .staffCutOff: "staff_cut_off"
    case .staffRecoveryAsked: "staff_recovery_asked"
    case .staffRecoveryAgreed: "staff_recovery_agreed"
    case .passkeyAdded: "passkey_added"
    case .passkeyRemoved: "passkey_removed"
    case .sessionBegan: "session_began"
    case .exportAsked: "export_asked"
    case .exportDecided(_, _, let isApproved): isApproved ? "export_approved" : "export_refused"
    case .sessionEnded: "session_ended"
    case .sessionRevoked: "session_revoked"
    case .custodianKeyPinned: "custodian_key_pinned"
    case .custodianKeyRotated: "custodian_key_rotated"
    case .custodianIdentityPinned: "custodian_identity_pinned"
    case .custodianWitnessPinned: Self.witnessPinnedKind
    case .witnessPolicyChanged: "witness_policy_changed"
    case .custodianAlarm: "custodian_alarm"
    case .custodianAlarmSettled: "custodian_alarm_settled"
    case .identitiesOpened: "identities_opened"
    case .approversChanged: "approvers_changed"
    case .noticeCommitted(_, _, let commitment, _, _, _): Self.kind(of: commitment)
    case .answersCommitted: Self.answersKind
    case .sealingStopped: "sealing_stopped"
    case .sealingResumed: "sealing_resumed"
    case .detailErased: "detail_erased"
    case .subjectErased: "subject_erased"
    case .erasureReceipted: "erasure_receipted"
    case .signingKeyRotated: Self.signingKeyRotatedKind
    case .setsKeyRotated: "ledger_sets_key_rotated"
    case .recordKeysRotated: "record_keys_rotated"
    case .backupMade: "backup_made"
    case .alertRaised: "alert_raised"
    case .alertChanged: "alert_changed"
    case .vendorDeclared: "vendor_declared"
    case .vendorDecided(_, _, _, let isApproved): isApproved ? "vendor_approved" : "vendor_refused"
    case .vendorDeletionAsked: "vendor_deletion_asked"
    case .vendorDeletionConfirmed: Self.vendorDeletionConfirmedKind
    case .incident(_, _, let act, _, _): "incident_\(act.rawValue)"
    case .trustSet: "trust_set"
    case .vendorChanged(_, _, let act): "vendor_\(act.rawValue)"
    case .vendorGrantRecorded, .vendorGrantsImported: "vendor_grant_recorded"
    case .vendorGrantChanged(_, _, _, let act): "vendor_grant_\(act.rawValue)"
    }
  }

  /// The kind of the entries that fix what people are told.
  package static func kind(of commitment: NoticeCommitment) -> String { "notice_\(commitment.rawValue)" }
  package static let answersKind = "notice_answers"

  var project: ProjectID? {
    switch self {
    case .exportAsked(let project, _), .exportDecided(let project, _, _), .accountAsked(let project, _, _),
      .accountDecided(let project, _, _), .projectCreated(let project),
      .projectSettingsChanged(let project, _), .trackingPlanChanged(let project, _, _),
      .serviceAccountCreated(_, let project, _, _), .serviceAccountRotated(_, let project), .serviceAccountRevoked(_, let project),
      .subjectErased(let project, _, _),
      .erasureReceipted(let project, _, _),
      .identitiesOpened(let project, _, _, _, _), .noticeCommitted(let project, _, _, _, _, _), .vendorDeclared(let project, _, _, _),
      .vendorDecided(let project, _, _, _),
      .vendorChanged(let project, _, _), .incident(let project, _, _, _, _), .vendorDeletionAsked(let project, _, _),
      .vendorDeletionConfirmed(let project, _, _),
      .vendorGrantRecorded(let project, _, _), .vendorGrantsImported(let project, _, _, _, _), .vendorGrantChanged(let project, _, _, _):
      project
    case .alertRaised(_, _, _, let project), .alertChanged(_, _, _, let project): project
    default: nil
    }
  }

  /// What stands in the entry itself, readable without any key: never about a person, staff included.
  var publicFacts: [String: String] {
    switch self {
    case .ledgerOpened(let version): ["version": version]
    case .trackingPlanChanged(_, let version, let digest): ["version": String(version), "digest": digest]
    case .custodianKeyPinned(let fingerprint, let key), .custodianKeyRotated(let fingerprint, let key),
      .custodianIdentityPinned(let fingerprint, let key), .custodianWitnessPinned(let fingerprint, let key):
      ["fingerprint": fingerprint, "public_key": key]
    case .witnessPolicyChanged(let policy, let seconds): ["patience_seconds": String(seconds), "policy": policy]
    case .custodianAlarm(let code, _), .custodianAlarmSettled(let code, _): ["code": code]
    case .detailErased(let index): ["index": String(index)]
    case .trustSet(let anchors, let site): ["anchors": anchors, "site": site]
    case .erasureReceipted(_, let entry, let digest): ["entry": String(entry), "receipt": digest]
    case .signingKeyRotated(let succession): ["public_key": succession.next.description, "succession": succession.note]
    case .setsKeyRotated(let number, let id): ["id": id, "number": String(number)]
    case .identitiesOpened(_, _, _, let request, _): ["request": request]
    case .noticeCommitted(_, _, _, let digest, let request, _): ["digest": digest, "request": request]
    case .answersCommitted(let digest): ["digest": digest]
    case .approversChanged(let act, let request, _): ["act": act, "request": request]
    default: [:]
    }
  }

  func detail(by principal: Principal) -> LedgerDetail {
    var detail = LedgerDetail(principal: principal, purpose: entryKind, fields: [])
    switch self {
    case .projectSettingsChanged(_, let settings), .settingsChanged(let settings): detail.fields = settings
    case .serviceAccountCreated(let username, _, let scopes, let request):
      detail.facts = ["username": username, "scopes": scopes.joined(separator: " ")]
      if let request { detail.facts["request"] = String(request) }
    case .accountAsked(_, let request, let scopes):
      detail.facts = ["request": String(request), "scopes": scopes.joined(separator: " ")]
    case .serviceAccountRotated(let username, _), .serviceAccountRevoked(let username, _): detail.facts = ["username": username]
    case .exportAsked(_, let request), .exportDecided(_, let request, _), .accountDecided(_, let request, _):
      detail.facts = ["request": String(request)]
    case .credentialFrozen(let holder, let reason): detail.facts = ["holder": holder, "reason": reason]
    case .freezeLifted(let holder): detail.facts = ["holder": holder]
    case .sessionBegan(let session), .sessionEnded(let session), .sessionRevoked(let session): detail.facts = ["session": session]
    case .staffEnrolled(let staff, let link, let session): detail.facts = ["staff": staff, "by": link, "session": session]
    case .staffInvited(let staff, let roles), .staffRolesChanged(let staff, let roles):
      detail.facts = ["staff": staff, "roles": roles.joined(separator: " ")]
    case .staffCutOff(let staff, let reason): detail.facts = ["staff": staff, "reason": reason]
    case .staffRecoveryAsked(let staff), .passkeyAdded(let staff), .passkeyRemoved(let staff): detail.facts = ["staff": staff]
    case .staffRecoveryAgreed(let staff, let asker): detail.facts = ["staff": staff, "asked_by": asker]
    case .sealingStopped(let reason), .sealingResumed(let reason), .custodianAlarmSettled(_, let reason): detail.facts = ["reason": reason]
    case .backupMade(let name, let target): detail.facts = ["backup": name, "target": target]
    case .alertRaised(let alert, let kind, let severity, _):
      detail.facts = ["alert": String(alert), "alert_kind": kind, "severity": severity]
    case .alertChanged(let alert, let from, let to, _): detail.facts = ["alert": String(alert), "from": from, "to": to]
    case .vendorDeclared(_, let vendor, let version, let digest):
      detail.facts = ["vendor": vendor, "version": String(version), "digest": digest]
    case .vendorDecided(_, let vendor, let version, _): detail.facts = ["vendor": vendor, "version": String(version)]
    case .vendorDeletionAsked(_, let vendor, let subjects), .vendorDeletionConfirmed(_, let vendor, let subjects):
      detail.facts = ["vendor": vendor]
      if !subjects.isEmpty { detail.subjects = SubjectSet(subjects) }
    case .incident(_, let incident, _, let facts, let subjects):
      detail.facts = facts.merging(["incident": String(incident)]) { $1 }
      detail.subjects = subjects
    case .vendorChanged(_, let vendor, _): detail.facts = ["vendor": vendor]
    case .vendorGrantRecorded(_, let grant, let vendor), .vendorGrantChanged(_, let grant, let vendor, _):
      detail.facts = ["grant": String(grant)]
      if let vendor { detail.facts["vendor"] = vendor }
    case .vendorGrantsImported(_, let new, let changed, let unchanged, let refused):
      detail.facts = [
        "source": "import", "new": String(new), "changed": String(changed), "unchanged": String(unchanged), "refused": String(refused),
      ]
    case .subjectErased(_, let subjects, let ids):
      detail.subjects = SubjectSet(subjects)
      detail.facts = ["ids": ids.map(\.description).joined(separator: " ")]
    case .identitiesOpened(_, let subjects, let fields, _, let approvers):
      detail.subjects = SubjectSet(subjects)
      detail.fields = fields
      detail.facts = ["approvers": approvers.joined(separator: " ")]
    case .noticeCommitted(_, let incident, _, _, _, let approvers):
      detail.facts = ["incident": String(incident), "approvers": approvers.joined(separator: " ")]
    case .approversChanged(_, _, let approvers): detail.facts = ["approvers": approvers.joined(separator: " ")]
    case .custodianAlarm(_, let sentence): if let sentence { detail.facts = ["sentence": sentence] }
    case .ledgerOpened, .answersCommitted, .projectCreated, .trackingPlanChanged, .setupLinkCreated, .custodianKeyPinned,
      .custodianKeyRotated,
      .custodianIdentityPinned, .custodianWitnessPinned, .witnessPolicyChanged, .detailErased, .erasureReceipted, .signingKeyRotated,
      .setsKeyRotated, .recordKeysRotated, .trustSet:
      break
    }
    return detail
  }
}
