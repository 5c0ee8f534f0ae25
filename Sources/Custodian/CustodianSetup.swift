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

  /// What the store says, without a server.
  package static func report(on directory: URL) throws -> CustodianStatus.Report {
    let store = try CustodianStore(secrets: CustodianSecrets(directory: directory))
    return try CustodianStatus(store: store, server: "", clock: CustodianService.wallClock).report()
  }
}
