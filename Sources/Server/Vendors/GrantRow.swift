import Access
import Events
import Intake

/// One grant as a list has it: what stands under which name, to what it says. Lists of admin consoles differ in names only, so each member has
/// several. What nobody asked for is passed over; secrets are in no name that is asked for.
struct GrantRow {
  /// Why a row is no grant. Names the member at fault, never what stands in it.
  struct Fault: Error, Sendable, Hashable { let reason: String }

  enum Member: String, CaseIterable {
    case vendor, client, name, kind, scopes, grantedBy, createdAt, lastUsedAt, expiresAt, retiredAt, revokedAt, status, note

    /// In small letters, without anything but letters and digits; the first that says something counts.
    var names: [String] {
      switch self {
      case .vendor: ["vendor", "vendorid", "provider", "providername", "publisher", "publishername", "company"]
      case .client:
        ["clientid", "oauthclientid", "appid", "applicationid", "credentialid", "keyid", "tokenid", "webhookid", "integrationid", "id"]
      case .name:
        [
          "name", "appname", "applicationname", "appdisplayname", "displayname", "displaytext", "clientname", "application", "app",
          "authorizedcredentialtitle", "authorizedcredentialnote", "title", "label", "integration",
        ]
      case .kind: ["kind", "granttype", "credentialtype", "tokentype", "type"]
      case .scopes: ["scopes", "scope", "oauthscopes", "permissions", "requestedservices", "scopeid", "access"]
      case .grantedBy:
        ["grantedby", "authorizedby", "createdby", "useremail", "user", "userkey", "username", "login", "owner", "principalid", "userid"]
      case .createdAt:
        [
          "createdat", "created", "createddate", "createddatetime", "grantedat", "authorizedat", "authorizationdate",
          "credentialauthorizedat", "installedat", "dateinstalled", "issuedat",
        ]
      case .lastUsedAt:
        [
          "lastusedat", "lastused", "lastuseddate", "lastuseddatetime", "lastaccess", "lastaccessed", "lastaccessedat", "lastactivity",
          "credentialaccessedat", "lastusetime",
        ]
      case .expiresAt:
        [
          "expiresat", "expires", "expiry", "expirytime", "expirationtime", "expirationdate", "expiration", "enddatetime",
          "authorizedcredentialexpiresat",
        ]
      case .retiredAt: ["retiredat", "retired"]
      case .revokedAt: ["revokedat", "revoked", "deletedat"]
      case .status: ["status", "state"]
      case .note: ["note", "notes", "comment", "description"]
      }
    }
  }

  /// By names as `plain` makes them.
  private let texts: [String: String]

  init(_ texts: [String: String]) { self.texts = texts }

  /// `Last used (date)` → `lastuseddate`.
  static func plain(_ name: String) -> String {
    String(String.UnicodeScalarView(name.unicodeScalars.prefix(200).filter { $0.properties.isAlphabetic || ("0"..."9").contains($0) }))
      .lowercased()
  }

  private static let known = Set(Member.allCases.flatMap(\.names))
  /// Whether anything is read that stands under this name.
  static func isKnown(_ plain: String) -> Bool { known.contains(plain) }
  static func namesGrant(_ plain: some Sequence<String>) -> Bool {
    plain.contains { Member.name.names.contains($0) || Member.client.names.contains($0) }
  }

  /// - Parameters:
  ///   - now: since when something is retired or revoked of which no time is said.
  ///   - isStrict: whether a kind must be one of ours, as by hand; in lists unknown ones are OAuth grants.
  func draft(at now: Timestamp, isStrict: Bool = false) throws(Fault) -> VendorGrantDraft {
    let client = try line(.client)
    guard let name = try line(.name) ?? client else { throw Fault(reason: "it names neither an application nor a client") }
    var draft = VendorGrantDraft(
      vendor: try vendor(), client: client, name: name, kind: try kind(isStrict: isStrict), scopes: try scopes(),
      grantedBy: try line(.grantedBy), createdAt: try time(.createdAt), lastUsedAt: try time(.lastUsedAt), expiresAt: try time(.expiresAt),
      retiredAt: try moment(.retiredAt, now: now), revokedAt: try moment(.revokedAt, now: now),
      note: try line(.note, longest: VendorGrantDraft.longestNote) ?? "")
    let dead: Set<String> = ["revoked", "deleted", "removed", "disabled", "inactive", "expired"]
    if draft.revokedAt == nil, let status = self[.status], dead.contains(status.lowercased()) { draft.revokedAt = now }
    if draft.retiredAt == nil { draft.retiredAt = draft.revokedAt }
    return draft
  }

  private subscript(_ member: Member) -> String? {
    for name in member.names {
      if let text = texts[name].map(Self.trimmed), !text.isEmpty, !Self.saysNothing(text) { return text }
    }
    return nil
  }

  private static func trimmed(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }

  private static func saysNothing(_ text: String) -> Bool {
    text.utf8.count <= 5 && ["-", "–", "n/a", "none", "null", "never"].contains(text.lowercased())
  }

  private func line(_ member: Member, longest: Int = VendorGrantDraft.longestText) throws(Fault) -> String? {
    guard let text = self[member] else { return nil }
    guard text.unicodeScalars.count <= longest, text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw Fault(reason: "“\(member.rawValue)” is one line of at most \(longest) characters")
    }
    return text
  }

  /// `Tallymark Analytics, Inc.` is `tallymark-analytics-inc`: what no id can be made of is no vendor's.
  private func vendor() throws(Fault) -> Vendor.ID? {
    guard let text = try line(.vendor) else { return nil }
    var id = ""
    for byte in text.lowercased().utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): id.unicodeScalars.append(UnicodeScalar(byte))
      default: if !id.isEmpty, id.last != "-" { id += "-" }
      }
    }
    while id.last == "-" { id.removeLast() }
    var short = String(id.prefix(40))
    while short.last == "-" { short.removeLast() }
    return Vendor.ID(rawValue: short)
  }

  private func kind(isStrict: Bool) throws(Fault) -> VendorGrant.Kind {
    guard let text = self[.kind]?.lowercased() else { return .oauthGrant }
    if let kind = VendorGrant.Kind(rawValue: text) { return kind }
    guard !isStrict else {
      throw Fault(reason: "“kind” is one of \(VendorGrant.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let plain = Self.plain(text)
    if plain.contains("hook") { return .webhook }
    if plain.contains("serviceaccount") || plain.contains("serviceprincipal") || plain.contains("robot") { return .serviceAccount }
    if plain.contains("key") || plain.contains("personalaccesstoken") { return .apiKey }
    if ["user", "member", "seat", "guest"].contains(plain) { return .user }
    return .oauthGrant
  }

  private func scopes() throws(Fault) -> [String] {
    guard let text = self[.scopes] else { return [] }
    let scopes = text.unicodeScalars.split { $0.properties.isWhitespace || $0 == "," || $0 == ";" || $0 == "|" }.map { String($0) }
    guard scopes.count <= VendorGrantDraft.mostScopes,
      scopes.allSatisfy({ scope in
        scope.utf8.count <= VendorGrantDraft.longestScope && scope.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
      })
    else { throw Fault(reason: "“scopes” holds at most \(VendorGrantDraft.mostScopes) words of \(VendorGrantDraft.longestScope) bytes") }
    return scopes
  }

  private func time(_ member: Member) throws(Fault) -> Timestamp? {
    guard let text = self[member] else { return nil }
    guard let time = TimeFormat.automatic.milliseconds(Array(text.utf8)[...], clock: nil), (0..<(1 << 53)).contains(time) else {
      throw Fault(reason: "“\(member.rawValue)” is no time; write it such as 2026-11-17T09:30:00Z")
    }
    return Timestamp(milliseconds: time)
  }

  /// A time, or yes and no.
  private func moment(_ member: Member, now: Timestamp) throws(Fault) -> Timestamp? {
    switch self[member]?.lowercased() {
    case "yes", "true", "y": now
    case "no", "false", "n": nil
    default: try time(member)
    }
  }
}
