package import Events
package import Foundation
internal import GRDB
internal import Ledger
internal import Vault

/// `sealane-custodian doctor`: looks at everything in the custodian's directory and changes nothing but what opening a database does.
package enum CustodianCheck {
  package struct Finding: Sendable, Codable, Equatable {
    package enum Severity: String, Sendable, Codable { case good, warning, bad }
    package let severity: Severity
    package let sentence: String
  }

  package static func run(_ directory: URL, now: Timestamp) -> [Finding] {
    var findings: [Finding] = []
    do {
      let secrets = try CustodianSecrets(directory: directory)
      findings.append(Finding(severity: .good, sentence: "The directory and its secrets are closed to others and complete."))
      let store = try CustodianStore(secrets: secrets)
      findings += try checkDatabase(store)
      findings += try checkKeys(store, now: now)
      for alarm in try store.alarms(.standing) {
        findings.append(
          Finding(
            severity: .warning,
            sentence:
              "Alarm \(alarm.id) stands, and \(alarm.fault.kind.isOfLedger ? "what the server shows of subjects" : "sealing") with it: \(alarm.fault.sentence) See sealane-custodian alarms."
          ))
      }
      let enrolled = try store.approvers().filter(\.isEnrolled).count
      findings.append(
        Finding(
          severity: .good,
          sentence: enrolled < CustodianDirectory.firstApprovers
            ? "\(enrolled) approvers are enrolled; until there are three nothing can be opened." : "\(enrolled) approvers are enrolled."))
      findings.append(try checkBackup(store, now: now))
      if let signer = try MailSettings.read(in: directory)?.signer(in: directory) {
        findings.append(
          Finding(
            severity: .good, sentence: "Notices are signed by DKIM: \(signer.records.map(\.name).joined(separator: ", ")) must be in DNS."))
      }
      if let witnessed = try store.witnessed() {
        findings.append(
          Finding(
            severity: .good,
            sentence: "The server's ledger is cosigned up to \(witnessed.checkpoint.size) entries, root \(witnessed.checkpoint.root)."))
      }
      let setAside = try store.setAside().values.reduce(0, +)
      if setAside > 0 {
        findings.append(
          Finding(severity: .warning, sentence: "\(setAside) wrapped keys are set aside after settled alarms: what they sealed stays shut.")
        )
      }
    } catch {
      findings.append(Finding(severity: .bad, sentence: "\(error)"))
    }
    return findings
  }

  private static func checkBackup(_ store: CustodianStore, now: Timestamp) throws -> Finding {
    guard let made = try store.time(of: .lastBackup) else {
      return Finding(severity: .good, sentence: "No backup was made of this directory yet: see sealane-custodian backup --help.")
    }
    let isOver = now.milliseconds >= made.milliseconds + BackupHeader.lifetime
    return Finding(
      severity: isOver ? .warning : .good,
      sentence: "The last backup was made at \(BackupError.text(made))\(isOver ? " and cannot be restored any more; make another" : "").")
  }

  private static func checkDatabase(_ store: CustodianStore) throws -> [Finding] {
    let damage = try store.database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
    guard damage == ["ok"] else {
      return [Finding(severity: .bad, sentence: "SQLite finds custodian.sqlite damaged; restore the directory from its backup.")]
    }
    // Every record key is decrypted once: that shows a store.key that does not belong to this database, and any altered row.
    let (count, bad) = try store.database.read { database in
      var count = 0
      var bad = 0
      let rows = try Row.fetchCursor(
        database, sql: "SELECT project, epoch, sequence, subject, sealed FROM record_key WHERE sealed IS NOT NULL")
      while let row = try rows.next() {
        count += 1
        let epoch: Data = row["epoch"]
        let subject: Data = row["subject"]
        let sequence: Int64 = row["sequence"]
        guard epoch.count == 8, let sequence = UInt32(exactly: sequence) else {
          bad += 1
          continue
        }
        let place = RecordKeyRow(
          project: ProjectID(row["project"]), epoch: epoch.reversed().reduce(0) { $0 << 8 | UInt64($1) }, sequence: sequence,
          lookUp: Array(subject))
        if (try? store.secrets.decrypt(row["sealed"], for: place)) == nil { bad += 1 }
      }
      return (count, bad)
    }
    if bad > 0 {
      return [
        Finding(
          severity: .bad, sentence: "\(bad) of \(count) record keys do not decrypt with store.key; restore the directory from its backup.")
      ]
    }
    return [Finding(severity: .good, sentence: "The database is sound; all \(count) record keys decrypt.")]
  }

  private static func checkKeys(_ store: CustodianStore, now: Timestamp) throws -> [Finding] {
    var findings: [Finding] = []
    let records = try store.hpkeKeys()
    if records.isEmpty {
      // Not started yet: the first key is announced and not entered.
      let first = CustodianDirectory.privateKey(id: try store.secrets.firstAnnouncement().key.id)
      _ = try SecretKey(reading: store.secrets.directory.appendingPathComponent(first))
    }
    for record in records {
      let file = store.secrets.directory.appendingPathComponent(CustodianDirectory.privateKey(id: record.id))
      let id = Keyring.hexadecimal(record.id)
      switch record.state {
      case .announced, .current, .replaced:
        do { _ = try SecretKey(reading: file) } catch { findings.append(Finding(severity: .bad, sentence: "\(error)")) }
        if record.state == .current, now.milliseconds > record.announcement.madeAt + 2 * Keyring.defaultLifetime.milliseconds {
          findings.append(
            Finding(
              severity: .warning, sentence: "Key \(id) is in force for more than two days: is the custodian running and the server reached?"
            ))
        }
      case .leaving, .destroyed:
        if FileManager.default.fileExists(atPath: file.path) {
          findings.append(
            Finding(
              severity: .bad,
              sentence: "The private key \(id) should be destroyed and is there; start the custodian, or remove \(file.path)."))
        }
      }
    }
    if findings.isEmpty { findings.append(Finding(severity: .good, sentence: "Every HPKE key is where its state says.")) }
    return findings
  }
}
