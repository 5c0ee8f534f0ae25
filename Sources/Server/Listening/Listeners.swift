import Access
import Console
import Events
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import UnixSignals

/// The server's doors: console and API, intake, and the control socket.
package struct Listeners: Sendable {
  let installation: Installation

  package init(_ installation: Installation) { self.installation = installation }

  package enum Selection: Sendable { case all, control }

  /// Where the doors really are, once they are open (port 0 lets the system choose).
  package struct Addresses: Sendable {
    package var console: ListenAddress
    package var intake: ListenAddress
    package var trust: ListenAddress?
  }

  /// Serves until SIGTERM or SIGINT: then nothing new is accepted, and requests in flight get their time to finish.
  package func run(onReady: @escaping @Sendable (Addresses) async -> Void) async throws {
    let ready = Readiness(installation.configuration, expected: doors.count, onReady: onReady)
    let services: [any Service] = try doors.map { try application($0, ready) }
    try await group(services, signals: [.sigterm, .sigint]).run()
  }

  /// Those that are open.
  private var doors: [Door] {
    [.control, .console] + (isShared ? [] : [.intake]) + (installation.configuration.trust == nil ? [] : [.trust])
  }

  /// Serves for as long as `body` runs. For tests and for commands without a running server.
  package func run<Result: Sendable>(only selection: Selection, _ body: @escaping @Sendable () async throws -> Result) async throws
    -> Result
  {
    try await run(selection) { _ in try await body() }
  }

  package func run<Result: Sendable>(_ selection: Selection, _ body: @escaping @Sendable (Addresses) async throws -> Result) async throws
    -> Result
  {
    let (stream, continuation) = AsyncStream<Addresses>.makeStream()
    let doors = selection == .control ? [.control] : doors
    let ready = Readiness(installation.configuration, expected: doors.count) { continuation.yield($0) }
    let group = group(try doors.map { try application($0, ready) }, signals: [])
    return try await withThrowingTaskGroup(of: Result?.self) { tasks in
      tasks.addTask {
        defer { continuation.finish() }
        try await group.run()
        return nil
      }
      tasks.addTask {
        for await addresses in stream { return try await body(addresses) }
        return nil
      }
      var result: Result?
      do {
        while let finished = try await tasks.next() {
          if let finished {
            result = finished
            await group.triggerGracefulShutdown()
          }
        }
      } catch {
        await group.triggerGracefulShutdown()
        throw error
      }
      guard let result else { throw ConfigurationError("The server stopped before it could do its work.") }
      return result
    }
  }

  package enum Door: Sendable, CaseIterable { case console, intake, control, trust }

  var isShared: Bool {
    let configuration = installation.configuration
    return configuration.listen == configuration.intake && configuration.listen.port != 0
  }

  private func group(_ services: [any Service], signals: [UnixSignal]) -> ServiceGroup {
    var configuration = ServiceGroupConfiguration(
      services: services.map {
        .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup, failureTerminationBehavior: .gracefullyShutdownGroup)
      }, gracefulShutdownSignals: signals, logger: installation.logger)
    configuration.maximumGracefulShutdownDuration = installation.configuration.shutdown
    return ServiceGroup(configuration: configuration)
  }

  private func application(_ door: Door, _ ready: Readiness) throws -> some ApplicationProtocol {
    let configuration = installation.configuration
    let bind: BindAddress
    var holder: SocketPath?
    switch door {
    case .console: bind = .hostname(configuration.listen.host, port: configuration.listen.port)
    case .intake: bind = .hostname(configuration.intake.host, port: configuration.intake.port)
    case .trust:
      guard let trust = configuration.trust else { throw ConfigurationError("The trust pages have no address: --trust.") }
      bind = .hostname(trust.host, port: trust.port)
    case .control:
      let socket = try SocketPath(installation.directory.controlSocket)
      bind = .unixDomainSocket(path: socket.path)
      holder = socket
    }
    let socket = holder
    // An idle connection costs memory for as long as its owner pleases; SDKs and browsers open another without a word.
    let patience = TimeAmount.milliseconds(Int64(installation.configuration.shutdown / .milliseconds(1)))
    let channel = HTTPServerBuilder { responder in
      let http1 = HTTP1Channel(
        responder: responder,
        configuration: .init(additionalChannelHandlers: [CloseAfterWrites(patience: patience)], idleTimeout: .seconds(75)))
      return MannerlyHTTP1Channel(inner: http1)
    }
    let server = door == .control ? channel : try secured(channel)
    var logger = installation.logger
    logger.logLevel = max(logger.logLevel, .notice)
    return Application(
      router: try router(door), server: server,
      configuration: ApplicationConfiguration(address: bind, serverName: nil, backlog: 1024),
      onServerRunning: { channel in
        if let socket { chmod(socket.path, 0o600) }
        await ready.opened(door, port: channel.localAddress?.port)
      },
      logger: logger)
  }

  private func secured(_ builder: HTTPServerBuilder) throws -> HTTPServerBuilder {
    guard let files = installation.configuration.tls else { return builder }
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(files.certificate.path).map { NIOSSLCertificateSource.certificate($0) }
      let key = try NIOSSLPrivateKey(file: files.key.path, format: .pem)
      var tls = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
      tls.minimumTLSVersion = .tlsv12
      // A close waits for the other side's word that it closes too, which idle clients do not give: five seconds for every listener, one
      // after the other, when the server stops. Nothing depends on it, since whatever was answered has left by then (CloseAfterWrites).
      tls.shutdownTimeout = .milliseconds(200)
      return try .tls(builder, tlsConfiguration: tls)
    } catch {
      throw ConfigurationError(
        "The TLS files cannot be used: is \(files.certificate.path) a PEM certificate chain and \(files.key.path) its key?")
    }
  }

  /// Methods and paths that a door answers, as `METHOD /path/{parameter}`; the staff's pages, and what only the console's origin has, among
  /// those of the console. HEAD, which every GET has besides, is left out.
  package func routes(_ door: Door) throws -> Set<String> { Self.routes(of: try router(door)) }

  /// The staff's pages alone.
  package var pageRoutes: Set<String> {
    let router = Router(context: ServerContext.self)
    addConsole(to: router, addresses: ClientAddress(trustedProxies: installation.configuration.trustedProxies))
    return Self.routes(of: router)
  }

  private static func routes(of router: Router<ServerContext>) -> Set<String> {
    // OpenAPI has no parameter that holds slashes: what matches any path is described as one.
    Set(router.routes.filter { $0.method != .head }.map { "\($0.method.rawValue) \("\($0.path)".replacing("**", with: "{path}"))" })
  }

  private func router(_ door: Door) throws -> Router<ServerContext> {
    let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    router.add(
      middleware: Observation(
        metrics: installation.metrics, logger: installation.logger, refusals: installation.refusals, door: "\(door)",
        stray: { [installation] text in
          if let (account, refusal) = installation.access.stray(text) { await installation.noteRefused(account, refusal) }
        }))
    let addresses = ClientAddress(trustedProxies: installation.configuration.trustedProxies)
    if door == .trust {
      PublicTrustRoutes(installation: installation, addresses: addresses).add(to: router)
      return router
    }
    let authenticator = Authenticator(
      door: door == .control ? .control : .network, access: installation.access, addresses: addresses,
      refused: { [installation] account, refusal in await installation.noteRefused(account, refusal) },
      accepted: { [installation] who, address, agent in
        await installation.uses.noteUse(by: who.principal, from: address, agent: agent)
      })
    OperationsRoutes(installation: installation, isPublic: door == .intake).add(to: router)
    if door != .console || isShared {
      IntakeRoutes(installation: installation, authenticator: authenticator, addresses: addresses, answersSettings: door == .intake)
        .add(to: router)
      OTLPRoutes(installation: installation, authenticator: authenticator).add(to: router)
      CSPRoutes(installation: installation).add(to: router)
    }
    if door != .intake {
      QueryRoutes(installation: installation, authenticator: authenticator).add(to: router)
      ExportRoutes(installation: installation, authenticator: authenticator).add(to: router)
      CohortRoutes(installation: installation, authenticator: authenticator).add(to: router)
      PlanRoutes(installation: installation, authenticator: authenticator).add(to: router)
      AdministrationRoutes(installation: installation, authenticator: authenticator).add(to: router)
      IncidentRoutes(installation: installation, authenticator: authenticator).add(to: router)
      CommitmentRoutes(installation: installation, authenticator: authenticator).add(to: router)
      TrustRoutes(installation: installation, authenticator: authenticator).add(to: router)
      ExposureRoutes(installation: installation, authenticator: authenticator).add(to: router)
      VendorRoutes(installation: installation, authenticator: authenticator).add(to: router)
      DataDeletionRoutes(installation: installation, authenticator: authenticator).add(to: router)
      VendorRegisterRoutes(installation: installation, authenticator: authenticator).add(to: router)
      GrantRoutes(installation: installation, authenticator: authenticator).add(to: router)
      ThirdPartyRoutes(installation: installation, authenticator: authenticator).add(to: router)
      QuotaRoutes(installation: installation, authenticator: authenticator).add(to: router)
      KeyRoutes(installation: installation, authenticator: authenticator).add(to: router)
      StaffRoutes(installation: installation, authenticator: authenticator).add(to: router)
      AlertRoutes(installation: installation, authenticator: authenticator).add(to: router)
      CanaryRoutes(installation: installation, authenticator: authenticator).add(to: router)
    }
    if door == .console {
      router.add(middleware: ConsoleNotFound())
      CustodianRoutes(installation: installation).add(to: router)
      PublicLedgerRoutes(installation: installation).add(to: router)
      addConsole(to: router, addresses: addresses)
    }
    return router
  }
}

/// Counts the doors that are open and tells when all are.
private actor Readiness {
  private var addresses: Listeners.Addresses
  private var missing: Int
  private let isShared: Bool
  private let onReady: @Sendable (Listeners.Addresses) async -> Void

  init(_ configuration: ServerConfiguration, expected: Int, onReady: @escaping @Sendable (Listeners.Addresses) async -> Void) {
    addresses = Listeners.Addresses(console: configuration.listen, intake: configuration.intake, trust: configuration.trust)
    isShared = configuration.listen == configuration.intake && configuration.listen.port != 0
    missing = expected
    self.onReady = onReady
  }

  func opened(_ door: Listeners.Door, port: Int?) async {
    switch door {
    case .console:
      addresses.console.port = port ?? addresses.console.port
      if isShared { addresses.intake.port = addresses.console.port }
    case .intake: addresses.intake.port = port ?? addresses.intake.port
    case .trust: addresses.trust?.port = port ?? addresses.trust?.port ?? 0
    case .control: break
    }
    missing -= 1
    if missing == 0 { await onReady(addresses) }
  }
}
