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
    // What was entered a moment ago is under no checkpoint yet.
    _ = try await installation.ledger.publish()
    let found = try await installation.access.commitments().filter { $0.project == project.id }
    var checkpoint: JSONValue = .null
    let list = try found.map { commitment -> JSONValue in
      let proof = try Ledger.proof(of: commitment.entry, directory: installation.directory.ledger)
      if case .null = checkpoint { checkpoint = .string(proof.note) }
      return [
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
