import Crypto
import Foundation
import Journeys
import Ledger
import Outbound
import Server
import Testing

/// `GET /api/v1/subjects/{subject}/ids`: what an export begins with, and what an opening is joined by.
struct IdRouteTests {
  private func objects(_ value: JSONValue?) -> [[String: JSONValue]] {
    guard case .list(let rows)? = value else { return [] }
    return rows.compactMap { if case .object(let members) = $0 { members } else { nil } }
  }

  private func text(_ value: JSONValue?) -> String { if case .string(let text)? = value { text } else { "" } }

  /// The digests of sealed places anywhere in a value.
  private func digests(_ value: JSONValue) -> [String] {
    switch value {
    case .object(let members):
      members["sealed"] == .boolean(true) ? [text(members["sha256"])] : members.values.flatMap(digests)
    case .list(let elements): elements.flatMap(digests)
    case .null, .boolean, .number, .string: []
    }
  }

  @Test func `every id of a person, named as an opening names it, and in the ledger first`() async throws {
    try await TestServer.run { server in
      let link =
        #"{"event":"In","properties":{"time":1790000000,"$device_id":"tablet","$user_id":"ids-user","distinct_id":"ids-user","$insert_id":"i2"}}"#
      let first =
        #"{"event":"Seen","properties":{"time":1789999999,"$device_id":"tablet","distinct_id":"$device:tablet","$insert_id":"i1"}}"#
      #expect(try await server.importEvents("[\(first),\(link),\(server.event("Called", "other-user", "i3"))]").status == 200)
      let profiles =
        #"[{"$distinct_id":"ids-user","$set":{"$email":"ids@probe.example","billing":{"email":"bills@probe.example"},"plan":"pro"}},"#
        + #"{"$distinct_id":"$device:tablet","$set":{"$email":"early@probe.example"}}]"#
      #expect(try await server.send("POST", server.intake + "/engage", headers: [server.credential], json: profiles).status == 200)
      let timeline = try await server.send(
        "GET", server.console + "/api/2.0/export?from_date=2026-09-01&to_date=2026-09-30&event=%5B%22In%22%5D", headers: [server.credential]
      )
      let start = try #require(timeline.text.range(of: #""distinct_id":""#)?.upperBound)
      let subject = String(timeline.text[start...].prefix(34))
      let url = server.console + "/api/v1/subjects/\(subject)/ids"

      #expect(try await server.send("GET", url).status == 401)
      let before = try await server.installation.ledger.count()
      let answer = try await server.send("GET", url, headers: [server.credential])
      #expect(answer.status == 200 && answer.json["project"] == .number(1) && answer.json["next"] == .null, "\(answer.text)")
      #expect(!answer.text.contains("probe.example") && !answer.text.contains("ids-user") && !answer.text.contains("tablet"))
      let ids = objects(answer.json["ids"])
      #expect(ids.count == 2 && text(ids.first?["subject"]) == subject && text(answer.json["subject"]) == subject)
      let record = try #require(try await server.installation.ledger.records(from: before, limit: 1).first)
      guard case .present(let detail) = record.detail else {
        Issue.record("no details")
        return
      }
      #expect(detail.purpose == "api.ids" && detail.subjects?.numbers.count == 2 && detail.fields.contains("$id"))

      // By the device's id it is the same person, canonical first.
      let device = text(ids.last?["subject"])
      let again = try await server.send("GET", server.console + "/api/v1/subjects/\(device)/ids", headers: [server.credential])
      #expect(again.json == answer.json)

      // The digests are those of the bytes that an opening hands over, each under the id that it was sealed for.
      let token = try String(
        contentsOf: server.installation.configuration.data.deletingLastPathComponent().appendingPathComponent(
          "data.custodian/server.token"),
        encoding: .utf8
      ).trimmingCharacters(in: .newlines)
      let body: JSONValue = [
        "project": .number(1), "request": .string(OpeningRouteTests.digest), "requester": .string(String(repeating: "0a", count: 16)),
        "approvers": .list([.string(String(repeating: "0b", count: 16)), .string(String(repeating: "0c", count: 16))]),
        "subjects": .list([.string(subject), .string(device)]), "fields": .list([.string("$id"), .string("$email"), .string("billing")]),
      ]
      let opening = try await server.send(
        "POST", server.console + "/custodian/v1/openings", headers: [("Authorization", "Bearer \(token)")], json: body.text)
      let values = objects(opening.json["values"])
      #expect(values.count == 5)
      for id in ids {
        let own = values.filter { text($0["subject"]) == text(id["subject"]) }
        let handedOver = try own.map { value in
          let bytes = try #require(Data(base64Encoded: text(value["value"])))
          return SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        #expect(Set(digests(.object(id))) == Set(handedOver) && handedOver.count == (text(id["subject"]) == subject ? 3 : 2))
      }

      // Who was erased has nothing left but the name that was asked for.
      #expect(try await server.control.send("DELETE", "/api/v1/subjects/\(subject)").status == 200)
      let gone = try await server.send("GET", url, headers: [server.credential])
      #expect(objects(gone.json["ids"]).count == 1 && digests(gone.json["ids"] ?? .null).isEmpty)
    }
  }
}
