import ArgumentParser
import Foundation
import Server

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the server: console, API and intake.",
    discussion: """
      Every setting can be given as a flag, as a SEALANE_… environment variable, or in the YAML file of --config, in that order:
      --max-event-names, SEALANE_MAX_EVENT_NAMES, max_event_names.

      Examples:
        sealane serve --data /var/lib/sealane
        sealane serve --data DIR --listen 0.0.0.0:443 --origin https://analytics.example.com \\
          --tls-certificate chain.pem --tls-key key.pem
        sealane serve --data DIR --listen 127.0.0.1:8000 --intake 127.0.0.1:8000    # one address for everything

      SIGTERM or Ctrl-C: nothing new is accepted, requests in flight finish, files are closed.
      """)

  @OptionGroup var options: DataOptions

  @Option(help: "Address of console and API (default 127.0.0.1:8000).")
  var listen: String?
  @Option(help: "Address of the intake (default 127.0.0.1:8001; may be the same as --listen).")
  var intake: String?
  @Option(help: "Address of the trust pages, for everybody (default: none).")
  var trust: String?
  @Option(help: "The console's public origin, such as https://analytics.example.com.")
  var origin: String?
  @Option(help: "The custodian's public origin, for links.")
  var custodianOrigin: String?
  @Option(help: "PEM file with the certificate chain.")
  var tlsCertificate: String?
  @Option(help: "PEM file with the private key.")
  var tlsKey: String?
  @Option(help: "Address of a proxy whose X-Forwarded-For is believed; may be given several times.")
  var trustedProxy: [String] = []
  @Option(help: "MaxMind database that turns addresses into places.")
  var places: String?
  @Option(help: "uap-core's regexes.yaml, or none (default /usr/share/uap-core/regexes.yaml if it is there).")
  var userAgents: String?
  @Option(help: "YAML file that says where alerts and security events go.")
  var alertChannels: String?
  @Option(help: "Domain below which canaries of exports have host names.")
  var canaryDomain: String?
  @Option(help: "trace, debug, info, notice, warning, error or critical (default info).")
  var logLevel: String?
  @Option(help: "Seconds that requests in flight may take after SIGTERM (default 20).")
  var shutdownSeconds: String?
  @Option(help: "honour or ignore Sec-GPC and DNT of browsers (default honour: their events are not stored).")
  var optOutSignals: String?
  @Option(help: "Intake requests in flight; more are answered 503 (default 256).")
  var maxRequests: String?
  @Option(help: "Bytes of intake bodies in flight; more are answered 503 (default 268435456).")
  var maxRequestBytes: String?
  @Option(help: "Records a second of one project, over ten seconds; more are answered 429 (default 250000).")
  var eventsPerSecond: String?
  @Option(help: "Distinct event names of a project (default 5000).")
  var maxEventNames: String?
  @Option(help: "Distinct property names of a project (default 20000).")
  var maxPropertyNames: String?
  @Option(help: "Bytes of a project's data; 0: no bound (default).")
  var maxStorageBytes: String?
  @Option(help: "Bytes of each project's log that wait for vendors that are behind (default 8589934592).")
  var vendorBacklogBytes: String?
  @Option(help: "Threads that a project's queries are answered on (default: one a core, 2 to 4).")
  var scanThreads: String?
  @Option(help: "Reports that are kept for whoever asks the same; 0: none (default 64).")
  var cachedReports: String?
  @Option(help: "Bytes that one query may take beside the cache; a larger one is refused (default 1073741824).")
  var queryMemory: String?
  @Option(help: "Bytes of decoded columns that all projects together keep in memory (default a quarter of the memory).")
  var cacheMemory: String?
  @Option(help: "File with the ledger's outside witnesses (C2SP tlog-policy).")
  var witnessPolicy: String?
  @Option(help: "Seconds that the ledger's entries may wait for a witness before subjects are not shown; 0: for ever (default 10).")
  var witnessPatience: String?
  @Option(help: ArgumentHelp("false: day series are counted by reading the events, to measure that.", visibility: .hidden))
  var segmentCounts: String?

  func run() async throws {
    try await options.run {
      let configuration = try options.configuration(flags)
      let json = options.json
      try await ServerRun(configuration).run { _, addresses in
        let console = addresses.console.origin(isSecure: configuration.tls != nil)
        let intake = "\(configuration.tls == nil ? "http" : "https")://\(addresses.intake)"
        let trust = addresses.trust.map { $0.origin(isSecure: configuration.tls != nil) }
        if json {
          Terminal.say(#"{"console":"\#(console)","intake":"\#(intake)"\#(trust.map { #","trust":"\#($0)""# } ?? "")}"#)
        } else {
          Terminal.say("Console and API: \(console)\nIntake: \(intake)" + (trust.map { "\nTrust pages: \($0)" } ?? ""))
        }
      }
    }
  }

  private var flags: [Setting: String] {
    var flags: [Setting: String] = [:]
    flags[.listen] = listen
    flags[.intake] = intake
    flags[.trust] = trust
    flags[.origin] = origin
    flags[.custodianOrigin] = custodianOrigin
    flags[.tlsCertificate] = tlsCertificate
    flags[.tlsKey] = tlsKey
    if !trustedProxy.isEmpty { flags[.trustedProxies] = trustedProxy.joined(separator: ",") }
    flags[.places] = places
    flags[.userAgents] = userAgents
    flags[.alertChannels] = alertChannels
    flags[.canaryDomain] = canaryDomain
    flags[.logLevel] = logLevel
    flags[.shutdownSeconds] = shutdownSeconds
    flags[.optOutSignals] = optOutSignals
    flags[.maxRequests] = maxRequests
    flags[.maxRequestBytes] = maxRequestBytes
    flags[.eventsPerSecond] = eventsPerSecond
    flags[.maxEventNames] = maxEventNames
    flags[.maxPropertyNames] = maxPropertyNames
    flags[.maxStorageBytes] = maxStorageBytes
    flags[.vendorBacklogBytes] = vendorBacklogBytes
    flags[.scanThreads] = scanThreads
    flags[.cachedReports] = cachedReports
    flags[.queryMemory] = queryMemory
    flags[.cacheMemory] = cacheMemory
    flags[.segmentCounts] = segmentCounts
    flags[.witnessPolicy] = witnessPolicy
    flags[.witnessPatience] = witnessPatience
    return flags
  }
}
