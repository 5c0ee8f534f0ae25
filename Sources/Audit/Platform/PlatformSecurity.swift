internal import Foundation

/// What a platform says of an organization's keys and people: docs/FORMATS.md, “What a platform says of an organization”.
package struct PlatformSecurity: Sendable, Decodable {
  struct Member: Sendable, Decodable {
    var id: String
    var role: String
    /// Nil: the platform does not say.
    var mfa: Bool?
  }
  struct Key: Sendable, Decodable {
    var id: String
    /// What the platform shows of it: its beginning.
    var prefix: String?
    /// SHA-256 of the whole key, in hexadecimal digits.
    var sha256: String?
    var createdAt: String?
    var lastUsedAt: String?
    /// Whether the platform keeps last uses: without, null says nothing.
    var tracksUse: Bool?

    var shownID: String { Redactor.clean(String(id.prefix(100))) }
  }

  var members: [Member]?
  var keys: [Key]?

  /// - Throws: `AuditError` if it is not what the page says.
  package init(parsing text: [UInt8]) throws(AuditError) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { self = try decoder.decode(PlatformSecurity.self, from: Data(text)) } catch {
      throw AuditError("The platform's answer is not the JSON of docs/FORMATS.md; nothing of it was used.")
    }
    guard (members?.count ?? 0) <= 100_000, (keys?.count ?? 0) <= 100_000 else {
      throw AuditError("The platform's answer lists more than 100,000 members or keys.")
    }
  }

  func key(published digest: String) -> Key? { keys?.first { $0.sha256?.lowercased() == digest } }
}

/// What follows from that.
package struct PlatformFindings: Sendable, Codable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case adminWithoutMFA = "admin_without_mfa"
    case memberWithoutMFA = "members_without_mfa"
    case manyAdmins = "many_admins"
    case unusedKey = "unused_key"
    case oldKey = "old_key"
    case leakedKey = "key_in_tree"
  }

  package struct Item: Sendable, Codable {
    package var kind: Kind
    package var subject: String
    package var sentence: String
    package var fingerprint: String
  }

  package var findings: [Item]
  /// What the platform does not say.
  package var unanswered: [String]

  package var isClean: Bool { findings.isEmpty }

  /// Days without use after which a key is not needed, and of age after which it is old.
  static let unusedDays = 90
  static let oldDays = 365
  static let mostAdmins = 5

  /// - Parameter matched: fingerprints of findings by the ids of keys that they are.
  package init(_ platform: PlatformSecurity, matched: [String: String], now: Int64) {
    var items: [Item] = []
    var unanswered: [String] = []
    func add(_ kind: Kind, _ subject: String, _ sentence: String) {
      items.append(
        Item(
          kind: kind, subject: subject, sentence: sentence,
          fingerprint: Fingerprinter.published(Array("\(kind.rawValue)\0\(subject)".utf8)).prefix16))
    }
    if let members = platform.members {
      let admins = members.filter { ["admin", "owner"].contains($0.role.lowercased()) }
      for admin in admins where admin.mfa == false {
        let name = Redactor.clean(String(admin.id.prefix(100)))
        add(
          .adminWithoutMFA, name,
          "\(name) is \(admin.role.lowercased() == "owner" ? "an owner" : "an admin") without MFA: one password opens everything.")
      }
      let others = members.count { $0.mfa == false } - admins.count { $0.mfa == false }
      if others > 0 { add(.memberWithoutMFA, "members", "\(others) other members have no MFA.") }
      if admins.count > Self.mostAdmins, admins.count * 5 > members.count {
        add(.manyAdmins, "admins", "\(admins.count) of \(members.count) members are admins: each of them can make keys. Fewer are enough.")
      }
      if members.contains(where: { $0.mfa == nil }) {
        unanswered.append("The platform does not say of every member whether they have MFA.")
      }
    } else {
      unanswered.append("The platform does not list members: their MFA and roles are not known.")
    }
    if let keys = platform.keys {
      var isUseUnknown = false
      for key in keys {
        let name = key.shownID
        let created = PlatformTime.seconds(key.createdAt)
        let used = PlatformTime.seconds(key.lastUsedAt)
        if let fingerprint = matched[key.id] {
          add(.leakedKey, name, "Key \(name) stands in what was audited [\(fingerprint)]: rotate it.")
        }
        if let used {
          let days = (now - used) / 86_400
          if days >= Int64(Self.unusedDays) { add(.unusedKey, name, "Key \(name) was last used \(days) days ago: revoke it.") }
        } else if key.tracksUse ?? false, let created, (now - created) / 86_400 >= Int64(Self.unusedDays) {
          add(.unusedKey, name, "Key \(name) was never used: revoke it.")
        } else if !(key.tracksUse ?? false) {
          isUseUnknown = true
        }
        if let created, (now - created) / 86_400 >= Int64(Self.oldDays) {
          add(.oldKey, name, "Key \(name) is \((now - created) / 86_400) days old: replace it.")
        }
      }
      if isUseUnknown { unanswered.append("The platform does not say of every key when it was last used.") }
      if !keys.contains(where: { $0.sha256 != nil }) {
        unanswered.append("The platform publishes no SHA-256 of its keys: which of them stand in the tree it cannot say.")
      }
    } else {
      unanswered.append("The platform does not list keys.")
    }
    findings = items
    self.unanswered = unanswered
  }

  /// What a platform that was asked and does not offer this leaves unknown.
  package init(unanswered: String) {
    findings = []
    self.unanswered = [unanswered]
  }

  var lines: [String] {
    var lines = ["THE PLATFORM"]
    lines += findings.map { "  \($0.sentence)" }
    if findings.isEmpty, unanswered.isEmpty { lines.append("  Nothing to say: MFA, admins and keys are as they should be.") }
    lines += unanswered.map { "  \($0)" }
    return lines
  }
}

extension PlatformFindings.Kind {
  var sentence: String {
    switch self {
    case .adminWithoutMFA: "An administrator has no MFA."
    case .memberWithoutMFA: "Members have no MFA."
    case .manyAdmins: "Many members are administrators."
    case .unusedKey: "A key is not used."
    case .oldKey: "A key is old."
    case .leakedKey: "A key stands in what was audited."
    }
  }
}

extension String {
  var prefix16: String { String(prefix(16)) }
}

/// RFC 3339, with or without fractions.
enum PlatformTime {
  static func seconds(_ text: String?) -> Int64? {
    guard let text, text.utf8.count <= 40 else { return nil }
    let formatter = ISO8601DateFormatter()
    if let date = formatter.date(from: text) { return Int64(date.timeIntervalSince1970) }
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    return formatter.date(from: text).map { Int64($0.timeIntervalSince1970) }
  }
}
