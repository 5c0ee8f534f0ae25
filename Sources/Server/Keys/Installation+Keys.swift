import Events
import Foundation
import HTTPTypes
import Journeys
import Ledger
import Vault

/// What may be rotated by `sealane keys rotate`.
package enum RotatableKey: String, Sendable, CaseIterable {
  case ledgerSigning = "ledger_signing"
  case ledgerSets = "ledger_sets"
  /// Of every project: the running epoch ends.
  case recordKeys = "record_keys"
}

extension Installation {
  /// Rotates keys, each by an entry of the ledger.
  ///
  /// - Throws: `APIError` 409 where the keys come from a command, or while another rotation runs.
  func rotate(_ wanted: Set<RotatableKey>, by principal: Principal) async throws -> [JSONValue] {
    let needsPlace = !wanted.isDisjoint(with: [.ledgerSigning, .ledgerSets])
    if needsPlace, configuration.keys.directory == nil { throw APIError(.conflict, "keys_from_command", Self.cannotWriteKeys) }
    guard beginRotation() else { throw APIError(.conflict, "conflict", "Keys are being rotated at this moment. Try again.") }
    defer { endRotation() }
    var rotated: [JSONValue] = []
    if wanted.contains(.recordKeys) {
      try await ledger.record(.recordKeysRotated, by: principal)
      let count = projects.all.reduce(0) { $0 + $1.sealer.endEpoch() }
      rotated.append(["key": .string(RotatableKey.recordKeys.rawValue), "wiped": .number(Double(count))])
    }
    guard let place = configuration.keys.directory else { return rotated }
    let rotation = KeyRotation(installation: self, place: place)
    if wanted.contains(.ledgerSets) {
      let keys = try await rotation.rotateSets(by: principal)
      let number = keys.ledgerSets.count
      rotated.append([
        "key": .string(RotatableKey.ledgerSets.rawValue), "number": .number(Double(number)), "id": .string(keys.id(ofSets: number)),
      ])
    }
    if wanted.contains(.ledgerSigning) {
      _ = try await rotation.rotateSigning(by: principal)
      rotated.append([
        "key": .string(RotatableKey.ledgerSigning.rawValue), "id": .string(ledger.publicKey.idText),
        "public_key": .string(ledger.publicKey.description),
      ])
    }
    return rotated
  }

  private static let cannotWriteKeys =
    "The keys come from a command, and Sealane cannot write to what stands behind it. Stop the server, make a directory of them in memory "
    + "(sealane keys unpack), rotate there with --keys DIRECTORY, and give what “sealane keys export” writes to the secret manager. "
    + "--record-keys alone needs nothing of this."

  /// What every key is for, what it is called, and since when it is in force; never a key.
  func keyList() async throws -> [JSONValue] {
    let entries = try await ledger.entries(ofKinds: AdministrativeEntry.keyKinds)
    let first = entries.first { $0.kind == "ledger_opened" }?.time
    let keys = keys
    func item(_ name: String, _ id: String?, since: Timestamp?, _ more: [String: JSONValue] = [:]) -> JSONValue {
      var members = more
      members["key"] = .string(name)
      members["id"] = id.map { .string($0) } ?? .null
      members["since"] = since.map { .string($0.text) } ?? .null
      members["age_days"] =
        since.map { .number((Double(now().milliseconds - $0.milliseconds) / 86_400_000 * 10).rounded(.down) / 10) } ?? .null
      return .object(members)
    }
    var list = [
      item("pseudonym", keys.pseudonymID, since: first, ["rotates": false]), item("tag", keys.tagID, since: first, ["rotates": false]),
    ]
    let signing = entries.last { $0.facts["public_key"] == ledger.publicKey.description }?.time ?? first
    list.append(
      item(
        RotatableKey.ledgerSigning.rawValue, ledger.publicKey.idText, since: signing,
        ["rotates": true, "public_key": .string(ledger.publicKey.description)]))
    for number in 1...keys.ledgerSets.count {
      let id = keys.id(ofSets: number)
      let since = number == 1 ? first : entries.last { $0.facts["id"] == id }?.time
      list.append(
        item(
          RotatableKey.ledgerSets.rawValue, id, since: since,
          [
            "rotates": true, "number": .number(Double(number)), "in_force": .boolean(number == keys.ledgerSets.count),
          ]))
    }
    for project in projects.all {
      list.append(
        item(
          RotatableKey.recordKeys.rawValue, nil, since: project.sealer.epochStart,
          ["rotates": true, "project_id": .number(Double(project.id.rawValue)), "count": .number(Double(project.sealer.keyCount))]))
    }
    return list
  }

  /// Sets `ledger.pub` right after a succession that a crash interrupted, or after a restore of older data. A file that names no key of this
  /// ledger is left alone: somebody has to look.
  func publishLedgerKey() async throws {
    let text = (try? String(contentsOf: directory.ledgerPublicKey, encoding: .utf8)) ?? ""
    guard let named = NoteKey(text.trimmingCharacters(in: .whitespacesAndNewlines)), named != ledger.publicKey else { return }
    guard try await ledger.signingChain().keys(with: ledger.publicKey).contains(named) else { return }
    try SecretFile.replace(directory.ledgerPublicKey, bytes: Array("\(ledger.publicKey)\n".utf8))
  }

  /// Whether the newest entry's details open with the keys at hand: those of another time, or of another installation, would be noticed late.
  func canReadLedger() async -> Bool {
    guard let count = try? await ledger.count(), count > 0 else { return true }
    return (try? await ledger.records(from: count - 1, limit: 1)) != nil
  }
}
