import Access
import Events
import Hummingbird
import Journeys
import Ledger

/// `GET /api/v1/commitments`: statements and the texts of letters that the custodian committed to, each with its proof. All of it is for the public.
struct CommitmentRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) { router.get("/api/v1/commitments", use: list) }

  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(
      try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .readIncidents)
    let found = try await installation.provenCommitments(of: project.id)
    let checkpoint: JSONValue = found.first.map { .string($0.proof.note) } ?? .null
    let list = found.map { commitment, proof -> JSONValue in
      [
        "kind": .string(commitment.kind.rawValue), "incident": .number(Double(commitment.incident)), "digest": .string(commitment.digest),
        "note": .string(commitment.note), "ledger": .string(proof.text), "made_at": .number(Double(commitment.madeAt.milliseconds)),
        "letters": .list(
          commitment.letters.map { ["kind": .string($0.kind), "subject": .string($0.subject), "body": .string($0.body)] }),
      ]
    }
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.commitments", fields: ["commitments"])
    let disclosed = try await installation.ledger.disclose(list, disclosure, to: caller.principal)
    return DisclosedResponse.json(disclosed.map { list in ["commitments": .list(list), "checkpoint": checkpoint] })
  }
}
