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

    private enum CodingKeys: String, CodingKey {
      case announcement, fingerprint
      case serverToken = "server_token"
    }
  }

  /// Makes a directory; with the server's key directory, its look-up keys are copied.
  ///
  /// `token` is what the server issued for this custodian; without one a fresh one is made, which the server must then be told.
  package static func create(at directory: URL, keys: URL?, token: String?) throws -> Made {
    let lookUpKeys = try keys.map { try KeyDirectory.load(from: $0) }
    let created = try CustodianDirectory.create(
      at: directory, lookUpKeys: lookUpKeys, madeAt: CustodianService.wallClock().milliseconds)
    if let token {
      try SecretFile.replace(directory.appendingPathComponent(CustodianDirectory.serverToken), bytes: Array((token + "\n").utf8))
    }
    return Made(
      announcement: created.announcement.text, fingerprint: created.publicKey.fingerprint, serverToken: token ?? created.serverToken)
  }

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
