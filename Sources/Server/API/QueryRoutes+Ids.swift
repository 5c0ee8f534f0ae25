import Access
import Events
import Hummingbird
import Journeys
import Ledger
import SegmentStore
import Vault

/// One id that counts as a subject, and what was written under it. Profiles stay with the id that they were sent for.
private struct IdOfSubject: Sendable {
  let reference: SubjectReference
  let sealedID: SealedValue?
  let profile: Profile?

  func json(groupKeys: Set<String>) -> JSONValue {
    [
      "subject": .string(reference.text), "id": sealedID?.namedJSON ?? .null,
      "verified": .object(profile?.verified.apiJSON(groupKeys: groupKeys, namesSealed: true) ?? [:]),
      "unverified": .object(profile?.unverified.apiJSON(groupKeys: groupKeys, namesSealed: true) ?? [:]),
    ]
  }
}

extension QueryRoutes {
  static let idLimit = 1_000

  /// Every id that counts as a subject, the canonical one first: what `sealane subject export` begins with. Sealed values are named by the
  /// SHA-256 of their bytes. Ids that were erased and have nothing since are left out.
  func ids(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "cursor", "limit"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readSubjects)
    let limit = try parameters.count("limit", default: 100, atMost: Self.idLimit)
    await installation.canaries.look(at: [try subject(context)], in: project.id, by: caller.principal)
    guard let canonical = project.store.canonicalReference(of: try subject(context)) else { throw Self.unknownSubject }
    let members = project.store.ids(of: canonical.pseudonym)
    // An organization has no ids but its own and is in nobody's export.
    guard !members.isEmpty else { throw Self.unknownSubject }
    var rest = members[...]
    if let cursor = parameters["cursor"] {
      guard let last = Pseudonym(cursor), let index = members.firstIndex(where: { $0.pseudonym == last }) else {
        throw APIError.badRequest("“cursor” must be the “next” of an earlier page of the same subject.", field: "cursor")
      }
      rest = members[(index + 1)...]
    }
    let page = rest.prefix(limit)
    var found: [IdOfSubject] = []
    for member in page {
      let id = IdOfSubject(
        reference: SubjectReference(number: member.number, pseudonym: member.pseudonym),
        sealedID: try project.store.sealedID(of: member.pseudonym), profile: try await project.engine.profile(of: member.pseudonym))
      let hasContent = id.sealedID != nil || id.profile.map { !$0.verified.isEmpty || !$0.unverified.isEmpty } ?? false
      if member.pseudonym != canonical.pseudonym, !hasContent,
        project.store.isErased(member.number, since: Timestamp(milliseconds: .min))
      {
        continue
      }
      found.append(id)
    }
    let properties = found.flatMap { ($0.profile?.verified ?? []) + ($0.profile?.unverified ?? []) }
    let disclosure = Disclosure(
      .subjects(set: found.map(\.reference.number), rows: found.count), project: project.id, purpose: "api.ids",
      fields: Set(properties.map(\.name) + [Sealing.idField]).sorted(), subjectsInValues: project.subjects(in: properties.map(\.value)))
    let next: JSONValue = page.count == limit && rest.count > limit ? page.last.map { .string("s_\($0.pseudonym)") } ?? .null : .null
    let answer: JSONValue = [
      "project": .number(Double(project.id.rawValue)), "subject": .string(canonical.text),
      "ids": .list(found.map { $0.json(groupKeys: project.groupKeys) }), "next": next,
    ]
    return try await DisclosedResponse.rows(answer, disclosure, of: installation.ledger, to: caller.principal)
  }
}
