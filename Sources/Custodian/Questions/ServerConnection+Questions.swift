internal import Events
internal import Foundation
internal import Vault

/// What passes between custodian and server about questions. docs/FORMATS.md, “Custodian and server over HTTP”.
extension ServerConnection {
  struct SealedQuestion: Sendable, Decodable {
    let id: Int64
    /// Of 593 bytes, if it is one.
    let question: Data
  }

  /// The oldest that the server holds. A server that knows of none, being of an earlier version, has none.
  func questions(limit: Int) async throws -> [SealedQuestion] {
    struct Body: Decodable { let questions: [SealedQuestion] }
    let answer = try await exchange(Request(method: "GET", path: "/custodian/v1/questions?limit=\(limit)", contentType: nil, body: []))
    if answer.status == 404 { return [] }
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)), body.questions.count <= limit
    else {
      throw Self.unexpected("Asking for questions", answer)
    }
    return body.questions
  }

  /// The server need not keep these any more.
  func tookQuestions(through id: Int64) async throws {
    let answer = try await exchange(
      Request(
        method: "POST", path: "/custodian/v1/questions", contentType: "application/json",
        body: Array(try JSONEncoder().encode(["through": id]))))
    guard answer.status == 204 else { throw Self.unexpected("Taking questions", answer) }
  }

  /// Which of these values a verified profile of the project has.
  func known(_ tags: [Pseudonym], of field: String, in project: ProjectID) async throws -> [Bool] {
    struct Question: Encodable {
      let project: Int64
      let field: String
      let tags: [Pseudonym]
    }
    struct Body: Decodable { let known: [Bool] }
    let question = Question(project: project.rawValue, field: field, tags: tags)
    let answer = try await exchange(
      Request(
        method: "POST", path: "/custodian/v1/known", contentType: "application/json", body: Array(try JSONEncoder().encode(question))))
    // The project is gone from the server.
    if answer.status == 404 { return tags.map { _ in false } }
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)), body.known.count == tags.count
    else { throw Self.unexpected("Asking who is known", answer) }
    return body.known
  }

  /// Has the digest of a batch of answers entered; gives the entry's number.
  func enter(answers digest: String) async throws -> UInt64 {
    struct Body: Decodable { let entry: UInt64 }
    let answer = try await exchange(
      Request(
        method: "POST", path: "/custodian/v1/answers", contentType: "application/json",
        body: Array(try JSONEncoder().encode(["digest": digest]))))
    guard answer.status == 200, let body = try? JSONDecoder().decode(Body.self, from: Data(answer.body)) else {
      throw Self.unexpected("Entering answers", answer)
    }
    return body.entry
  }
}
