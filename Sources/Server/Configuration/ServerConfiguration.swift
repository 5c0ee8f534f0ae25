import Foundation
import Ledger
import Logging
import SegmentStore
import Vault

/// How a server runs, after all sources have been merged and checked.
package struct ServerConfiguration: Sendable {
  package var data: URL
  package var keys: KeySource
  package var listen: ListenAddress
  package var intake: ListenAddress
  /// Of the trust pages; nil: they have no listener.
  package var trust: ListenAddress?
  /// As people's browsers name the console: scheme, host and port, without a slash at the end.
  package var origin: String
  package var custodianOrigin: String
  package var tls: TLSFiles?
  package var trustedProxies: Set<String>
  /// Whether what a browser sends with `Sec-GPC: 1` or `DNT: 1` is left unstored.
  package var honoursOptOut: Bool
  package var places: URL?
  package var userAgents: URL?
  /// The channels' file.
  package var alertChannels: URL?
  /// Below which canaries have hosts.
  package var canaryDomain: String?
  package var logLevel: Logger.Level
  package var shutdown: Duration
  package var limits: ServerLimits
  /// Of each project's store.
  package var store: StoreOptions
  /// Whom the ledger's checkpoints are sent to, and how many of them must cosign.
  package var witnessPolicy: WitnessPolicy?
  /// How long entries may wait for a witness before nothing about single subjects is shown; nil: for ever.
  package var witnessPatience: Duration?

  package struct TLSFiles: Sendable, Hashable {
    package var certificate: URL
    package var key: URL
  }

  package init(_ settings: Settings) throws(ConfigurationError) {
    guard let path = settings[.data], !path.isEmpty else {
      throw ConfigurationError("No data directory: give --data DIR, or set SEALANE_DATA. “sealane init --data DIR” makes one.")
    }
    data = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
    do throws(KeySourceError) {
      if let text = settings[.keys] { keys = try KeySource(text) } else { keys = .directory(DataDirectory.defaultKeys(of: data)) }
    } catch {
      throw ConfigurationError(error.description)
    }
    let address = "an address such as 127.0.0.1:8000 or [::1]:8000"
    listen = try settings.value(.listen, default: ListenAddress(host: "127.0.0.1", port: 8000), address) { ListenAddress($0) }
    intake = try settings.value(.intake, default: ListenAddress(host: "127.0.0.1", port: 8001), address) { ListenAddress($0) }
    trust = try settings.value(.trust, default: nil, address) { ListenAddress($0) }
    if let trust, trust.port != 0, [listen, intake].contains(trust) {
      throw ConfigurationError("The trust pages are for everybody: give them an address of their own with --trust.")
    }
    switch (settings[.tlsCertificate], settings[.tlsKey]) {
    case (let certificate?, let key?): tls = TLSFiles(certificate: URL(fileURLWithPath: certificate), key: URL(fileURLWithPath: key))
    case (nil, nil): tls = nil
    default: throw ConfigurationError("TLS needs both files: --tls-certificate and --tls-key.")
    }
    let origin = "an origin such as https://analytics.example.com, without a path"
    self.origin = try settings.value(.origin, default: listen.origin(isSecure: tls != nil), origin, Self.origin)
    custodianOrigin = try settings.value(.custodianOrigin, default: "http://custodian.localhost:8002", origin, Self.origin)
    trustedProxies = Set(
      (settings[.trustedProxies] ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty })
    honoursOptOut = try settings.value(.optOutSignals, default: true, "honour or ignore") { ["honour": true, "ignore": false][$0] }
    places = settings[.places].map { URL(fileURLWithPath: $0) }
    userAgents = UserAgentFile.location(settings[.userAgents])
    alertChannels = settings[.alertChannels].map { URL(fileURLWithPath: $0) }
    canaryDomain = try settings.value(.canaryDomain, default: nil, "a domain such as metrics.example.net, of at most 200 characters") {
      text in
      let labels = text.lowercased().split(separator: ".", omittingEmptySubsequences: false)
      let isDomain =
        text.utf8.count <= 200 && labels.count >= 2
        && labels.allSatisfy { label in
          !label.isEmpty && label.utf8.count <= 63
            && label.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
        }
      return isDomain ? .some(text.lowercased()) : nil
    }
    logLevel = try settings.value(.logLevel, default: .info, "one of trace, debug, info, notice, warning, error, critical") {
      Logger.Level(rawValue: $0)
    }
    shutdown = try settings.value(.shutdownSeconds, default: .seconds(20), "a number of seconds from 0 to 3600") { text in
      Int(text).flatMap { (0...3600).contains($0) ? .seconds($0) : nil }
    }
    limits = try ServerLimits(settings)
    store = try StoreOptions(settings)
    witnessPolicy = try Self.policy(settings[.witnessPolicy])
    let patience = try settings.value(.witnessPatience, default: 10, "a number of seconds from 1 to 86400, or 0 for ever") { text in
      Int(text).flatMap { (0...86_400).contains($0) ? $0 : nil }
    }
    witnessPatience = patience == 0 ? nil : .seconds(patience)
  }

  private static func policy(_ path: String?) throws(ConfigurationError) -> WitnessPolicy? {
    guard let path, !path.isEmpty else { return nil }
    guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
      throw ConfigurationError("The witness policy \(path) cannot be read. Is the path right, and may this user read it?")
    }
    do throws(WitnessPolicy.Malformed) { return try WitnessPolicy(Array(bytes)) } catch {
      throw ConfigurationError("The witness policy \(path) cannot be used. \(error)")
    }
  }

  private static func origin(_ text: String) -> String? {
    guard let url = URL(string: text), let scheme = url.scheme, scheme == "https" || scheme == "http", let host = url.host, !host.isEmpty,
      url.path.isEmpty || url.path == "/", url.query == nil, url.user == nil
    else { return nil }
    return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host)" + (url.port.map { ":\($0)" } ?? "")
  }
}

/// Bounds that keep one sender, or all of them together, from taking the server down.
package struct ServerLimits: Sendable, Hashable {
  package var requests = 256
  package var requestBytes = 256 << 20
  package var eventsPerSecond = 250_000
  package var eventNames = 5000
  package var propertyNames = 20_000
  /// 0: no bound.
  package var storageBytes = 0
  /// Of each project's log, kept for vendors that are behind.
  package var vendorBacklogBytes = 8 << 30

  package init() {}

  init(_ settings: Settings) throws(ConfigurationError) {
    requests = try settings.count(.maxRequests, default: requests)
    requestBytes = try settings.count(.maxRequestBytes, default: requestBytes)
    eventsPerSecond = try settings.count(.eventsPerSecond, default: eventsPerSecond)
    eventNames = try settings.count(.maxEventNames, default: eventNames)
    propertyNames = try settings.count(.maxPropertyNames, default: propertyNames)
    storageBytes = try settings.count(.maxStorageBytes, default: storageBytes, in: 0 ... .max)
    vendorBacklogBytes = try settings.count(.vendorBacklogBytes, default: vendorBacklogBytes, in: 1 << 20 ... .max)
  }
}

extension StoreOptions {
  init(_ settings: Settings) throws(ConfigurationError) {
    self.init()
    scanThreads = try settings.count(.scanThreads, default: scanThreads, in: 1...64)
    cachedReports = try settings.count(.cachedReports, default: cachedReports, in: 0 ... .max)
    queryBytes = try settings.count(.queryMemory, default: queryBytes)
    cache = CacheMemory(limit: try settings.count(.cacheMemory, default: max(cache.limit, MachineMemory.bytes / 4), in: 0 ... .max))
    fingerprintBytes = min(fingerprintBytes, cache.limit)
    usesCounts = try settings.value(.segmentCounts, default: usesCounts, "true or false") { Bool($0) }
  }
}

extension Settings {
  fileprivate func count(_ setting: Setting, default otherwise: Int, in range: ClosedRange<Int> = 1 ... .max) throws(ConfigurationError)
    -> Int
  {
    let bounds = range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
    return try value(setting, default: otherwise, "a whole number, \(bounds)") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

/// Host and port to listen on.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  package var host: String
  /// 0 lets the system choose.
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port`, with an IPv6 address in brackets.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port) else {
      return nil
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") { return nil }
    guard !host.isEmpty else { return nil }
    self.init(host: String(host), port: port)
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether only this machine reaches it.
  package var isLoopback: Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }

  /// What a browser on the same machine is given: `localhost` for the loopback addresses, so that passkeys and cookies work.
  package func origin(isSecure: Bool) -> String {
    let name = ["127.0.0.1", "::1", "0.0.0.0", "::"].contains(host) ? "localhost" : host
    return "\(isSecure ? "https" : "http")://\(name):\(port)"
  }
}
