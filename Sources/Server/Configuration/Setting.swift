/// Everything that `sealane serve` can be told, by one name in three forms: `--max-event-names`, `SEALANE_MAX_EVENT_NAMES`, and
/// `max_event_names` in the configuration file. A flag goes before the environment, the environment before the file.
package enum Setting: String, Sendable, CaseIterable {
  case data
  case keys
  case listen
  case intake
  case trust
  case origin
  case custodianOrigin = "custodian_origin"
  case tlsCertificate = "tls_certificate"
  case tlsKey = "tls_key"
  case trustedProxies = "trusted_proxies"
  case places
  case userAgents = "user_agents"
  case logLevel = "log_level"
  case shutdownSeconds = "shutdown_seconds"
  case optOutSignals = "opt_out_signals"
  case maxRequests = "max_requests"
  case maxRequestBytes = "max_request_bytes"
  case eventsPerSecond = "events_per_second"
  case maxEventNames = "max_event_names"
  case maxPropertyNames = "max_property_names"
  case maxStorageBytes = "max_storage_bytes"
  case vendorBacklogBytes = "vendor_backlog_bytes"
  case scanThreads = "scan_threads"
  case cachedReports = "cached_reports"
  case queryMemory = "query_memory"
  case cacheMemory = "cache_memory"
  case segmentCounts = "segment_counts"
  case alertChannels = "alert_channels"
  case canaryDomain = "canary_domain"
  case witnessPolicy = "witness_policy"
  case witnessPatience = "witness_patience"

  package var environmentName: String { "SEALANE_" + rawValue.uppercased() }

  /// What it means and what holds where nothing is said.
  package var summary: String {
    switch self {
    case .data: "the data directory that init made"
    case .keys: "the key directory (default: the data directory's path with .keys), or exec:/path/to/command that prints its content"
    case .listen: "address of the console and API (default 127.0.0.1:8000)"
    case .intake: "address of the intake (default 127.0.0.1:8001; may be the same as listen)"
    case .trust: "address of the trust pages (default: none, they are published as files or not at all)"
    case .origin: "the console's public origin, such as https://analytics.example.com"
    case .custodianOrigin: "the custodian's public origin, for links"
    case .tlsCertificate: "PEM file with the certificate chain; needs tls_key"
    case .tlsKey: "PEM file with the private key; needs tls_certificate"
    case .trustedProxies: "addresses whose X-Forwarded-For is believed, separated by commas"
    case .places: "MaxMind database that turns addresses into places (default: none, no places)"
    case .userAgents:
      "uap-core's regexes.yaml, which tells browser and system of user agents, or none (default \(UserAgentFile.standard) if it is there)"
    case .logLevel: "trace, debug, info, notice, warning, error or critical (default info)"
    case .shutdownSeconds: "how long requests in flight may take after SIGTERM (default 20)"
    case .optOutSignals: "honour or ignore Sec-GPC and DNT of browsers (default honour: their events are not stored)"
    case .maxRequests: "intake requests in flight; more are answered 503 (default 256)"
    case .maxRequestBytes: "bytes of intake bodies in flight; more are answered 503 (default 268435456)"
    case .eventsPerSecond: "records a second that one project may send, over ten seconds; more are answered 429 (default 250000)"
    case .maxEventNames: "distinct event names of a project; events with further names are refused (default 5000)"
    case .maxPropertyNames: "distinct property names of a project; further ones are left out (default 20000)"
    case .vendorBacklogBytes:
      "bytes of each project's log that wait for vendors that are behind (default 8 GiB); then the oldest are left out, which is an alert"
    case .maxStorageBytes: "bytes of a project's data; then the intake answers 503 (default 0: no bound)"
    case .scanThreads: "threads that a project's queries are answered on (default: one a core, 2 to 4)"
    case .cachedReports: "reports that are kept for whoever asks the same; 0: none (default 64)"
    case .queryMemory: "bytes that one query may take beside the cache; a larger one is refused (default 1073741824)"
    case .cacheMemory: "bytes of decoded columns that all projects together keep in memory (default a quarter of the memory)"
    case .witnessPolicy:
      "file with the witnesses of the ledger that are asked besides the custodian, as C2SP tlog-policy has it (default: none)"
    case .witnessPatience:
      "seconds that entries of the ledger may wait for a witness before nothing about single subjects is shown; 0: for ever (default 10)"
    case .segmentCounts: "false: day series are counted by reading the events, to measure that (default true)"
    case .alertChannels: "YAML file that says where alerts and security events go (default: nowhere but the console)"
    case .canaryDomain:
      "domain below which canaries of exports have host names, such as metrics.example.net (default: none, they have ids alone)"
    }
  }
}
