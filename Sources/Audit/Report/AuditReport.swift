internal import Foundation

/// What the audit found. Nothing in it is secret.
package struct AuditReport: Sendable, Codable {
  package struct Counts: Sendable, Codable {
    package var files = 0
    package var bytes = 0
    package var binaries = 0
    package var blobs = 0
  }

  package var path: String
  /// Seconds since 1970.
  package var auditedAt: Int64
  package var hasHistory: Bool
  package var counts: Counts
  package var findings: [Finding]
  package var weakPlaces: [WeakPlace]
  package var platform: PlatformFindings?
  package var notes: [String]
  /// Secrets that a comment allows, and those that the baseline knows.
  package var allowed: Int
  package var suppressed: Int

  package var isClean: Bool { findings.isEmpty && weakPlaces.isEmpty && (platform?.isClean ?? true) }

  private struct Document: Encodable {
    var format = "sealane-audit"
    var version = 1
    var report: AuditReport
    var checklist: [RotationStep]

    private enum CodingKeys: String, CodingKey { case format, version, checklist }

    func encode(to encoder: any Encoder) throws {
      try report.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(format, forKey: .format)
      try container.encode(version, forKey: .version)
      try container.encode(checklist, forKey: .checklist)
    }
  }

  /// docs/FORMATS.md, “Audit report”.
  package var json: String { String(decoding: Self.encoded(Document(report: self, checklist: RotationStep.all(of: self))), as: UTF8.self) }

  static func encoded(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return ((try? encoder.encode(value)).map { Array($0) } ?? []) + [0x0A]
  }
}
