internal import Access
internal import Events
package import Foundation
internal import Vault

/// What the commands of `sealane-custodian` do beside serving.
package enum CustodianSetup {
  /// What the server must be told of a new custodian.
  package struct Made: Sendable, Codable {
    package let announcement: String
    package let fingerprint: String
    package let serverToken: String
    /// One for each of the three first approvers; shown once and kept nowhere.
    package let setupURLs: [String]

    private enum CodingKeys: String, CodingKey {
      case announcement, fingerprint
      case serverToken = "server_token"
      case setupURLs = "setup_urls"
    }
  }

  package static let defaultOrigin = "http://custodian.localhost:8002"

  /// Makes a directory; with the server's key directory (or `exec:` and a command), its look-up keys are copied.
  ///
  /// `token` is what the server issued for this custodian; without one a fresh one is made, which the server must then be told.
  package static func create(at directory: URL, keys: String?, token: String?, origin: String = defaultOrigin) throws -> Made {
    let now = CustodianService.wallClock()
    let lookUpKeys = try keys.map { try KeySource($0).load() }
    let created = try CustodianDirectory.create(
      at: directory, lookUpKeys: lookUpKeys, madeAt: now.milliseconds)
    let links = (0..<CustodianDirectory.firstApprovers).map { _ in Secret.random(.approverLink) }
    try CustodianDirectory.write(
      setupLinks: links.map(\.digest.bytes), expiresAt: now.milliseconds + CustodianDirectory.setupLinkLifetime, in: directory)
    if let token {
      try SecretFile.replace(directory.appendingPathComponent(CustodianDirectory.serverToken), bytes: Array((token + "\n").utf8))
    }
    return Made(
      announcement: created.announcement.text, fingerprint: created.publicKey.fingerprint, serverToken: token ?? created.serverToken,
      setupURLs: links.map { setupURL(origin, $0) })
  }

  /// New links for those of the first three approvers who have not enrolled; the links before them are worth nothing any more. None once
  /// three are enrolled: further ones are admitted by those.
  package static func setupLinks(on directory: URL, origin: String = defaultOrigin) throws -> [String] {
    let store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    let now = CustodianService.wallClock()
    try store.takeSetupLinks(at: now)
    let links = (0..<CustodianDirectory.firstApprovers).map { _ in Secret.random(.approverLink) }
    let end = Timestamp(milliseconds: now.milliseconds + CustodianDirectory.setupLinkLifetime)
    return links.prefix(try store.replaceSetupLinks(links.map(\.digest.bytes), expires: end, at: now)).map { setupURL(origin, $0) }
  }

  private static func setupURL(_ origin: String, _ link: Secret) -> String { "\(origin)/enrol#\(link.text)" }

  /// An alarm as the commands show it.
  package struct AlarmLine: Sendable, Codable {
    package let id: String
    package let kind: String
    package let sentence: String
    /// `standing`, `settled here` (the server does not know yet) or `settled`.
    package let state: String
    package let reason: String?
    package let raisedAt: Int64
    package let settledAt: Int64?
    /// Wrapped keys that it was about and that were set aside.
    package let setAside: Int

    private enum CodingKeys: String, CodingKey {
      case id, kind, sentence, state, reason
      case raisedAt = "raised_at"
      case settledAt = "settled_at"
      case setAside = "set_aside"
    }

    init(_ alarm: Alarm, setAside: Int) {
      id = alarm.id
      kind = alarm.fault.kind.rawValue
      sentence = alarm.fault.sentence
      state = alarm.settlement == nil ? "standing" : alarm.settlement?.sentAt == nil ? "settled here" : "settled"
      reason = alarm.settlement?.reason
      raisedAt = alarm.raisedAt.milliseconds
      settledAt = alarm.settlement?.settledAt.milliseconds
      self.setAside = setAside
    }
  }

  /// Every alarm on record, the newest first.
  package static func alarms(on directory: URL) throws -> [AlarmLine] {
    let store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    let setAside = try store.setAside()
    return try store.alarms().map { AlarmLine($0, setAside: setAside[$0.id] ?? 0) }
  }

  /// Notes that an alarm is settled; the custodian that runs here, or the next one, tells the server.
  package static func settle(alarm id: String, reason: String, on directory: URL) throws -> AlarmLine {
    let store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    return AlarmLine(try store.settle(id, reason: reason, at: CustodianService.wallClock()), setAside: 0)
  }

  /// What the store says, without a server.
  package static func report(on directory: URL) throws -> CustodianStatus.Report {
    let store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    return try CustodianStatus(store: store, server: "", clock: CustodianService.wallClock).report()
  }
}
