import Crypto
import Foundation
import Journeys
import Ledger
import Outbound
import Server
import Testing
import Vault

/// What the server lets a witness do, and whom it takes for one.
struct WitnessRouteTests {
  /// The custodian's side, without the custodian.
  private struct Custodian {
    let bearer: (String, String)
    let identity: Curve25519.Signing.PrivateKey
    let witness: NoteSigner

    init(_ server: TestServer) throws {
      let directory = server.installation.configuration.data.deletingLastPathComponent().appendingPathComponent("data.custodian")
      let token = try String(contentsOf: directory.appendingPathComponent("server.token"), encoding: .utf8)
      bearer = ("Authorization", "Bearer \(token.trimmingCharacters(in: .newlines))")
      identity = try Curve25519.Signing.PrivateKey(
        rawRepresentation: Data(contentsOf: directory.appendingPathComponent("identity.key")))
      witness = try #require(
        NoteSigner(name: "sealane.local/custodian", kind: .cosignature, seed: [UInt8](repeating: 3, count: 32)))
    }

    func announcement(_ key: Curve25519.Signing.PrivateKey? = nil) throws -> String {
      try CustodianWitnessAnnouncement(key: witness.key.description, signedBy: key ?? identity).text
    }

    func cosign(_ note: String) throws -> String {
      note + (try witness.line(for: SignedNote(Array(note.utf8)).text, time: 1_790_000_000))
    }
  }

  private func post(
    _ server: TestServer, _ path: String, _ body: String, _ headers: [(name: String, value: String)]
  ) async throws -> OutboundResponse {
    try await server.client.send(
      OutboundRequest(method: "POST", url: server.console + "/custodian/v1/" + path, headers: headers, body: Array(body.utf8)))
  }

  @Test func `a witness is announced by the pinned identity, and its cosignature is kept and shown`() async throws {
    try await TestServer.run { server in
      let custodian = try Custodian(server)
      let ledger = server.installation.ledger
      let url = server.console + "/custodian/v1/checkpoint?from=0"
      #expect(try await server.send("GET", url).status == 401)
      #expect(try await server.send("GET", url, headers: [server.credential]).status == 401)
      let asked = try await server.send("GET", url, headers: [custodian.bearer])
      #expect(asked.status == 200 && asked.json["witness"] == .null && asked.json["alarmed"] == .boolean(false))
      guard case .string(let note)? = asked.json["checkpoint"] else {
        Issue.record("no checkpoint")
        return
      }
      // Nobody is a witness before its key is pinned.
      #expect(try await post(server, "cosignature", custodian.cosign(note), [custodian.bearer]).status == 409)
      let before = try await ledger.count()
      for path in ["witness", "cosignature"] { #expect(try await post(server, path, "", []).status == 401) }
      #expect(try await post(server, "witness", custodian.announcement(.init()), [custodian.bearer]).status == 403)
      let altered = try custodian.announcement().replacing("custodian+", with: "custodiam+")
      #expect(try await post(server, "witness", altered, [custodian.bearer]).status == 403)
      #expect(try await post(server, "witness", "hello", [custodian.bearer]).status == 400)
      #expect(try await ledger.count() == before)
      for _ in 0..<2 { #expect(try await post(server, "witness", custodian.announcement(), [custodian.bearer]).status == 204) }
      #expect(try await ledger.entries(ofKinds: ["custodian_witness_pinned"]).count == 1, "once")

      // Its cosignature of another text, of a fork, or by somebody else is none.
      let signer = try #require(NoteSigner(name: Installation.ledgerOrigin, seed: [UInt8](repeating: 9, count: 32)))
      let forged = try Checkpoint(origin: Installation.ledgerOrigin, size: 3, root: .emptyTree).signed(by: signer)
      for bad in try [
        note, note + "\u{2014} x AAAAAAA=\n", custodian.cosign(forged), "", custodian.cosign(note).replacing("w==", with: "x=="),
      ]
      where bad != (try custodian.cosign(note)) {
        #expect(try await post(server, "cosignature", bad, [custodian.bearer]).status == 400, "\(bad)")
      }
      #expect(try await post(server, "cosignature", custodian.cosign(note), [custodian.bearer]).status == 204)
      #expect(try await server.send("GET", server.console + "/tlog/checkpoint").text == custodian.cosign(note))
      // The next one brings a proof from the last, and whatever entry is asked for.
      let size = try await ledger.cosigned(by: [custodian.witness.key])[0].size
      let next = try await server.send(
        "GET", server.console + "/custodian/v1/checkpoint?from=\(size)&entry=2&key=\(ledger.publicKey.idText)", headers: [custodian.bearer])
      guard case .list(let proof)? = next.json["proof"], case .string(let entry)? = next.json["entry"],
        case .list(let inclusion)? = next.json["inclusion"], case .string(let later)? = next.json["checkpoint"]
      else {
        Issue.record("\(next.text)")
        return
      }
      let hashes = { (list: [JSONValue]) in
        list.compactMap { item -> [UInt8]? in
          if case .string(let text) = item { Data(base64Encoded: text).map { [UInt8]($0) } } else { nil }
        }
      }
      let old = try VerifiedCheckpoint(note: Array(note.utf8), key: ledger.publicKey)
      let new = try VerifiedCheckpoint(note: Array(later.utf8), key: ledger.publicKey)
      try new.verify(continues: old, proof: hashes(proof))
      try new.verify(contains: [UInt8](try #require(Data(base64Encoded: entry))), at: 2, proof: hashes(inclusion))
      for bad in ["from=x", "entry=x", "size=3"] {
        let status = try await server.send("GET", server.console + "/custodian/v1/checkpoint?\(bad)", headers: [custodian.bearer]).status
        #expect(status == 400, "\(bad)")
      }
      let beyond = try await server.send("GET", server.console + "/custodian/v1/checkpoint?entry=999", headers: [custodian.bearer])
      #expect(beyond.status == 404)
    }
  }

  @Test func `an alarm about the ledger stops subjects and not sealing, and is settled by the custodian`() async throws {
    try await TestServer.run { server in
      let custodian = try Custodian(server)
      #expect(try await server.importEvents("[\(server.event("Called", "ada", "o1"))]").status == 200)
      func alarm(_ id: String, sentence: String?) -> String {
        let members: JSONValue = [
          "id": .string(id), "kind": .string("shrunk_ledger"), "sentence": sentence.map { .string($0) } ?? .null, "project": .null,
          "epoch": .null, "recipient": .null, "raised_at": .number(1),
        ]
        return members.text
      }
      let id = String(repeating: "0a", count: 16)
      let export = server.console + "/api/2.0/export?from_date=2026-09-01&to_date=2026-09-30"
      #expect(try await server.send("GET", export, headers: [server.credential]).status == 200)
      #expect(try await post(server, "alarm", alarm(id, sentence: nil), [custodian.bearer]).status == 400)
      let sentence = "The ledger shrank\nfrom 9 entries to 7."
      for _ in 0..<2 { #expect(try await post(server, "alarm", alarm(id, sentence: sentence), [custodian.bearer]).status == 204) }
      let refused = try await server.send("GET", export, headers: [server.credential])
      #expect(refused.status == 503 && refused.json["error"] == .string("ledger_unwitnessed"))
      let metrics = try await server.send("GET", server.console + "/metrics").text
      #expect(metrics.contains("sealane_sealing 1") && metrics.contains("sealane_ledger_subjects_open 0"))
      #expect(try await server.send("GET", server.console + "/readyz").status == 503)
      #expect(try await server.send("GET", server.console + "/api/v1/catalog", headers: [server.credential]).status == 200)
      let entry = try #require(try await server.installation.ledger.entries(ofKinds: ["custodian_alarm"]).first)
      #expect(try await server.installation.ledger.detail(of: entry.index)?.facts == ["sentence": "The ledger shrankfrom 9 entries to 7."])
      let announcement = try String(
        contentsOf: server.installation.configuration.data.appendingPathComponent("custodian.pub"), encoding: .utf8)
      let settlement = try CustodianSettlement(
        alarm: id, kind: "shrunk_ledger", key: CustodianKeyAnnouncement(text: announcement).key, settledAt: 1, reason: "restored",
        signedBy: custodian.identity)
      let body: JSONValue = ["settlement": .string(settlement.text), "announcement": .string(announcement)]
      #expect(try await post(server, "settlement", body.text, [custodian.bearer]).status == 204)
      #expect(try await server.send("GET", export, headers: [server.credential]).status == 200)
      #expect(try await server.send("GET", server.console + "/readyz").status == 200)
      #expect(try await server.installation.ledger.entries(ofKinds: ["sealing_resumed"]).isEmpty, "it never stopped")
    }
  }

  /// Between the entry that hands over and the new key's first signature lie writes to a disk: a witness that asks then must not be told of the
  /// new key, under which the checkpoint would be another ledger's.
  @Test func `while the signing key rotates a witness is told the key that signed`() async throws {
    try await TestServer.run { try await Self.askDuringARotation($0) }
  }

  private static func askDuringARotation(_ server: TestServer) async throws {
    let custodian = try Custodian(server)
    let place = try #require(server.installation.configuration.keys.directory)
    let old = server.installation.ledger.publicKey
    var rotation = KeyRotation(installation: server.installation, place: place)
    rotation.reached = { if $0 == .entered { throw CancellationError() } }
    let stopped = rotation
    await #expect(throws: CancellationError.self) {
      _ = try await stopped.rotateSigning(by: Principal(kind: .system, id: "test", credential: "test"))
    }
    let url = server.console + "/custodian/v1/checkpoint?from=0&key=" + old.idText
    let asked = try await server.send("GET", url, headers: [custodian.bearer])
    guard case .string(let note)? = asked.json["checkpoint"], case .list(let followed)? = asked.json["successions"] else {
      Issue.record("\(asked.text)")
      return
    }
    #expect(asked.json["key"] == .string(old.description) && followed.isEmpty, "\(asked.text)")
    #expect(throws: Never.self) { try VerifiedCheckpoint(note: Array(note.utf8), key: old) }
  }
}
