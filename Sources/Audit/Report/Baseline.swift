internal import Crypto
internal import Foundation

/// What somebody has looked at already: fingerprints of findings and weak places, never a secret.
package struct Baseline: Sendable, Codable {
  package static let format = "sealane-audit-baseline"

  struct Known: Sendable, Codable, Hashable {
    var fingerprint: String
    /// For people who read the file: what it was.
    var kind: String
    var path: String
  }

  var format: String
  var version: Int
  var known: [Known]
  private let all: Set<String>

  private enum CodingKeys: String, CodingKey { case format, version, known }

  /// - Throws: `AuditError` if the text is no baseline.
  package init(parsing text: [UInt8]) throws(AuditError) {
    let decoded: Baseline
    do { decoded = try JSONDecoder().decode(Baseline.self, from: Data(text)) } catch {
      throw AuditError("The baseline is not one that --write-baseline wrote.")
    }
    guard decoded.format == Self.format, decoded.version == 1 else { throw AuditError("The baseline is of another format or version.") }
    self = decoded
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    format = try container.decode(String.self, forKey: .format)
    version = try container.decode(Int.self, forKey: .version)
    known = try container.decode([Known].self, forKey: .known)
    all = Set(known.map(\.fingerprint))
  }

  /// Of a report, with what an older baseline knew.
  package init(_ report: AuditReport, and older: Baseline?) {
    format = Self.format
    version = 1
    var known = Set(older?.known ?? [])
    for finding in report.findings {
      known.insert(
        Known(
          fingerprint: finding.fingerprint, kind: finding.kind.rawValue,
          path: finding.places.first?.path ?? finding.history?.paths.first ?? ""))
    }
    for place in report.weakPlaces { known.insert(Known(fingerprint: place.fingerprint, kind: place.kind.rawValue, path: place.path)) }
    self.known = known.sorted { ($0.path, $0.fingerprint) < ($1.path, $1.fingerprint) }
    all = Set(known.map(\.fingerprint))
  }

  func holds(_ fingerprint: String) -> Bool { all.contains(fingerprint) }

  package var text: [UInt8] { AuditReport.encoded(self) }
}

extension WeakPlace {
  /// Of a place: what it is and where.
  package var fingerprint: String {
    SHA256.hash(
      data: Data(
        "sealane audit place v1\0\(kind.rawValue)\0\(path)\0\(kind == .pipelineEcho || kind == .remotePassword ? line ?? 0 : 0)".utf8)
    )
    .prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
