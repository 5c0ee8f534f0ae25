import Crypto
import Custodian
import Events
import Foundation
import Ledger
import Synchronization
import Vault

/// The server's side of statements and letters, in memory; `forged` says in what it lies.
extension FakeServer {
  struct AffectedPerson: Sendable {
    var number: UInt32
    var subject: String
    var addresses: [[UInt8]]
    var language: String?
    var organizations: [String] = []
    var shown = true
    /// Further ids of the same person.
    var others: [AffectedPerson] = []
  }

  struct NoticeState: Sendable {
    /// Of each incident, whom its scope affects.
    var incidents: [Int64: [AffectedPerson]] = [:]
    /// Handed over instead of those of the scope.
    var handedOver: [AffectedPerson]?
    /// Entered instead of what the custodian commits to.
    var forgedDigest: String?
    var pageSize = 2
    var commitments: [(kind: String, note: String)] = []
    var progress: [[String: Int]] = []
    var pages = 0
    /// Sealed, the oldest first, and the number of the first.
    var questions: [[UInt8]] = []
    var firstQuestion = 1
    /// Whose tags a verified profile has.
    var knownTags: Set<String> = []
    /// How many addresses were asked about each time.
    var askedTags: [Int] = []
    var answers: [String] = []
  }

  static let project: Int64 = 7

  /// Opens an incident that affects these; gives its number.
  @discardableResult
  func addIncident(_ people: [AffectedPerson] = []) -> Int64 {
    state.withLock { state in
      let number = Int64(state.notices.incidents.count + 1)
      state.notices.incidents[number] = people
      return number
    }
  }

  /// Another scope of the same incident.
  func widen(_ incident: Int64, by people: [AffectedPerson]) {
    state.withLock { $0.notices.incidents[incident, default: []] += people }
  }

  private static func scope(_ people: [AffectedPerson]) -> String {
    let set = SubjectSet(people.map { SubjectNumber($0.number) })
    let digest = SHA256.hash(data: set.roaring).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "{\"affected\":{\"count\":\(people.count),\"sha256\":\"\(digest)\"},\"v\":1}"
  }

  private static func hexadecimal(_ text: String) -> String {
    SHA256.hash(data: Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static func answerNotices(_ request: ServerConnection.Request, _ state: inout State) throws -> ServerConnection.Answer {
    func answer(_ value: Any) throws -> ServerConnection.Answer {
      .init(status: 200, body: Array(try JSONSerialization.data(withJSONObject: value)))
    }
    let body = (try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]) ?? [:]
    switch (request.method, request.path.split(separator: "?")[0]) {
    case ("GET", "/custodian/v1/incidents"):
      let list = state.notices.incidents.sorted { $0.key < $1.key }.map { number, people -> [String: Any] in
        [
          "project": project, "incident": number, "title": "Tallymark was phished", "sentence": "The vendor lost hold of what it had.",
          "version": 1 + people.count / 100, "digest": hexadecimal(scope(people)), "entry": 3, "made_at": 1_763_400_000_000,
          "scope": scope(people), "moments": [String: Int](),
        ]
      }
      return try answer(["incidents": list])
    case ("POST", "/custodian/v1/affected"):
      state.notices.pages += 1
      let number = (body["incident"] as? NSNumber)?.int64Value ?? 0
      let people = state.notices.handedOver ?? state.notices.incidents[number] ?? []
      guard hexadecimal(scope(state.notices.incidents[number] ?? [])) == body["digest"] as? String else {
        return .init(status: 409, body: [])
      }
      let after = (body["after"] as? NSNumber).map { $0.uint32Value }
      let rest = people.filter { after == nil || $0.number > after ?? 0 }
      let page = rest.prefix(state.notices.pageSize)
      let subjects = page.map { person -> [String: Any] in
        [
          "number": person.number, "fields": ["$city", "plan"],
          "ids": ([person] + person.others).map { id -> [String: Any] in
            [
              "subject": id.subject, "shown": id.shown, "id": NSNull(), "language": id.language ?? NSNull(),
              "addresses": id.addresses.map { Data($0).base64EncodedString() }, "organizations": id.organizations,
            ]
          },
        ]
      }
      return try answer([
        "entry": 3, "total": people.count, "subjects": subjects, "next": rest.count > page.count ? page.last?.number as Any : NSNull(),
      ])
    case ("POST", "/custodian/v1/organizations"):
      return try answer(["entry": 3, "administrators": [String](), "organizations": [String]()])
    case ("POST", "/custodian/v1/commitments"):
      let (kind, note) = (body["kind"] as? String ?? "", body["note"] as? String ?? "")
      let digest = try state.notices.forgedDigest ?? hexadecimal(SignedNote(Array(note.utf8)).text)
      state.notices.commitments.append((kind, note))
      state.ledger.entries.append(
        FakeLedger.entry("notice_\(kind)", facts: ["digest": digest, "request": body["request"] as? String ?? ""], project: project))
      return try answer(["entry": state.ledger.entries.count - 1])
    case ("GET", "/custodian/v1/proof"):
      guard let index = request.path.split(separator: "=").last.flatMap({ UInt64($0) }),
        let cosigned = state.cosigned.last(where: { $0.size > index })
      else { return .init(status: 409, body: []) }
      var ledger = state.ledger
      ledger.shownSize = Int(cosigned.size)
      let proof = LedgerProof(
        index: index, entry: ledger.entries[Int(index)], hashes: try ledger.inclusionProof(of: index, in: cosigned.size),
        note: cosigned.note)
      return try answer(["proof": proof.text])
    case ("GET", "/custodian/v1/questions"):
      let limit = request.path.split(separator: "=").last.flatMap { Int($0) } ?? 64
      let list = state.notices.questions.prefix(limit).enumerated().map { place, sealed -> [String: Any] in
        ["id": state.notices.firstQuestion + place, "question": Data(sealed).base64EncodedString()]
      }
      return try answer(["questions": list])
    case ("POST", "/custodian/v1/questions"):
      let through = (body["through"] as? NSNumber)?.intValue ?? 0
      let count = min(state.notices.questions.count, through - state.notices.firstQuestion + 1)
      state.notices.questions.removeFirst(max(0, count))
      state.notices.firstQuestion += max(0, count)
      return .init(status: 204, body: [])
    case ("POST", "/custodian/v1/known"):
      let tags = body["tags"] as? [String] ?? []
      state.notices.askedTags.append(tags.count)
      return try answer(["entry": 3, "known": tags.map { state.notices.knownTags.contains($0) }])
    case ("POST", "/custodian/v1/answers"):
      let digest = body["digest"] as? String ?? ""
      state.notices.answers.append(digest)
      state.ledger.entries.append(
        FakeLedger.entry("notice_answers", facts: ["digest": state.notices.forgedDigest ?? digest], project: nil))
      return try answer(["entry": state.ledger.entries.count - 1])
    case ("POST", "/custodian/v1/notices"):
      state.notices.progress.append(body.compactMapValues { ($0 as? NSNumber)?.intValue })
      return .init(status: 204, body: [])
    default: return .init(status: 404, body: [])
    }
  }
}

extension ApprovalBench {
  /// People of the bench's project whose addresses the custodian can open.
  func affected(_ names: [String], from number: UInt32 = 10, isVerified: Bool = true) async throws -> [FakeServer.AffectedPerson] {
    let values = try bench.seal(names, isVerified: isVerified)
    _ = try await bench.courier().round()
    return zip(names, values).enumerated().map { place, pair in
      FakeServer.AffectedPerson(
        number: number + UInt32(place), subject: "s_\(bench.pseudonyms.subject(pair.0))", addresses: [pair.1.bytes],
        language: place % 2 == 0 ? "en" : "fr")
    }
  }

  /// A request to state whom an incident affects, signed by two others.
  func approvedScope(
    _ incident: Int64? = nil, names: [String] = ["dora", "emil", "fay"], approvers: [String] = ["Bea", "Cleo"]
  ) async throws -> CustodianRequest {
    let people = incident == nil ? try await affected(names) : []
    let number = incident ?? bench.server.addIncident(people)
    let request = try await approvals.writeStatement(
      project: bench.project, incident: number, purpose: "To tell those who are affected", by: approver("Ada"))
    for name in ["Ada"] + approvers { try sign(request, as: name) }
    return request
  }

  func worker() throws -> NoticeWorker { try NoticeWorker(approvals, settings: nil) }

  /// A statement that is in the ledger; the digest of its request.
  func statement(_ incident: Int64? = nil, names: [String] = ["dora", "emil", "fay"]) async throws -> [UInt8] {
    let active = try store.approvers().filter { $0.name != "Ada" && $0.isActive(at: clock.read()) }.map(\.name).sorted().prefix(2)
    let request = try await approvedScope(incident, names: names, approvers: Array(active))
    _ = try approvals.beginNotices(request.digest, by: approver("Ada"), ticket: ticket(request))
    try await worker().round()
    return request.digest
  }
}
