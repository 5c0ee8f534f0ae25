import Access
import Demo
import Events
import Foundation
import Journeys
import Ledger
import Outbound

/// `sealane demo`: an installation of its own with a million events of a fictional API platform.
///
/// The first start loads it, through the intake; later ones find it loaded. Server and custodian are two processes, as in life.
package struct DemoRun: Sendable {
  package var data: URL
  package var events: Int
  package var listen: ListenAddress
  package var custodianListen: ListenAddress
  /// The program files to start.
  package var sealane: URL
  package var custodian: URL

  package init(data: URL, events: Int, listen: ListenAddress, custodianListen: ListenAddress, sealane: URL, custodian: URL) {
    self.data = data.standardizedFileURL
    self.events = events
    self.listen = listen
    self.custodianListen = custodianListen
    self.sealane = sealane
    self.custodian = custodian
  }

  /// What the first start writes down before it loads: an interrupted load is taken up with the same events.
  private struct Plan: Codable {
    var events: Int
    var until: Timestamp
    var username: String
    var secret: String
    var token: String
    var isLoaded: Bool
  }

  private var planFile: URL { DataDirectory(data).demo }
  private var custodianDirectory: URL { DataDirectory.defaultCustodian(of: data) }

  /// Runs until Ctrl-C, or until one of the two processes ends by itself.
  package func run(say: @escaping @Sendable (String) -> Void) async throws {
    let signals = SignalWait()
    var plan = try await prepared(say)
    let origin = listen.origin(isSecure: false)
    let server = try ChildProcess(
      sealane,
      ["serve", "--data", data.path, "--listen", listen.description, "--intake", listen.description, "--log-level", "warning"])
    defer { server.stop() }
    let client = try ControlClient(DataDirectory(data))
    try await waitUntilReady(client, server)
    let keeper = try? ChildProcess(
      custodian,
      ["serve", "--data", custodianDirectory.path, "--server", origin, "--listen", custodianListen.description])
    defer { keeper?.stop() }
    if keeper == nil { say("The custodian could not be started from \(custodian.path); the demo runs without it.") }

    let loader = DemoLoader(
      intake: "http://\(listen)", username: plan.username, secret: plan.secret, projectToken: plan.token)
    let options = OrreryLabs.Options(events: plan.events, until: plan.until)
    if !plan.isLoaded {
      let progress = ProgressBar("Loading", total: plan.events, unit: "events")
      let started = ContinuousClock.now
      let loading = Task { try await loader.load(options, progress: progress) }
      let watching = Task {
        while !signals.hasArrived, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(100)) }
        loading.cancel()
      }
      defer { watching.cancel() }
      let sent = try await loading.value
      progress.finish()
      plan.isLoaded = true
      try write(plan)
      let seconds = Int(((ContinuousClock.now - started) / .seconds(1)).rounded())
      say("Loaded \(ProgressBar.grouped(sent)) events through the intake in \(seconds) s.")
    }
    say(Self.welcome(try await setupLink(client), origin: origin, plan.token))
    let life = Task { await loader.goOn(options, clock: Ledger.systemClock) }
    defer { life.cancel() }
    await Self.wait(for: server, signals)
  }

  private func prepared(_ say: (String) -> Void) async throws -> Plan {
    if let bytes = try? Data(contentsOf: planFile) {
      guard let plan = try? JSONDecoder().decode(Plan.self, from: bytes) else {
        throw CommandError("\(planFile.path) is damaged. Remove the demo and start again: rm -r \(data.path)*")
      }
      return plan
    }
    if DataDirectory(data).isInitialized {
      throw CommandError("\(data.path) is a data directory, but not one of the demo. Choose another with --data.")
    }
    say("Making a demo installation in \(data.path)")
    let made = try await Initialization(data: data, origin: listen.origin(isSecure: false), projectName: "Orrery Labs").run()
    let plan = Plan(
      events: events, until: Ledger.systemClock(), username: made.account.account.username, secret: made.account.secret.text,
      token: made.project.token, isLoaded: false)
    try write(plan)
    return plan
  }

  /// Replaces the file whole, readable by its owner alone.
  private func write(_ plan: Plan) throws {
    try JSONEncoder().encode(plan).write(to: planFile, options: .atomic)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: planFile.path)
  }

  private func waitUntilReady(_ client: ControlClient, _ server: ChildProcess) async throws {
    for _ in 0..<600 {
      if await client.isAnswering { return }
      guard server.isRunning else { break }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw CommandError("The demo's server did not start; its messages stand above. Is another program on \(listen)? Choose with --listen.")
  }

  /// Nil where somebody has registered a passkey for the demo: then that is how one signs in.
  private func setupLink(_ client: ControlClient) async throws -> String? {
    let answer = try await client.send("POST", "/api/v1/setup-links")
    if answer.status == 409 { return nil }
    guard case .object(let members) = try JSONValue(parsing: answer.body), case .string(let link)? = members["setup_url"] else {
      throw CommandError("The server gave no setup link. Try again.")
    }
    return link
  }

  private static func welcome(_ link: String?, origin: String, _ token: String) -> String {
    """

    \(link == nil ? "Sign in with the passkey that you registered:" : "Open this link; it lets you in, once, within the hour:")

      \(link ?? origin)

    What to look at:
      Home      what a stolen credential would reach, and how the product is used
      Funnel    Signed Up → E-mail Verified → API Key Created → First API Call → Plan Upgraded
                \(origin)/funnels?s0=Signed%20Up&s1=E-mail%20Verified&s2=API%20Key%20Created&s3=First%20API%20Call&s4=Plan%20Upgraded
      Live      people go on, an event every two seconds: see what the gate does to each value;
                names, e-mails, prompts and keys never get in
      Ledger    every page ends with the number of its entry

    Project token \(token), console and API at \(origin), API description at \(origin)/openapi.yaml.
    Ctrl-C ends the demo; a second start takes seconds.

    """
  }

  /// Until SIGINT or SIGTERM arrives, or the server ends.
  private static func wait(for server: ChildProcess, _ signals: SignalWait) async {
    while server.isRunning, !signals.hasArrived { try? await Task.sleep(for: .milliseconds(150)) }
  }
}
