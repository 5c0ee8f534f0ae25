import Delivery
import Events
import Foundation
import Journeys
import Ledger
import Logging
import Relay
import Response
import Vault

/// `sealane serve`: from configuration to an orderly end.
package struct ServerRun: Sendable {
  private let configuration: ServerConfiguration
  private let logger: Logger

  package init(_ configuration: ServerConfiguration) {
    self.configuration = configuration
    let level = configuration.logLevel
    logger = Logger(label: "sealane") { _ in JSONLogHandler(level: level) }
  }

  /// Serves until SIGTERM or SIGINT, then finishes what is in flight, flushes and closes.
  package func run(onReady: @escaping @Sendable (Installation, Listeners.Addresses) async -> Void = { _, _ in }) async throws {
    Allocator.configure()
    // A file that may not grow is an error of the write like any other (EFBIG), and no reason to die.
    signal(SIGXFSZ, SIG_IGN)
    let installation = try await Installation.open(configuration, logger: logger)
    try await installation.beginDelivery()
    let upkeep = Task { await installation.keepUp() }
    let giving = Task { await Allocator.keepGivingBack() }
    let telling = Task { await installation.tellRefusals() }
    let delivering = Task { await installation.dispatcher.run() }
    let relaying = Task { await installation.relay.run() }
    let asking = Task { await installation.outsideWitnesses.run() }
    let indexing = Task(priority: .utility) { await installation.exposure.follow() }
    let measuring = Task(priority: .utility) { await installation.blastRadii.run() }
    do {
      try await Listeners(installation).run { addresses in
        logger.notice(
          "Ready",
          metadata: [
            "console": "\(addresses.console.origin(isSecure: configuration.tls != nil))", "intake": "\(addresses.intake)",
          ])
        await onReady(installation, addresses)
      }
    } catch {
      for task in [upkeep, giving, asking, telling, delivering, relaying, indexing, measuring] { task.cancel() }
      await installation.close()
      throw Self.explained(error, configuration)
    }
    for task in [upkeep, giving, asking, telling, delivering, relaying, indexing, measuring] { task.cancel() }
    // A message under way may still be noted as sent; one that hangs is sent again after the next start.
    await Self.finish(delivering, within: .seconds(5))
    await Self.finish(relaying, within: .seconds(5))
    await Self.finish(indexing, within: .seconds(5))
    await Self.finish(measuring, within: .seconds(5))
    logger.notice("Stopping: requests in flight are done, closing files")
    await installation.close()
  }

  private static func finish(_ task: Task<Void, Never>, within limit: Duration) async {
    let bell = Doorbell()
    Task {
      await task.value
      bell.ring()
    }
    await bell.wait(upTo: limit)
  }

  /// The commonest failure, an address in use, in words.
  private static func explained(_ error: any Error, _ configuration: ServerConfiguration) -> any Error {
    guard String(describing: error).contains("EADDRINUSE") || "\(error)".contains("in use") else { return error }
    return ConfigurationError(
      "Another program listens on \(configuration.listen) or \(configuration.intake). Stop it, or choose other addresses with --listen and --intake."
    )
  }
}

extension Installation {
  var outsideWitnesses: OutsideWitnesses { OutsideWitnesses(desk: witnesses, ledger: ledger, metrics: metrics, logger: logger) }

  /// What has to happen now and then while nobody asks: keys of an epoch that is over are forgotten. If keys could not be locked in memory,
  /// it is said, once.
  func keepUp() async {
    var hasWarned = false
    while !Task.isCancelled {
      if SecretMemory.lockRefusals > 0, !hasWarned {
        hasWarned = true
        logger.warning(
          "Keys are not locked in memory and could be swapped to a disk: raise the limit, or encrypt the swap",
          metadata: ["limit": "RLIMIT_MEMLOCK (systemd: LimitMEMLOCK=)"])
      }
      for project in projects.all {
        project.sealer.forgetExpiredKeys()
        await keepFindings(of: project)
        await keepThirdParties(of: project)
      }
      await keepGrants()
      await keepAlerts()
      do { try await erasures.advance() } catch {
        logger.warning("How far the ledger is known cannot be noted", metadata: ["error": "\(error)"])
      }
      try? await Task.sleep(for: .seconds(30))
    }
  }
}
