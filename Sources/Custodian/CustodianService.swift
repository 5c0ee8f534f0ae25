package import Events
package import Foundation
internal import Hummingbird
package import Logging
internal import Passkeys
internal import ServiceLifecycle
internal import UnixSignals
internal import Vault

/// `sealane-custodian serve`: fetches parcels, changes keys, shows its status page. Ends gracefully on SIGTERM and SIGINT.
package struct CustodianService: Sendable {
  package struct Options: Sendable {
    package var directory: URL
    /// The server's origin.
    package var server: String
    /// A PEM file to trust instead of the system's certificates.
    package var certificateAuthority: String?
    package var host = "127.0.0.1"
    package var port = 8002
    /// Where browsers reach the pages; passkeys are for its host name. Nil: `http://custodian.localhost` with the port.
    package var origin: String?
    package var pollInterval: Duration = .seconds(3)
    package var keyLifetime = Keyring.defaultLifetime
    package var keyOverlap = Keyring.defaultOverlap
    package var erasuresPerDay = Courier.defaultErasuresPerDay
    /// Milliseconds of one step of waiting before mail that was not taken goes again; a minute but for tests.
    package var mailPause: Int64 = 60_000

    package init(directory: URL, server: String) {
      self.directory = directory
      self.server = server
    }
  }

  package static let wallClock: @Sendable () -> Timestamp = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

  /// Runs until a signal comes.
  package static func run(_ options: Options, logger: Logger) async throws {
    let origin = options.origin ?? "http://custodian.localhost\(options.port == 80 ? "" : ":\(options.port)")"
    guard let relyingParty = RelyingParty(origin: origin) else {
      throw CustodianError.badOption(
        "--origin takes the address of the custodian's pages as browsers show it, such as https://custodian.example.com; without https only a name that ends in localhost, since passkeys work nowhere else."
      )
    }
    let lock = try DirectoryLock(options.directory)
    defer { withExtendedLifetime(lock) {} }
    BackupScratch.removeLeftovers(in: options.directory)
    let secrets = try CustodianSecrets(directory: options.directory)
    let store = try CustodianStore(secrets: secrets)
    try store.takeSetupLinks(at: wallClock())
    let keyring = try Keyring(store: store, lifetime: options.keyLifetime, overlap: options.keyOverlap, now: wallClock())
    let connection = try ServerConnection(
      server: options.server, token: secrets.serverToken, certificateAuthority: options.certificateAuthority)
    let courier = Courier(
      store: store, keyring: keyring, connection: connection, erasuresPerDay: options.erasuresPerDay, logger: logger, clock: wallClock)
    let status = CustodianStatus(store: store, server: options.server, clock: wallClock)
    let poller = Poller(
      courier: courier, keyring: keyring, connection: connection, status: status, interval: options.pollInterval, logger: logger)
    let witnessing = WitnessPoller(
      witness: Witness(store: store, connection: connection, logger: logger, clock: wallClock),
      interval: min(options.pollInterval, WitnessPoller.longestInterval), logger: logger)
    let approvals = Approvals(store: store, relyingParty: relyingParty, connection: connection, logger: logger, clock: wallClock)
    let settings = try MailSettings.read(in: options.directory)
    let notices = try NoticeWorker(
      approvals, settings: settings, mailPause: options.mailPause, interval: min(options.pollInterval, .seconds(2)))
    let answers = try AnswerSettings.read(in: options.directory).map {
      AnswerWorker(approvals, answers: $0, beside: notices, interval: min(options.pollInterval * 5, .seconds(30)))
    }
    let application = Application(
      router: CustodianSite(status: status, approvals: approvals, mail: settings).router(context: BasicRequestContext.self),
      configuration: .init(address: .hostname(options.host, port: options.port), serverName: nil),
      onServerRunning: { _ in
        logger.info(
          "custodian is ready",
          metadata: ["page": "\(origin)", "server": "\(options.server)", "key": "\(status.fingerprint() ?? "-")"])
      }, logger: logger)
    let group = ServiceGroup(
      configuration: .init(
        services: [application, poller, witnessing, notices] + (answers.map { [$0] } ?? []), gracefulShutdownSignals: [.sigterm, .sigint],
        logger: logger))
    try await group.run()
    logger.info("custodian has stopped")
  }
}

/// One round after the other. A failure is logged and tried again, with longer pauses up to half a minute.
private struct Poller: Service {
  let courier: Courier
  let keyring: Keyring
  let connection: ServerConnection
  let status: CustodianStatus
  let interval: Duration
  let logger: Logger

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var (failures, unentered) = (0, 0)
      while !Task.isCancelled {
        do {
          let outcome = try await courier.round()
          if outcome.fault == nil { try await keyring.rotate(over: connection, now: CustodianService.wallClock(), logger: logger) }
          status.reached(at: CustodianService.wallClock(), isSound: outcome.fault == nil)
          // Apart from the round: a server that does not know of changes yet has its parcels fetched all the same.
          do {
            try await courier.enterChanges()
            unentered = 0
          } catch {
            unentered += 1
            if unentered % 100 == 1 {
              logger.warning("the ledger does not have a change of approvers yet", metadata: ["reason": "\(error)"])
            }
          }
          if failures > 0 { logger.info("the server answers again") }
          failures = 0
        } catch is CancellationError {
          return
        } catch {
          failures += 1
          status.failed()
          // The first of a row, then every twentieth: a server that is away for a night does not fill the disk.
          if failures % 20 == 1 {
            logger.warning("a round failed and is repeated", metadata: ["reason": "\(error)", "failures": "\(failures)"])
          }
        }
        try await Task.sleep(for: min(interval * (1 << min(failures, 4)), max(interval, .seconds(30))))
      }
    }
  }
}

/// Cosigns beside the rounds, which may take long: the server shows nothing about subjects while its newest entries wait for too long.
private struct WitnessPoller: Service {
  static let longestInterval: Duration = .seconds(2)

  let witness: Witness
  let interval: Duration
  let logger: Logger

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var failures = 0
      while !Task.isCancelled {
        do {
          _ = try await witness.round()
          if failures > 0 { logger.info("the ledger is cosigned again") }
          failures = 0
        } catch is CancellationError {
          return
        } catch {
          failures += 1
          if failures % 100 == 1 {
            logger.warning("the ledger could not be cosigned; it is tried again", metadata: ["reason": "\(error)"])
          }
        }
        try await Task.sleep(for: min(interval * (1 << min(failures, 3)), max(interval, .seconds(10))))
      }
    }
  }
}
