import Access
import Events
import Ledger

extension OCSFEvent {
  /// An alert, or its change, as a Detection Finding (2004).
  package init(_ message: AlertMessage, id: String, _ identity: SenderIdentity) {
    let activity: (Int, String) =
      message.occasion != .changed ? (1, "Create") : message.state == Alert.State.closed.rawValue ? (3, "Close") : (2, "Update")
    let status: (Int64, String) =
      switch message.state {
      case "acknowledged": (2, "In Progress")
      case "closed": (4, "Resolved")
      default: (1, "New")
      }
    var finding: [String: CanonicalJSON] = [
      "uid": .string("\(identity.host)/alerts/\(message.alert)"), "title": .string(message.title), "desc": .string(message.sentence),
      "types": .list([.string(message.kind)]), "created_time": .integer(message.raisedAt), "first_seen_time": .integer(message.raisedAt),
      "last_seen_time": .integer(message.lastAt), "src_url": .string("\(identity.origin)/alerts/\(message.alert)"),
    ]
    if message.occasion == .changed { finding["modified_time"] = .integer(message.at) }
    var unmapped: [String: CanonicalJSON] = ["alert": .integer(message.alert), "state": .string(message.state)]
    unmapped["previous_state"] = message.from.map { .string($0) }
    unmapped["project_id"] = message.project.map { .integer($0) }
    unmapped["changed_by"] = message.byID.map { .string("\(message.byKind ?? "")/\($0)") }
    if !message.details.isEmpty {
      unmapped["details"] = .object(
        message.details.mapValues { value in
          switch value {
          case .text(let text): .string(text)
          // RFC 8785 ends at 2^53.
          case .number(let number): abs(number) <= CanonicalJSON.maximumInteger ? .integer(number) : .string(String(number))
          }
        })
    }
    var more: [String: CanonicalJSON] = [
      "finding_info": .object(finding), "count": .integer(Int64(message.count)), "is_alert": .boolean(message.occasion != .test),
      "status_id": .integer(status.0), "status": .string(status.1), "unmapped": .object(unmapped),
    ]
    if let credential = message.credential {
      more["resources"] = .list([
        .object([
          "uid": .string(credential.isEmpty ? "unknown" : credential), "type": .string("credential"),
          "name": .string(message.aboutID ?? "unknown"),
        ])
      ])
    }
    self.init(
      .detectionFinding, activity: activity, severity: Severity(word: message.severity), time: Timestamp(milliseconds: message.at),
      uid: "\(identity.host)/\(id)", code: message.occasion.rawValue, message: message.title, isSuccess: nil, identity: identity, more: more
    )
  }

  /// Calls that were refused: a passkey, or no credential, an attempt to log on (3002); with one an act that it may not do (6003).
  package init(_ refusal: RefusalMessage, id: String, _ identity: SenderIdentity) {
    let user = OCSFPart.user(kind: refusal.account == nil ? "" : "service_account", id: refusal.account ?? "unknown")
    var common: [String: CanonicalJSON] = [
      "count": .integer(Int64(refusal.count)), "start_time": .integer(refusal.first), "end_time": .integer(refusal.last),
      "src_endpoint": OCSFPart.door(refusal.door), "status_code": .string(String(refusal.status)),
      "unmapped": .object(["method": .string(refusal.method), "route": .string(refusal.route)]),
    ]
    if let reason = refusal.reason {
      common["status_detail"] = .string(reason)
      self.init(
        .authentication, activity: (1, "Logon"), severity: .medium, time: Timestamp(milliseconds: refusal.last),
        uid: "\(identity.host)/\(id)", code: "refused.sign_in", message: "Somebody's passkey or link was refused", isSuccess: false,
        identity: identity, more: common.merging(["user": user, "service": OCSFPart.service]) { $1 })
    } else if refusal.status == 401 {
      self.init(
        .authentication, activity: (1, "Logon"), severity: .low, time: Timestamp(milliseconds: refusal.last),
        uid: "\(identity.host)/\(id)", code: "refused.credential", message: "No valid credential came with a call", isSuccess: false,
        identity: identity, more: common.merging(["user": user, "service": OCSFPart.service]) { $1 })
    } else {
      self.init(
        .apiActivity, activity: (99, "Refused"), severity: .low, time: Timestamp(milliseconds: refusal.last),
        uid: "\(identity.host)/\(id)", code: "refused.rights", message: "A credential asked for what it may not do", isSuccess: false,
        identity: identity,
        more: common.merging([
          "actor": .object(["user": user, "app_name": .string("sealane")]),
          "http_response": .object(["code": .integer(Int64(refusal.status))]),
          "api": .object(["operation": .string("\(refusal.method) \(refusal.route)"), "service": OCSFPart.service]),
        ]) { $1 })
    }
  }
}
