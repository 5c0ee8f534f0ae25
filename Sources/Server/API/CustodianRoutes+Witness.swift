import Access
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import NIOCore

/// What the custodian asks and says as a witness of the ledger.
extension CustodianRoutes {
  /// The newest checkpoint with everything that is needed to verify it: a proof from the size that was cosigned last, the keys that followed
  /// the one that is known, and, where it is asked for, an entry with its proof.
  func checkpoint(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    let parameters = try QueryParameters(request, known: ["from", "key", "entry"])
    guard let from = UInt64(parameters["from"] ?? "0") else { throw Self.malformed }
    let ledger = installation.ledger
    let checkpoint = try await ledger.publish()
    var proof: [MerkleHash] = []
    if from > 0, from < checkpoint.size { proof = try await ledger.consistencyProof(from: from, to: checkpoint.size) }
    let (key, all) = try await signer(of: checkpoint)
    var successions: [String] = []
    if let known = parameters["key"], known != key.idText {
      successions = all.drop { $0.previous.idText != known }.map(\.note)
    }
    let witness = installation.witnesses.custodian
    var members: [String: JSONValue] = [
      "checkpoint": .string(checkpoint.note), "key": .string(key.description), "proof": Self.list(proof),
      "successions": .list(successions.map { .string($0) }), "witness": witness.map { .string($0.description) } ?? .null,
      "cosigned": .number(Double(witness.map { installation.witnesses.size(of: $0) } ?? 0)),
      "alarmed": .boolean(try await installation.custodian.hasLedgerAlarm()),
    ]
    if let text = parameters["entry"] {
      guard let index = UInt64(text) else { throw Self.malformed }
      guard let entry = try await ledger.entries(from: index, limit: 1).first, index < checkpoint.size else {
        throw APIError.notFound("The ledger has no entry \(index).")
      }
      members["entry"] = .string(Data(entry.bytes).base64EncodedString())
      members["inclusion"] = Self.list(try await ledger.inclusionProof(of: index, in: checkpoint.size).proof)
    }
    return DisclosedResponse.plain(.object(members))
  }

  /// The key that signed a checkpoint, and the keys that followed each other up to it. While a rotation is under way the ledger names a key
  /// already that does not sign yet: told of that one, a witness would take the checkpoint for another ledger's.
  private func signer(of checkpoint: VerifiedCheckpoint) async throws -> (key: NoteKey, successions: [Succession]) {
    let note = Array(checkpoint.note.utf8)
    let all = try await installation.ledger.signingChain().successions.map(\.succession)
    if let last = all.lastIndex(where: { (try? VerifiedCheckpoint(note: note, key: $0.next)) != nil }) {
      return (all[last].next, Array(all[...last]))
    }
    return (all.first?.previous ?? installation.ledger.publicKey, [])
  }

  private static func list(_ hashes: [MerkleHash]) -> JSONValue { .list(hashes.map { .string($0.description) }) }

  func cosignature(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    try await installation.witnesses.take(custodians: try await text(request))
    return Response(status: .noContent)
  }

  func witness(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await authenticate(request)
    try await installation.witnesses.take(
      announcement: try await text(request), pinned: try await installation.custodian.pinnedIdentity())
    return Response(status: .noContent)
  }

  private func text(_ request: Request) async throws -> String {
    guard case .whole(let bytes) = try await BodyReader.bytes(of: request, limit: Self.bodyLimit),
      let text = String(validating: bytes, as: UTF8.self)
    else { throw Self.malformed }
    return text
  }
}
