package import Events
internal import Foundation
internal import Outbound
package import Vault

/// The custodian's requests to the server, as docs/FORMATS.md, "Custodian and server over HTTP", has them.
package struct ServerConnection: Sendable {
  package struct Request: Sendable {
    package let method: String
    /// Path and query, from the first slash.
    package let path: String
    package let contentType: String?
    package let body: [UInt8]
  }

  package struct Answer: Sendable {
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
      self.status = status
      self.body = body
    }
  }

  /// What the server says of the key that it seals to.
  package struct KeyInForce: Sendable {
    package let announcement: CustodianKeyAnnouncement
    package let isSealing: Bool
  }

  package enum AnnouncementOutcome: Sendable, Equatable {
    case adopted
    /// 403 or 409, with the server's sentence.
    case refused(String)
  }

  package enum SettlementOutcome: Sendable, Equatable {
    case taken
    /// The server has no such alarm: it was restored to a time before it.
    case unknownAlarm
  }

  /// Sends one request and gives the answer, whatever its status; throws where there is none.
  package typealias Exchange = @Sendable (Request) async throws -> Answer

  package let exchange: Exchange

  package init(exchange: @escaping Exchange) { self.exchange = exchange }

  /// Over libcurl. `server` is the origin that `sealane serve` prints; `certificateAuthority` a PEM file to trust instead of the system's.
  package init(server: String, token: String, certificateAuthority: String? = nil) throws {
    guard let url = URL(string: server), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host != nil else {
      throw CustodianError.badOption("--server takes the server's origin, such as https://sealane.example or http://127.0.0.1:8000.")
    }
    let origin = server.hasSuffix("/") ? String(server.dropLast()) : server
    // One for parcels, which may take long, and one for the witness, which must not wait for them.
    let client = HTTPClient(connections: 2)
    self.init { request in
      var headers: [(name: String, value: String)] = [("Authorization", "Bearer \(token)"), ("User-Agent", "sealane-custodian")]
      if let contentType = request.contentType { headers.append(("Content-Type", contentType)) }
      let response = try await client.send(
        OutboundRequest(
          method: request.method, url: origin + request.path, headers: headers, body: request.body, responseLimit: 4 << 20,
          certificateAuthority: certificateAuthority),
        deadline: .seconds(30))
      return Answer(status: response.status, body: response.body)
    }
  }

  /// The undelivered keys, the oldest first.
  package func parcels(limit: Int) async throws -> [UInt8] {
    let answer = try await exchange(Request(method: "GET", path: "/custodian/v1/parcels?limit=\(limit)", contentType: nil, body: []))
    guard answer.status == 200 else { throw Self.unexpected("Fetching parcels", answer) }
    return answer.body
  }

  /// The server may delete, of each project, the keys up to and including that cursor.
  package func acknowledge(_ through: [ProjectID: UInt64]) async throws {
    struct Body: Encodable {
      struct Item: Encodable {
        let project: Int64
        let through: UInt64
      }
      let acknowledged: [Item]
    }
    let items = through.map { Body.Item(project: $0.key.rawValue, through: $0.value) }.sorted { $0.project < $1.project }
    let answer = try await exchange(
      Request(
        method: "POST", path: "/custodian/v1/parcels/ack", contentType: "application/json",
        body: Array(try JSONEncoder().encode(Body(acknowledged: items)))))
    guard answer.status == 204 else { throw Self.unexpected("Acknowledging parcels", answer) }
  }

  package func send(_ alarm: Alarm) async throws {
    let answer = try await exchange(
      Request(method: "POST", path: "/custodian/v1/alarm", contentType: "application/json", body: alarm.json))
    guard answer.status == 204 else { throw Self.unexpected("Raising an alarm", answer) }
  }

  /// Says that an alarm is settled, with the announcement of the key to seal to from then on.
  package func send(_ settlement: CustodianSettlement, announcement: CustodianKeyAnnouncement) async throws -> SettlementOutcome {
    struct Body: Encodable {
      let announcement: String
      let settlement: String
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = try encoder.encode(Body(announcement: announcement.text, settlement: settlement.text))
    let answer = try await exchange(
      Request(method: "POST", path: "/custodian/v1/settlement", contentType: "application/json", body: Array(body)))
    switch answer.status {
    case 204: return .taken
    case 404: return .unknownAlarm
    default: throw Self.unexpected("Settling an alarm", answer)
    }
  }

  /// Erasures of which the server lacks the receipt, or all behind an entry of its ledger; a page, oldest first.
  package func erasures(after entry: UInt64?) async throws -> [ErasureOrder] {
    struct Body: Decodable {
      struct Order: Decodable {
        let entry: UInt64
        let commitment: String
        let project: Int64
        let subjects: [String]
      }
      let erasures: [Order]
    }
    let path = "/custodian/v1/erasures" + (entry.map { "?after=\($0)" } ?? "")
    let answer = try await exchange(Request(method: "GET", path: path, contentType: nil, body: []))
    // A server of an earlier version has none.
    if answer.status == 404 { return [] }
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)) else {
      throw Self.unexpected("Asking for erasures", answer)
    }
    return try body.erasures.map { order in
      let subjects = order.subjects.compactMap { Pseudonym($0) }
      guard subjects.count == order.subjects.count, Int64(exactly: order.entry) != nil else {
        throw Self.unexpected("Asking for erasures", answer)
      }
      return ErasureOrder(entry: order.entry, commitment: order.commitment, project: ProjectID(order.project), subjects: subjects)
    }
  }

  /// Who has one of these ids, or a sealed field with one of these tags. The server enters that in its ledger before it answers.
  package func subjects(project: ProjectID, ids: [Pseudonym], tags: [(field: String, tag: Pseudonym)]) async throws -> SubjectFinder.Answer
  {
    struct Question: Encodable {
      struct Tag: Encodable {
        let field: String
        let tag: Pseudonym
      }
      let project: Int64
      let ids: [Pseudonym]
      let tags: [Tag]
    }
    let question = Question(project: project.rawValue, ids: ids, tags: tags.map { Question.Tag(field: $0.field, tag: $0.tag) })
    let answer = try await exchange(
      Request(
        method: "POST", path: "/custodian/v1/subjects", contentType: "application/json", body: Array(try JSONEncoder().encode(question))))
    guard answer.status == 200, let body = try? JSONDecoder().decode(SubjectFinder.Answer.self, from: Data(answer.body)),
      body.subjects.allSatisfy({
        $0.subject.hasPrefix("s_") && Pseudonym($0.subject) != nil && ["id", "verified", "unverified"].contains($0.match)
      })
    else { throw Self.unexpected("Looking for subjects", answer) }
    return body
  }

  /// - Returns: false where the server knows no such erasure: it was restored to a time before it, and will ask again.
  package func send(receipt: String) async throws -> Bool {
    let body = try JSONEncoder().encode(["receipt": receipt])
    let answer = try await exchange(
      Request(method: "POST", path: "/custodian/v1/erasures", contentType: "application/json", body: Array(body)))
    switch answer.status {
    case 204: return true
    case 404: return false
    default: throw Self.unexpected("Sending a receipt", answer)
    }
  }

  /// Throws `AnnouncementError` where the server's announcement is none, or forged.
  package func keyInForce() async throws -> KeyInForce {
    struct Body: Decodable {
      let announcement: String
      let sealing: Bool
    }
    let answer = try await exchange(Request(method: "GET", path: "/custodian/v1/key", contentType: nil, body: []))
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)) else {
      throw Self.unexpected("Asking for the key in force", answer)
    }
    return KeyInForce(announcement: try CustodianKeyAnnouncement(text: body.announcement), isSealing: body.sealing)
  }

  package func announce(_ announcement: CustodianKeyAnnouncement) async throws -> AnnouncementOutcome {
    let answer = try await exchange(
      Request(method: "POST", path: "/custodian/v1/key", contentType: "text/plain; charset=utf-8", body: Array(announcement.text.utf8)))
    switch answer.status {
    case 200: return .adopted
    case 403, 409: return .refused(Self.sentence(answer))
    default: throw Self.unexpected("Announcing a key", answer)
    }
  }

  /// A sealed value and where it stands; `layer` is `verified`, `unverified`, or `id`.
  package struct SealedField: Sendable, Hashable {
    package let subject: String
    package let field: String
    package let layer: String
    package let bytes: [UInt8]
  }

  package struct SealedAnswer: Sendable {
    /// The number of the ledger's entry for this opening.
    package let entry: UInt64
    package let values: [SealedField]
  }

  /// The sealed values of these fields of these subjects. The server enters the opening in its ledger before it answers.
  package func sealedValues(
    project: ProjectID, subjects: [String], fields: [String], request: String, requester: String, approvers: [String]
  ) async throws -> SealedAnswer {
    struct Question: Encodable {
      let project: Int64
      let request: String
      let requester: String
      let approvers: [String]
      let subjects: [String]
      let fields: [String]
    }
    struct Body: Decodable {
      struct Value: Decodable {
        let subject: String
        let field: String
        let layer: String
        let value: Data
      }
      let entry: UInt64
      let values: [Value]
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let question = Question(
      project: project.rawValue, request: request, requester: requester, approvers: approvers, subjects: subjects, fields: fields)
    let answer = try await exchange(
      Request(
        method: "POST", path: "/custodian/v1/openings", contentType: "application/json", body: Array(try encoder.encode(question))))
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)), body.values.count <= 10_000,
      body.values.allSatisfy({ ["verified", "unverified", "id"].contains($0.layer) })
    else { throw Self.unexpected("Asking for sealed values", answer) }
    return SealedAnswer(
      entry: body.entry,
      values: body.values.map { SealedField(subject: $0.subject, field: $0.field, layer: $0.layer, bytes: Array($0.value)) })
  }

  /// Has a change that approvers agreed on and that was carried out entered in the server's ledger; gives the entry's number.
  package func enter(_ change: StoredRequest) async throws -> UInt64 {
    struct Body: Encodable {
      let act: String
      let request: String
      let requester: String
      let approvers: [String]
    }
    struct Entered: Decodable { let entry: UInt64 }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = Body(
      act: change.request.kind, request: change.request.digest.hexadecimal, requester: change.request.requester,
      approvers: change.approvals.map(\.approver.hexadecimal))
    let answer = try await exchange(
      Request(method: "POST", path: "/custodian/v1/changes", contentType: "application/json", body: Array(try encoder.encode(body))))
    guard answer.status == 200, let entered = try? JSONDecoder().decode(Entered.self, from: Data(answer.body)) else {
      throw Self.unexpected("Entering a change of approvers", answer)
    }
    return entered.entry
  }

  static func unexpected(_ request: String, _ answer: Answer) -> CustodianError {
    .unexpectedAnswer(request: request, status: answer.status, sentence: sentence(answer))
  }

  /// The server's own words, made harmless for a log line.
  private static func sentence(_ answer: Answer) -> String {
    struct Body: Decodable { let error: String }
    guard let text = try? JSONDecoder().decode(Body.self, from: Data(answer.body.prefix(4096))).error else { return "" }
    return String(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }.prefix(200).map(Character.init))
  }
}
