import ArgumentParser
import Audit
import Events
import Foundation
import Server
import Vault

/// For customers of a platform: no server and no data directory is needed.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Find provider keys in a source tree and its git history, weak places, and what to rotate first.",
    discussion: """
      Needs no server. Never prints a secret, and sends nothing anywhere; with --platform it asks that platform what it says of your keys.
      Exits with 0 if nothing was found, 1 if something was, 2 if it could not look.

      Examples:
        sealane audit
        sealane audit ~/shop --sarif audit.sarif --baseline .sealane-audit.json
        sealane audit --platform https://api.orrery.example --platform-key-file ~/.orrery-readonly
      """)

  @Argument(help: "A directory, a file, or a bare repository.", completion: .directory)
  var path = "."
  @Flag(help: "Answer in JSON, errors too.")
  var json = false
  @Option(help: "Write the findings as SARIF 2.1.0 too, for code hosts.", completion: .file())
  var sarif: String?
  @Option(help: "A file with what is known already: that is not reported.", completion: .file())
  var baseline: String?
  @Flag(help: "Write what is found into the file of --baseline, as fingerprints, and exit with 0.")
  var writeBaseline = false
  @Flag(inversion: .prefixedNo, help: "Look at the git history.")
  var history = true
  @Flag(name: .customLong("all"), help: "Look into others' packages too (node_modules and the like).")
  var takesDependencies = false
  @Option(help: "A platform's address, to ask for MFA, admins and unused keys.")
  var platform: String?
  @Option(help: "A file with a key of that platform that only reads.", completion: .file())
  var platformKeyFile: String?
  @Option(help: "A PEM file of certificates to trust for the platform, instead of the system's.", completion: .file())
  var platformCa: String?
  @Option(help: "A file of 16 bytes or more that makes fingerprints yours alone.", completion: .file())
  var fingerprintKeyFile: String?

  func validate() throws {
    if writeBaseline, baseline == nil { throw ValidationError("--write-baseline needs --baseline FILE.") }
    if (platform == nil) != (platformKeyFile == nil) { throw ValidationError("Give --platform and --platform-key-file together.") }
  }

  func run() async throws {
    let report: AuditReport
    do {
      report = try await look()
      if let sarif { try write(Array(report.sarif.utf8), to: sarif) }
    } catch {
      let error = CommandError(error)
      Terminal.note(json ? error.json : "sealane: \(error)")
      throw ExitCode(2)
    }
    Terminal.say(json ? report.json : report.text)
    if !report.isClean, !writeBaseline { throw ExitCode(1) }
  }

  private func look() async throws -> AuditReport {
    var order = AuditOrder(path: path, now: Int64(Date().timeIntervalSince1970))
    order.takesHistory = history
    order.takesDependencies = takesDependencies
    if let fingerprintKeyFile {
      let key = try SecretFile.read(URL(fileURLWithPath: fingerprintKeyFile), limit: 4096)
      guard key.count >= 16 else {
        throw CommandError("The fingerprint key has fewer than 16 bytes; make one with: head -c 32 /dev/urandom")
      }
      order.fingerprintKey = key
    }
    var known: Baseline?
    if let baseline, let text = FileManager.default.contents(atPath: baseline) {
      known = try Baseline(parsing: Array(text))
    } else if let baseline, !writeBaseline {
      throw CommandError("There is no baseline \(baseline); make one with --write-baseline.")
    }
    order.baseline = known
    var isOffered = true
    if let platform, let platformKeyFile {
      let bytes = try SecretFile.read(URL(fileURLWithPath: platformKeyFile), limit: 4096)
      let key = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      switch try await PlatformClient.ask(platform, key: key, authority: platformCa) {
      case .security(let security): order.platform = security
      case .notOffered: isOffered = false
      }
    }
    var report = try Auditor.report(order)
    if !isOffered {
      report.platform = PlatformFindings(
        unanswered:
          "The platform does not offer what it knows of MFA, admins and keys (GET /v1/organization/security); look at its own pages.")
    }
    if writeBaseline, let baseline { try write(Baseline(report, and: known).text, to: baseline) }
    return report
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    do { try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw CommandError("\(path) could not be written.")
    }
  }
}
