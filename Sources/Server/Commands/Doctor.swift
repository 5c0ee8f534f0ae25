import Access
import Events
import Foundation
import Journeys
import Ledger
import SegmentStore
import Vault

/// `sealane doctor`: looks at everything that is on disk and says what is wrong and what to do. Changes nothing.
package struct Doctor: Sendable {
  package struct Finding: Sendable, Hashable {
    package enum Severity: String, Sendable, Hashable { case ok, warning, problem }
    package let severity: Severity
    package let subject: String
    package let sentence: String
  }

  private let directory: DataDirectory
  var data: URL { directory.root }
  private let keys: KeySource
  private let custodian: URL
  let places: URL?
  let userAgents: URL?
  let alertChannels: URL?
  let canaryDomain: String?
  let witnessPolicy: WitnessPolicy?
  let witnessPatience: Duration?

  package init(
    data: URL, keys: KeySource? = nil, custodian: URL? = nil, places: URL? = nil, userAgents: URL? = nil, alertChannels: URL? = nil,
    canaryDomain: String? = nil, witnessPolicy: WitnessPolicy? = nil, witnessPatience: Duration? = .seconds(10)
  ) {
    self.alertChannels = alertChannels
    self.canaryDomain = canaryDomain
    self.witnessPolicy = witnessPolicy
    self.witnessPatience = witnessPatience
    self.places = places
    self.userAgents = userAgents
    directory = DataDirectory(data)
    self.keys = keys ?? .directory(DataDirectory.defaultKeys(of: data))
    self.custodian = custodian ?? DataDirectory.defaultCustodian(of: data)
  }

  package func run() async -> [Finding] {
    var findings: [Finding] = []
    do { try directory.check() } catch { return [Finding(severity: .problem, subject: "data directory", sentence: "\(error)")] }
    // While a server runs its files change under the reader: what it says about itself is asked of it instead.
    let lock = try? DirectoryLock(directory)
    if lock == nil {
      findings.append(
        Finding(
          severity: .warning, subject: "data directory",
          sentence: "A server has it open, so its stores are not read here. Stop it for a full check; /readyz tells how it does."))
    }
    findings += checkModes()
    // Once: a command may ask a secret manager, which counts.
    let found = Result { try keys.load() }
    findings += checkKeys(found)
    findings += checkLedger(try? found.get())
    findings += checkLookups()
    findings += checkChannels()
    findings += checkCanaries()
    if lock != nil {
      findings += checkControlDatabase()
      findings += checkStores()
    }
    findings += checkSeparation()
    return findings
  }

  private func checkModes() -> [Finding] {
    var findings: [Finding] = []
    for place in [directory.root, keys.directory].compactMap({ $0 }) {
      let mode = (try? FileManager.default.attributesOfItem(atPath: place.path)[.posixPermissions] as? NSNumber)?.uint16Value ?? 0
      if mode & 0o077 != 0 {
        findings.append(
          Finding(
            severity: .problem, subject: "permissions",
            sentence: "\(place.path) is open to other users. Close it: chmod 700 '\(place.path)'"))
      }
    }
    return findings
  }

  private func checkKeys(_ found: Result<KeyDirectory, any Error>) -> [Finding] {
    do {
      _ = try found.get()
      let text = try String(contentsOf: directory.custodianKey, encoding: .utf8)
      let announcement = try CustodianKeyAnnouncement(text: text)
      return [
        Finding(severity: .ok, subject: "keys", sentence: "All keys are there; the custodian's key is \(announcement.key.fingerprint).")
      ]
    } catch {
      return [Finding(severity: .problem, subject: "keys", sentence: "\(error)")]
    }
  }

  /// SQLite's own check, and whether sealing will go on after a start.
  private func checkControlDatabase() -> [Finding] {
    let subject = "control database"
    do {
      guard FileManager.default.fileExists(atPath: directory.controlDatabase.path) else {
        return [Finding(severity: .problem, subject: subject, sentence: "\(directory.controlDatabase.path) is missing; restore it.")]
      }
      let found = try ControlExamination(of: directory.controlDatabase)
      guard found.isSound else {
        return [
          Finding(severity: .problem, subject: subject, sentence: "SQLite finds \(directory.controlDatabase.path) damaged; restore it.")
        ]
      }
      var findings = [Finding(severity: .ok, subject: subject, sentence: "SQLite finds it sound.")]
      let announcement = (try? String(contentsOf: directory.custodianKey, encoding: .utf8)).flatMap {
        try? CustodianKeyAnnouncement(text: $0)
      }
      if let announcement, let pinned = found.pinnedIdentity, pinned != announcement.identity.fingerprint {
        findings.append(
          Finding(
            severity: .problem, subject: "sealing",
            sentence: "custodian.pub names another custodian than the one pinned in the ledger: nothing is sealed until it is put right."))
      }
      for code in found.standingAlarms {
        findings.append(
          Finding(
            severity: .warning, subject: "sealing",
            sentence: "Stopped by an alarm of the custodian (\(code)); settle it there: sealane-custodian alarms."))
      }
      findings += checkPlans(found.plans)
      return findings
    } catch {
      return [Finding(severity: .problem, subject: subject, sentence: "\(error)")]
    }
  }

  private func checkLedger(_ keys: KeyDirectory?) -> [Finding] {
    do {
      let verification = try LedgerCheck(directory, keys: keys).verify(older: nil)
      let witnesses = checkWitnesses(verification)
      if verification.isSound, let index = verification.unfinishedSuccession {
        return [Finding(severity: .warning, subject: "ledger", sentence: LedgerCheck.unfinished(index))] + witnesses
      }
      if verification.isSound {
        return [Finding(severity: .ok, subject: "ledger", sentence: "\(verification.size) entries verify under \(verification.root).")]
          + witnesses
      }
      return [
        Finding(
          severity: .problem, subject: "ledger",
          sentence:
            "\(verification.problemCount) problem\(verification.problemCount == 1 ? "" : "s"); the first: \(verification.firstProblem ?? "unknown") Keep the files, and restore from its backup."
        )
      ]
    } catch {
      return [Finding(severity: .problem, subject: "ledger", sentence: "\(error)")]
    }
  }

  private func checkStores() -> [Finding] {
    let projects = directory.root.appendingPathComponent("projects", isDirectory: true)
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: projects.path)) ?? []).sorted()
    return names.flatMap { name -> [Finding] in
      let subject = "project \(name)"
      do {
        let found = try SegmentStore.check(directory: projects.appendingPathComponent(name, isDirectory: true))
        if found.isEmpty { return [Finding(severity: .ok, subject: subject, sentence: "Every byte of its store was read and is sound.")] }
        return found.map { Finding(severity: .problem, subject: subject, sentence: "\($0)") }
      } catch {
        return [Finding(severity: .problem, subject: subject, sentence: "\(error)")]
      }
    }
  }

  private func checkSeparation() -> [Finding] {
    guard FileManager.default.fileExists(atPath: custodian.path) else { return [] }
    return [
      Finding(
        severity: .warning, subject: "custodian",
        sentence:
          "\(custodian.path) is on this host: whoever takes this machine takes data and keys together. For production move it to another host and delete it here."
      )
    ]
  }
}

extension Doctor {
  package static func text(_ findings: [Finding]) -> String {
    findings.map { "\($0.severity.rawValue.uppercased())  \($0.subject): \($0.sentence)" }.joined(separator: "\n")
  }

  package static func json(_ findings: [Finding]) -> String {
    JSONValue.object([
      "sound": .boolean(!findings.contains { $0.severity == .problem }),
      "findings": .list(
        findings.map { ["severity": .string($0.severity.rawValue), "subject": .string($0.subject), "sentence": .string($0.sentence)] }),
    ]).text
  }
}
