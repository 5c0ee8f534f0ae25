import Events
import Ledger

extension OCSFEvent {
  /// Disclosures of these kinds show rows about subjects, or who asked about them.
  static let subjectKinds: Set<String> = ["disclosure.subjects", "disclosure.subject_search", "disclosure.ledger", "disclosure.delivery"]

  /// Whether an entry goes to a channel. Alerts come by the outbox; figures and names on demand only.
  package static func isSent(_ entry: LedgerEntry, to stream: Channel.Stream) -> Bool {
    guard stream.takesEvents, entry.kind != "alert_raised", entry.kind != "alert_changed" else { return false }
    return !entry.isDisclosure || subjectKinds.contains(entry.kind) || stream.takesAggregates
  }

  /// An entry of the ledger. Subjects themselves and erased details are not in it.
  package init(_ record: LedgerRecord, _ identity: SenderIdentity) {
    if case .present(let detail) = record.detail {
      self.init(record.entry, detail, identity)
    } else {
      self.init(record.entry, nil, identity)
    }
  }

  /// - Parameter detail: nil where it is erased, or cannot be read with the keys at hand.
  package init(_ entry: LedgerEntry, _ detail: LedgerDetail?, _ identity: SenderIdentity) {
    let principal = detail?.principal ?? Principal(kind: .system, id: "erased", credential: "erased")
    let kind = EntryMapping.of(entry.kind)
    var more: [String: CanonicalJSON] = ["unmapped": .object(Self.unmapped(entry, detail))]
    switch kind.class {
    case .apiActivity:
      more["actor"] = OCSFPart.actor(principal)
      more["api"] = .object(["operation": .string(detail?.purpose ?? entry.kind), "service": OCSFPart.service])
      more["src_endpoint"] = OCSFPart.door(Self.door(detail))
      if let subjects = detail?.subjects {
        more["resources"] = .list([
          .object([
            "type": .string("subjects"),
            "name": .string("\(subjects.numbers.count) subjects of project \(entry.project?.description ?? "-")"),
          ])
        ])
      }
    case .authentication:
      more["user"] = OCSFPart.user(kind: principal.kind.rawValue, id: principal.id)
      more["service"] = OCSFPart.service
      more["session"] = .object(["uid": .string(detail?.facts["session"] ?? principal.credential)])
      more["actor"] = OCSFPart.actor(principal)
    case .accountChange:
      let facts = detail?.facts ?? [:]
      more["user"] =
        facts["staff"].map { OCSFPart.user(kind: "staff", id: $0) }
        ?? facts["holder"].map { OCSFPart.user(holder: $0) }
        ?? OCSFPart.user(kind: "service_account", id: facts["username"] ?? facts["account"] ?? "unknown")
      more["actor"] = OCSFPart.actor(principal)
    case .entityManagement, .detectionFinding:
      more["entity"] = .object([
        "name": .string(kind.entity), "type": .string(kind.entity), "uid": .string(entry.project.map { "project/\($0)" } ?? "installation"),
      ])
      more["actor"] = OCSFPart.actor(principal)
    }
    self.init(
      kind.class, activity: kind.activity, severity: kind.severity, time: entry.time, uid: "\(identity.host)/ledger/\(entry.index)",
      code: entry.kind, message: kind.message, identity: identity, sequence: entry.index, more: more)
  }

  /// What of the details says nothing of anybody.
  package static let facts: Set<String> = [
    "username", "account", "scopes", "session", "role", "roles", "staff", "holder", "request", "first", "vendor", "version", "incident",
    "grant",
  ]

  private static func unmapped(_ entry: LedgerEntry, _ detail: LedgerDetail?) -> [String: CanonicalJSON] {
    var members: [String: CanonicalJSON] = ["ledger_index": .integer(Int64(clamping: entry.index)), "kind": .string(entry.kind)]
    members["project_id"] = entry.project.map { .integer($0.rawValue) }
    guard let detail else { return members.merging(["details": .string("erased")]) { $1 } }
    members["purpose"] = .string(detail.purpose)
    if !detail.fields.isEmpty { members["fields"] = .list(detail.fields.prefix(200).map { .string($0) }) }
    members["rows"] = detail.rows.map { .integer(Int64($0)) }
    members["subject_count"] = detail.subjects.map { .integer(Int64($0.numbers.count)) }
    members["query_digest"] = detail.queryDigest.map { .string($0) }
    let facts = detail.facts.filter { Self.facts.contains($0.key) }
    if !facts.isEmpty { members["facts"] = .object(facts.mapValues { .string($0) }) }
    return members
  }

  /// By the purpose's first word, which is from a closed set: `console`, `api`, `custodian`.
  private static func door(_ detail: LedgerDetail?) -> String {
    guard let detail else { return "unknown" }
    if detail.principal.credential == "control-socket" { return "control-socket" }
    return detail.purpose.split(separator: ".").first.map(String.init) ?? "unknown"
  }
}

/// What an entry's kind is in OCSF. Kinds that are not listed are Entity Management, other.
package struct EntryMapping: Sendable {
  package var `class`: OCSFEvent.Class
  package var activity: (id: Int, name: String)
  var severity: OCSFEvent.Severity
  package var message: String
  /// What is managed, of an Entity Management event.
  var entity = "installation"

  package static func of(_ kind: String) -> EntryMapping {
    if kind.hasPrefix("disclosure.") { return disclosure(kind) }
    if let known = table[kind] { return known }
    return manage(99, kind, .informational, "Act: \(kind.replacing("_", with: " "))", "installation")
  }

  private static func disclosure(_ kind: String) -> EntryMapping {
    switch kind {
    case "disclosure.subjects":
      EntryMapping(class: .apiActivity, activity: (2, "Read"), severity: .low, message: "Rows about subjects were disclosed")
    case "disclosure.subject_search":
      EntryMapping(class: .apiActivity, activity: (2, "Read"), severity: .low, message: "Subjects were found by a search")
    case "disclosure.delivery":
      EntryMapping(class: .apiActivity, activity: (2, "Read"), severity: .low, message: "Events were delivered to a vendor")
    case "disclosure.ledger":
      EntryMapping(class: .apiActivity, activity: (2, "Read"), severity: .informational, message: "The ledger's details were read")
    default:
      EntryMapping(
        class: .apiActivity, activity: (2, "Read"), severity: .informational, message: "Figures, names or settings were disclosed")
    }
  }

  private static func manage(
    _ activity: Int, _ name: String, _ severity: OCSFEvent.Severity, _ message: String, _ entity: String
  ) -> EntryMapping {
    EntryMapping(class: .entityManagement, activity: (activity, name), severity: severity, message: message, entity: entity)
  }

  private static func account(_ activity: Int, _ name: String, _ severity: OCSFEvent.Severity, _ message: String) -> EntryMapping {
    EntryMapping(class: .accountChange, activity: (activity, name), severity: severity, message: message)
  }

  /// Kinds that have a line of their own.
  package static var kinds: [String] { table.keys.sorted() }

  private static let table: [String: EntryMapping] = [
    "session_began": EntryMapping(
      class: .authentication, activity: (1, "Logon"), severity: .informational, message: "Somebody signed in"),
    "staff_enrolled": EntryMapping(
      class: .authentication, activity: (1, "Logon"), severity: .low, message: "Somebody registered a passkey by a link and signed in"),
    "staff_invited": account(1, "Create", .medium, "Somebody was invited to the staff"),
    "staff_roles_changed": account(99, "Roles changed", .medium, "Somebody has other roles"),
    "staff_cut_off": account(5, "Disable", .high, "Somebody's access was cut off"),
    "staff_recovery_asked": account(99, "Recovery asked", .high, "An admin wants somebody let in again"),
    "staff_recovery_agreed": account(2, "Enable", .high, "Two admins let somebody in again"),
    "passkey_added": account(99, "Passkey added", .medium, "A passkey was added"),
    "passkey_removed": account(99, "Passkey removed", .medium, "A passkey was removed"),
    "service_account_rotated": account(3, "Password Change", .low, "A service account has another secret"),
    "credential_frozen": account(9, "Lock", .high, "A credential was frozen"),
    "freeze_lifted": account(12, "Unlock", .medium, "A credential's freeze was lifted"),
    "export_asked": manage(1, "Create", .medium, "Somebody wants an export", "export"),
    "export_approved": manage(3, "Update", .medium, "A second person agreed to an export", "export"),
    "export_refused": manage(3, "Update", .medium, "An export was refused", "export"),
    "service_account_asked": manage(1, "Create", .medium, "Somebody wants a service account that takes a second person", "service account"),
    "service_account_approved": manage(3, "Update", .medium, "A second person agreed to a service account", "service account"),
    "service_account_refused": manage(3, "Update", .medium, "A service account was refused", "service account"),
    "setup_link_used": EntryMapping(
      class: .authentication, activity: (1, "Logon"), severity: .informational, message: "Somebody signed in"),
    "session_ended": EntryMapping(
      class: .authentication, activity: (2, "Logoff"), severity: .informational, message: "Somebody signed out"),
    "session_revoked": EntryMapping(class: .authentication, activity: (2, "Logoff"), severity: .medium, message: "A session was revoked"),
    "service_account_created": EntryMapping(
      class: .accountChange, activity: (1, "Create"), severity: .low, message: "A service account was made"),
    "service_account_revoked": EntryMapping(
      class: .accountChange, activity: (5, "Disable"), severity: .low, message: "A service account was revoked"),
    "setup_link_created": manage(1, "Create", .medium, "A sign-in link was made", "setup link"),
    "project_created": manage(1, "Create", .informational, "A project was made", "project"),
    "project_settings_changed": manage(3, "Update", .low, "Settings of a project were changed", "project settings"),
    "settings_changed": manage(3, "Update", .low, "Settings were changed", "settings"),
    "tracking_plan_changed": manage(3, "Update", .low, "A tracking plan came into force", "tracking plan"),
    "custodian_identity_pinned": manage(1, "Create", .medium, "The custodian's identity was pinned", "custodian key"),
    "custodian_witness_pinned": manage(1, "Create", .medium, "The key with which the custodian cosigns was pinned", "custodian key"),
    "witness_policy_changed": manage(3, "Update", .high, "What is asked of the ledger's witnesses was changed", "witness policy"),
    "custodian_key_pinned": manage(1, "Create", .medium, "A key of the custodian was pinned", "custodian key"),
    "custodian_key_rotated": manage(3, "Update", .informational, "The custodian's key of the day changed", "custodian key"),
    "custodian_alarm": manage(99, "Alarm", .high, "The custodian raised an alarm", "custodian"),
    "custodian_alarm_settled": manage(99, "Settled", .low, "An alarm of the custodian was settled", "custodian"),
    "sealing_stopped": manage(99, "Disable", .high, "Sealing stopped", "sealing"),
    "sealing_resumed": manage(99, "Enable", .low, "Sealing goes on", "sealing"),
    "identities_opened": EntryMapping(
      class: .apiActivity, activity: (2, "Read"), severity: .medium,
      message: "Sealed identities were handed to the custodian for an opening"),
    "approvers_changed": manage(3, "Update", .medium, "Approvers at the custodian changed", "approvers"),
    "detail_erased": manage(4, "Delete", .medium, "Details of a ledger entry were erased", "ledger details"),
    "subject_erased": manage(4, "Delete", .low, "A subject was erased", "subject"),
    "erasure_receipted": manage(4, "Delete", .informational, "The custodian destroyed a subject's keys", "record keys"),
    "ledger_opened": manage(1, "Create", .informational, "The ledger was begun", "ledger"),
    "ledger_signing_key_rotated": manage(3, "Update", .medium, "The ledger's signing key changed", "ledger key"),
    "ledger_sets_key_rotated": manage(3, "Update", .low, "The key of the ledger's details changed", "ledger key"),
    "record_keys_rotated": manage(3, "Update", .low, "Record keys were wiped", "record keys"),
    "vendor_declared": manage(1, "Create", .medium, "A vendor's declaration was written down", "vendor"),
    "vendor_approved": manage(3, "Update", .high, "A second person agreed to what a vendor gets", "vendor"),
    "vendor_refused": manage(3, "Update", .low, "A vendor's declaration was refused", "vendor"),
    "vendor_paused": manage(99, "Disable", .medium, "Nothing leaves for a vendor for now", "vendor"),
    "vendor_resumed": manage(99, "Enable", .medium, "Events leave for a vendor again", "vendor"),
    "vendor_killed": manage(99, "Disable", .high, "A vendor's kill switch was pulled", "vendor"),
    "vendor_deletion_asked": manage(4, "Delete", .low, "A vendor is asked to delete subjects", "vendor"),
    "vendor_deletion_confirmed": manage(4, "Delete", .informational, "A vendor said that it deleted subjects", "vendor"),
    "vendor_grant_recorded": manage(1, "Create", .low, "Ways in that vendors have were written down", "vendor grant"),
    "vendor_grant_retired": manage(3, "Update", .low, "A vendor's way in is not used any more", "vendor grant"),
    "vendor_grant_revoked": manage(4, "Delete", .medium, "A vendor's way in was revoked", "vendor grant"),
    "notice_statement": manage(1, "Create", .medium, "It was fixed whom an incident affects", "statement"),
    "notice_answers": manage(1, "Create", .low, "It was fixed what is answered to those who asked whether they are affected", "answers"),
    "notice_dispatch": manage(1, "Create", .medium, "It was fixed what people are told of an incident", "dispatch"),
    "incident_opened": manage(1, "Create", .high, "An incident was opened", "incident"),
    "incident_contained": manage(3, "Update", .high, "An incident was contained", "incident"),
    "incident_scoped": manage(3, "Update", .medium, "It was determined whom an incident affects", "incident"),
    "incident_notified": manage(3, "Update", .medium, "People were told of an incident", "incident"),
    "incident_closed": manage(3, "Update", .low, "An incident was closed", "incident"),
    "incident_moment_set": manage(3, "Update", .low, "A time of an incident was set", "incident"),
    "incident_watched": manage(3, "Update", .low, "People affected by an incident are watched", "incident"),
    "incident_leak_compared": manage(3, "Update", .medium, "Rows that turned up were compared with the ledger", "incident"),
    "incident_warned": manage(3, "Update", .medium, "Customers are warned of a lure on the trust pages", "incident"),
    "incident_warning_withdrawn": manage(3, "Update", .low, "A warning on the trust pages was withdrawn", "incident"),
    "trust_set": manage(3, "Update", .high, "What the trust pages say, and what customers pin, was set", "trust pages"),
    "incident_window_set": manage(3, "Update", .low, "An incident has another window", "incident"),
    "backup_made": EntryMapping(class: .apiActivity, activity: (2, "Read"), severity: .low, message: "A backup was written"),
  ]
}
