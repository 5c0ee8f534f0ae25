import Access
import Crypto
import Delivery
import Events
import Foundation
import Ledger
import Logging
import Vault

/// Alerts and where they go.
extension Installation {
  package static let version = "0.1.0"
  private static let system = Principal(kind: .system, id: "server", credential: "start")
  /// SHA-256 of what the channels' file said when it was entered last.
  private static let channelsSetting = "alert_channels_digest"

  /// - Throws: `ConfigurationError` for the operator.
  static func channels(_ configuration: ServerConfiguration) throws(ConfigurationError) -> [Channel] {
    guard let file = configuration.alertChannels else { return [] }
    do { return try ChannelFile.read(file, data: configuration.data) } catch { throw ConfigurationError(error.description) }
  }

  /// Tells the desk where alerts go, and enters alerts that a crash left unentered.
  func openAlerts() async throws {
    let (dispatcher, logger) = (dispatcher, logger)
    // The dispatcher holds the desk.
    alerts.direct(to: dispatcher.channels.map(\.route)) { [weak dispatcher] in
      dispatcher?.wake()
    } note: { error in
      logger.error(
        "An alert could not be written whole",
        metadata: ["error": "\((error as? AccessError)?.message ?? (error as? LedgerError)?.message ?? "?")"])
    }
    await alerts.catchUp()
  }

  /// Before a server serves: enters in the ledger where alerts go somewhere else than before, and makes the channels known.
  func beginDelivery() async throws {
    let digest = SHA256.hash(data: Data(dispatcher.channels.map { "\($0)" }.joined(separator: "\n").utf8))
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let known = try await access.setting(Self.channelsSetting)
    if known != digest, known != nil || !dispatcher.channels.isEmpty {
      try await ledger.record(.settingsChanged(["alert_channels"]), by: Self.system)
      try await access.setSetting(Self.channelsSetting, to: digest)
    }
    try await dispatcher.prepare()
  }

  /// The key of the hashes of networks and clients: nothing beside the database tells which they are.
  static func usualUseKey(_ keys: KeyDirectory) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: keys.pseudonym.symmetricKey, salt: [UInt8](), info: Array("sealane usual use v1".utf8), outputByteCount: 32)
  }

  /// Writes down what was learnt of how credentials are used.
  func keepUses() async {
    do { try await uses.keep() } catch {
      logger.error("What is usual of credentials cannot be written down; it is tried again", metadata: ["error": "\(error.message)"])
    }
  }

  /// Every few seconds: refusals go into the outbox; that more came than are kept apart is an alert.
  func tellRefusals() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(5))
      await keepUses()
      let (refusals, lost) = refusals.take()
      metrics.count("sealane_refusals_not_kept_total", by: lost)
      if alerts.routes.contains(where: \.takesEvents) {
        do {
          try await access.enqueue(refusals, routes: alerts.routes)
          if !refusals.isEmpty { dispatcher.wake() }
        } catch {
          let count = refusals.reduce(0) { $0 + $1.count }
          metrics.count("sealane_refusals_not_kept_total", by: count)
          logger.error("Refused calls could not be kept for the channels", metadata: ["count": "\(count)", "error": "\(error.message)"])
        }
        if lost > 0 {
          await alerts.raise(
            NewAlert(
              .eventsLost,
              sentence: "\(lost) refused calls were of more kinds than are told apart within seconds: channels were not told of them.",
              details: ["refusals": .number(Int64(lost))], sameAs: "refusals"))
        }
      }
    }
  }

  /// Every half minute: what could not be entered at once, a ledger that takes nothing, messages whose time is over.
  func keepAlerts() async {
    if let refusal = ledger.refusal, refusal.code != .closed {
      await alerts.raise(
        NewAlert(
          .ledgerUnwritable,
          sentence: "The ledger cannot be written: nothing is disclosed until the disk is put right and the server is started again.",
          sameAs: "ledger"))
    } else {
      await alerts.catchUp()
    }
    await witnesses.tellStanding()
    do {
      try await dispatcher.tellOverflow()
      try await access.forgetExpiredDeliveries(keeping: dispatcher.channels.map(\.name))
    } catch {
      logger.error("The outbox cannot be looked through; it is tried again", metadata: ["error": "\(type(of: error))"])
    }
  }
}
