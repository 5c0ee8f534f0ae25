internal import Events
internal import Foundation
internal import Ledger
internal import Vault

/// What the witness asks and says. docs/FORMATS.md, "Custodian and server over HTTP".
extension ServerConnection {
  /// What the server shows of its ledger; none of it is verified.
  struct ShownCheckpoint: Sendable {
    struct Inclusion: Sendable {
      let entry: [UInt8]
      let proof: [[UInt8]]
    }

    let note: [UInt8]
    /// The key that signed it, as the server says.
    let key: NoteKey
    /// From the size that was asked for.
    let proof: [[UInt8]]
    /// From the key that was named to the one that signs now.
    let successions: [Succession]
    /// The witness key that is pinned there.
    let witness: String?
    /// Entries under the newest checkpoint of that witness that the server has.
    let cosigned: UInt64
    /// Whether an alarm about the ledger stands there.
    let isAlarmed: Bool
    let inclusion: Inclusion?
  }

  func checkpoint(from size: UInt64, key: NoteKey?, entry: UInt64?) async throws -> ShownCheckpoint {
    struct Body: Decodable {
      let checkpoint: String
      let key: String
      let proof: [Data]
      let successions: [String]
      let witness: String?
      let cosigned: UInt64
      let alarmed: Bool
      let entry: Data?
      let inclusion: [Data]?
    }
    let path =
      "/custodian/v1/checkpoint?from=\(size)" + (key.map { "&key=\($0.idText)" } ?? "") + (entry.map { "&entry=\($0)" } ?? "")
    let answer = try await exchange(Request(method: "GET", path: path, contentType: nil, body: []))
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)), let key = NoteKey(body.key),
      key.kind == .ed25519, body.proof.count <= 64, body.inclusion?.count ?? 0 <= 64
    else { throw Self.unexpected("Asking for a checkpoint", answer) }
    let successions = body.successions.compactMap { Succession(note: $0) }
    guard successions.count == body.successions.count else { throw Self.unexpected("Asking for a checkpoint", answer) }
    var inclusion: ShownCheckpoint.Inclusion?
    if let entry = body.entry, let proof = body.inclusion {
      inclusion = ShownCheckpoint.Inclusion(entry: [UInt8](entry), proof: proof.map { [UInt8]($0) })
    }
    return ShownCheckpoint(
      note: Array(body.checkpoint.utf8), key: key, proof: body.proof.map { [UInt8]($0) }, successions: successions, witness: body.witness,
      cosigned: body.cosigned, isAlarmed: body.alarmed, inclusion: inclusion)
  }

  /// Hands in a checkpoint with this witness's cosignature on it.
  func send(cosigned note: String) async throws {
    let answer = try await exchange(
      Request(method: "POST", path: "/custodian/v1/cosignature", contentType: "text/plain; charset=utf-8", body: Array(note.utf8)))
    guard answer.status == 204 else { throw Self.unexpected("Sending a cosignature", answer) }
  }

  func announce(_ announcement: CustodianWitnessAnnouncement) async throws {
    let answer = try await exchange(
      Request(
        method: "POST", path: "/custodian/v1/witness", contentType: "text/plain; charset=utf-8", body: Array(announcement.text.utf8)))
    guard answer.status == 204 else { throw Self.unexpected("Announcing the witness key", answer) }
  }
}
