import Events
import Ledger

extension OCSFEvent {
  /// Disclosures of these kinds show rows about subjects, or who asked about them.
  static let subjectKinds: Set<String> = ["disclosure.subjects", "disclosure.subject_search", "disclosure.ledger"]

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
      more["user"] = OCSFPart.user(kind: "service_account", id: detail?.facts["username"] ?? detail?.facts["account"] ?? "unknown")
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
  private static let facts: Set<String> = ["username", "account", "scopes", "session", "role", "first"]

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

  private static let table: [String: EntryMapping] = [
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
    "backup_made": EntryMapping(class: .apiActivity, activity: (2, "Read"), severity: .low, message: "A backup was written"),
  ]
}
