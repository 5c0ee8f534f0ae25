internal import Foundation

extension AuditReport {
  /// SARIF 2.1.0 (OASIS), one run: what code hosts show beside the lines.
  package var sarif: String {
    var results = findings.map { Self.result(of: $0) }
    results += weakPlaces.map { place in
      Sarif.Result(
        ruleId: place.kind.rawValue, level: "warning", message: .init(text: place.sentence),
        locations: [Self.location(place.path, place.line ?? 1)],
        partialFingerprints: ["sealaneAudit/v1": place.fingerprint], properties: nil)
    }
    results += (platform?.findings ?? []).map { finding in
      Sarif.Result(
        ruleId: "platform_" + finding.kind.rawValue, level: "warning", message: .init(text: finding.sentence), locations: [],
        partialFingerprints: ["sealaneAudit/v1": finding.fingerprint], properties: nil)
    }
    let rules =
      SecretKind.allCases.map { Sarif.Rule(id: $0.rawValue, shortDescription: .init(text: $0.sentence)) }
      + WeakPlace.Kind.allCases.map { Sarif.Rule(id: $0.rawValue, shortDescription: .init(text: $0.sentence)) }
      + PlatformFindings.Kind.allCases.map { Sarif.Rule(id: "platform_" + $0.rawValue, shortDescription: .init(text: $0.sentence)) }
    let run = Sarif.Run(
      tool: .init(driver: .init(name: "sealane audit", semanticVersion: "0.1.0", rules: rules)), results: results,
      columnKind: "utf16CodeUnits")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let log = Sarif.Log(version: "2.1.0", runs: [run])
    return String(decoding: (try? encoder.encode(log)) ?? Data(), as: UTF8.self) + "\n"
  }

  private static func result(of finding: Finding) -> Sarif.Result {
    let level = finding.urgency == .now ? "error" : finding.urgency == .soon ? "warning" : "note"
    var text = finding.title + ", " + finding.confidence + "."
    if let history = finding.history {
      text += history.inHead ? " In HEAD" : " No longer in HEAD, but still in the history"
      text += history.isPushed ? ", and pushed: rotate it." : ": rotate it."
    } else {
      text += " Rotate it, and keep the new one out of the tree."
    }
    var locations = finding.places.prefix(20).map { Self.location($0.path, $0.line) }
    if locations.isEmpty { locations = (finding.history?.paths ?? []).prefix(5).map { Self.location($0, 1) } }
    return Sarif.Result(
      ruleId: finding.kind.rawValue, level: level, message: .init(text: text), locations: locations,
      partialFingerprints: ["sealaneAudit/v1": finding.fingerprint],
      properties: ["confidence": finding.confidence, "urgency": finding.urgency.rawValue, "provider": finding.provider])
  }

  private static func location(_ path: String, _ line: Int) -> Sarif.Location {
    // RFC 3986: a path of a URI reference; what a path segment may not hold is escaped.
    var allowed = CharacterSet.urlPathAllowed
    allowed.remove(charactersIn: ":")
    let uri = path.addingPercentEncoding(withAllowedCharacters: allowed) ?? "unknown"
    return .init(physicalLocation: .init(artifactLocation: .init(uri: uri, uriBaseId: "%SRCROOT%"), region: .init(startLine: max(1, line))))
  }
}

/// The part of SARIF that is written here.
private enum Sarif {
  struct Log: Encodable {
    var version: String
    var runs: [Run]
  }
  struct Run: Encodable {
    var tool: Tool
    var results: [Result]
    var columnKind: String
  }
  struct Tool: Encodable { var driver: Driver }
  struct Driver: Encodable {
    var name: String
    var semanticVersion: String
    var rules: [Rule]
  }
  struct Rule: Encodable {
    var id: String
    var shortDescription: Message
  }
  struct Message: Encodable { var text: String }
  struct Result: Encodable {
    var ruleId: String
    var level: String
    var message: Message
    var locations: [Location]
    var partialFingerprints: [String: String]
    var properties: [String: String]?
  }
  struct Location: Encodable { var physicalLocation: PhysicalLocation }
  struct PhysicalLocation: Encodable {
    var artifactLocation: ArtifactLocation
    var region: Region
  }
  struct ArtifactLocation: Encodable {
    var uri: String
    var uriBaseId: String
  }
  struct Region: Encodable { var startLine: Int }
}

extension SecretKind {
  var sentence: String {
    switch self {
    case .providerKey: "A provider's key."
    case .webToken: "A JSON Web Token."
    case .privateKey: "A private key."
    case .password: "A password."
    case .urlPassword: "A password in an address."
    case .namedSecret: "A value that its name calls a secret."
    case .authorization: "A value of the Authorization header."
    case .drawn: "Random text that may be a key."
    }
  }
}

extension WeakPlace.Kind {
  var sentence: String {
    switch self {
    case .environmentTracked: "An environment file is in git."
    case .environmentNotIgnored: "An environment file is not ignored."
    case .keyFileTracked: "A private key's file is in git."
    case .keyFileReadable: "A private key's file can be read by others."
    case .credentialsTracked: "A file of credentials is in git."
    case .remotePassword: "A remote's address holds a password."
    case .pipelineEcho: "A pipeline prints a secret."
    }
  }
}
