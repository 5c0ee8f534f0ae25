import Events
import Ledger

/// One event in the Open Cybersecurity Schema Framework, 1.5.0: which class it is of, and its attributes.
///
/// No names, no addresses, no subjects: who acts is named by public ids of credentials, whom a disclosure is about by how many they are.
package struct OCSFEvent: Sendable, Hashable {
  package static let version = "1.5.0"

  package enum Class: Int, Sendable, Hashable, CaseIterable {
    case detectionFinding = 2004
    case accountChange = 3001
    case authentication = 3002
    case entityManagement = 3004
    case apiActivity = 6003

    var name: String {
      switch self {
      case .detectionFinding: "Detection Finding"
      case .accountChange: "Account Change"
      case .authentication: "Authentication"
      case .entityManagement: "Entity Management"
      case .apiActivity: "API Activity"
      }
    }

    var category: (uid: Int, name: String) {
      switch self {
      case .detectionFinding: (2, "Findings")
      case .accountChange, .authentication, .entityManagement: (3, "Identity & Access Management")
      case .apiActivity: (6, "Application Activity")
      }
    }
  }

  package enum Severity: Int, Sendable, Hashable {
    case informational = 1
    case low, medium, high, critical

    var name: String {
      switch self {
      case .informational: "Informational"
      case .low: "Low"
      case .medium: "Medium"
      case .high: "High"
      case .critical: "Critical"
      }
    }

    init(word: String) {
      self =
        switch word {
        case "low": .low
        case "medium": .medium
        case "high": .high
        case "critical": .critical
        default: .informational
        }
    }
  }

  package let `class`: Class
  package let severity: Severity
  package let time: Timestamp
  /// Stays the same however often the event is sent.
  package let uid: String
  let attributes: [String: CanonicalJSON]

  /// - Parameters:
  ///   - activity: its number in the class, and its name.
  ///   - code: our own word for what happened.
  ///   - more: attributes of the class.
  package init(
    _ class: Class, activity: (id: Int, name: String), severity: Severity, time: Timestamp, uid: String, code: String, message: String,
    isSuccess: Bool? = true, identity: SenderIdentity, sequence: UInt64? = nil, more: [String: CanonicalJSON]
  ) {
    self.class = `class`
    self.severity = severity
    self.time = time
    self.uid = uid
    var metadata: [String: CanonicalJSON] = [
      "version": .string(Self.version), "uid": .string(uid), "event_code": .string(code), "log_provider": .string("sealane"),
      "product": .object(["name": .string("Sealane"), "vendor_name": .string("Sealane"), "version": .string(identity.version)]),
      "tenant_uid": .string(identity.host),
    ]
    if let sequence { metadata["sequence"] = .integer(Int64(clamping: sequence)) }
    var attributes: [String: CanonicalJSON] = [
      "activity_id": .integer(Int64(activity.id)), "activity_name": .string(activity.name),
      "category_uid": .integer(Int64(`class`.category.uid)), "category_name": .string(`class`.category.name),
      "class_uid": .integer(Int64(`class`.rawValue)), "class_name": .string(`class`.name),
      "type_uid": .integer(Int64(`class`.rawValue * 100 + activity.id)), "type_name": .string("\(`class`.name): \(activity.name)"),
      "severity_id": .integer(Int64(severity.rawValue)), "severity": .string(severity.name), "time": .integer(time.milliseconds),
      "message": .string(message), "metadata": .object(metadata),
    ]
    if let isSuccess {
      attributes["status_id"] = .integer(isSuccess ? 1 : 2)
      attributes["status"] = .string(isSuccess ? "Success" : "Failure")
    }
    self.attributes = attributes.merging(more) { $1 }
  }

  /// One line of JSON in which every character is ASCII: good for every transport.
  package var asciiText: String {
    let text = String(decoding: CanonicalJSON.object(attributes).bytes, as: UTF8.self)
    guard text.utf8.contains(where: { $0 >= 0x7F }) else { return text }
    var ascii = ""
    for unit in text.utf16 {
      if unit < 0x7F, let scalar = Unicode.Scalar(unit) {
        ascii.unicodeScalars.append(scalar)
      } else {
        let digits = String(unit, radix: 16)
        ascii += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return ascii
  }
}

/// Pieces that several classes have.
enum OCSFPart {
  /// A user by public ids. `type_id`: 1 user, 2 admin, 3 system, 99 other.
  static func user(kind: String, id: String) -> CanonicalJSON {
    let type: (Int64, String) =
      switch kind {
      case "owner", "operating_system_user": (2, "Admin")
      case "staff", "user": (1, "User")
      case "service_account", "system", "custodian": (3, "System")
      default: (99, kind.isEmpty ? "unknown" : kind)
      }
    return .object(["uid": .string(id.isEmpty ? "unknown" : id), "type_id": .integer(type.0), "type": .string(type.1)])
  }

  /// - Parameter holder: of a quota: the word of its kind and its id, with a blank between.
  static func user(holder: String) -> CanonicalJSON {
    let parts = holder.split(separator: " ", maxSplits: 1).map(String.init)
    return parts.count == 2 ? user(kind: parts[0], id: parts[1]) : user(kind: "service_account", id: holder)
  }

  static func actor(_ principal: Principal) -> CanonicalJSON {
    .object([
      "user": user(kind: principal.kind.rawValue, id: principal.id), "session": .object(["uid": .string(principal.credential)]),
      "app_name": .string("sealane"),
    ])
  }

  /// Where an act came in. Addresses of people are not kept, so it is named by the door.
  static func door(_ name: String) -> CanonicalJSON { .object(["name": .string(name)]) }

  static let service = CanonicalJSON.object(["name": .string("sealane")])
}
