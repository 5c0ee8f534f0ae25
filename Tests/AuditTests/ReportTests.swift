import Audit
import Foundation
import TestSupport
import Testing

/// Reports, baselines and what a platform says, made in a directory of their own.
struct ReportTests {
  private static func temporary() throws -> URL {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("audit-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
  }

  @Test("text, JSON, SARIF and baseline are written of the same findings and hold nothing of the secret")
  func outputs() throws {
    var dice = Fuzzing.generator(81)
    let directory = try Self.temporary()
    defer { try? FileManager.default.removeItem(at: directory) }
    let keys = DrawnKeys.all(&dice)
    for (index, key) in keys.enumerated() {
      try "x = 1\nkey = \"\(key.text)\"\n".write(to: directory.appendingPathComponent("f\(index).py"), atomically: true, encoding: .utf8)
    }
    var order = AuditOrder(path: directory.path, now: 1_763_400_000)
    let report = try Auditor.report(order)
    #expect(report.findings.count == keys.count)
    #expect(report.findings.allSatisfy { $0.places.map(\.line) == [2] && $0.masked.hasSuffix("…") })
    let baseline = Baseline(report, and: nil)
    for text in [report.text, report.json, report.sarif, String(decoding: baseline.text, as: UTF8.self)] {
      for key in keys {
        let rest = Array(key.text.dropFirst(key.prefix.count))
        for start in 0...(rest.count - 8) { #expect(!text.contains(String(rest[start..<start + 8])), "a part of a \(key.provider) key") }
      }
    }
    order.baseline = try Baseline(parsing: baseline.text)
    let again = try Auditor.report(order)
    #expect(again.isClean && again.suppressed == keys.count)
    let plain = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
    #expect(
      plain?["format"] as? String == "sealane-audit" && plain?["version"] as? Int == 1 && (plain?["checklist"] as? [Any])?.isEmpty == false)
  }

  @Test("the most urgent come first, and the checklist has none that one only has to look at")
  func order() throws {
    var dice = Fuzzing.generator(82)
    let directory = try Self.temporary()
    defer { try? FileManager.default.removeItem(at: directory) }
    let key = DrawnKeys.all(&dice)[0].text
    let secret = dice.text(DrawnKeys.mixed, 40)
    try FileManager.default.createDirectory(at: directory.appendingPathComponent("public"), withIntermediateDirectories: true)
    try "login(\"\(secret)\")".write(to: directory.appendingPathComponent("a.py"), atomically: true, encoding: .utf8)
    try "k = \"\(key)\"".write(to: directory.appendingPathComponent("public/a.js"), atomically: true, encoding: .utf8)
    let report = try Auditor.report(AuditOrder(path: directory.path, now: 1_763_400_000))
    #expect(report.findings.map(\.urgency) == [.now, .look])
    #expect(report.text.contains("ROTATION CHECKLIST"))
    #expect(!report.text.contains("2. "))
  }

  @Test("fingerprints are those of docs/FORMATS.md")
  func fingerprints() {
    let value = Array("sealane-vector-1".utf8)
    #expect(Fingerprinter().fingerprint(value, kind: .providerKey, place: "") == "a9077897f26780b3")
    #expect(Fingerprinter(key: Array(0..<16)).fingerprint(value, kind: .password, place: "") == "2681e4716062558a")
    #expect(Fingerprinter().fingerprint(value, kind: .password, place: "config/app.env\0DB_PASSWORD") == "c0c5c312c0c1c0df")
    #expect(WeakPlace(.environmentTracked, path: ".env", "").fingerprint == "25cd515c519be4a2")
  }

  @Test("a baseline and a platform's answer are read or refused, whatever they are; fuzz")
  func readersFuzz() throws {
    var dice = Fuzzing.generator(83)
    let baseline = Array(
      #"{"format":"sealane-audit-baseline","version":1,"known":[{"fingerprint":"00ff","kind":"password","path":"a"}]}"#.utf8)
    let answer = Array(
      #"{"members":[{"id":"a","role":"owner","mfa":false}],"keys":[{"id":"k","created_at":"2024-01-01T00:00:00Z","last_used_at":null,"tracks_use":true}]}"#
        .utf8)
    _ = try Baseline(parsing: baseline)
    let platform = try PlatformSecurity(parsing: answer)
    #expect(PlatformFindings(platform, matched: [:], now: 1_763_400_000).findings.map(\.kind) == [.adminWithoutMFA, .unusedKey, .oldKey])
    Fuzzing.forAWhile { _ in
      var bytes = baseline
      dice.alter(&bytes, telling: Array("{}[]\":,0".utf8))
      _ = try? Baseline(parsing: bytes)
      bytes = answer
      dice.alter(&bytes, telling: Array("{}[]\":,0".utf8))
      if let read = try? PlatformSecurity(parsing: bytes) { _ = PlatformFindings(read, matched: [:], now: 1_763_400_000) }
    }
  }

  @Test(
    "what a file is, by its path",
    arguments: [
      (".env", [FileKind.Trait.environment]), ("a/.env.production", [.environment]), (".env.example", []), ("public/app.js", [.frontEnd]),
      ("src/App.vue", [.frontEnd]),
      (".github/workflows/x.yml", [.pipeline]), ("Dockerfile.dev", [.container]), ("n.ipynb", [.notebook]),
      ("app/res/values/strings.xml", [.mobile]), ("tests/a.py", [.test]),
      ("README.md", [.documentation]), (".npmrc", [.credentials]), ("server/main.go", []), ("dist/vendor.min.js", [.frontEnd]),
    ])
  func kinds(path: String, traits: [FileKind.Trait]) {
    #expect(FileKind(path).traits == Set(traits))
  }
}
