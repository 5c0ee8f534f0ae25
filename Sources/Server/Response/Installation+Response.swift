import Access
import Crypto
import Events
import Journeys
import Ledger
import Notices
import Response
import Vault

extension Installation {
  /// Keys what is kept of reported messages.
  static func reportKey(_ keys: KeyDirectory) -> ReportKey {
    let key = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: keys.pseudonym.symmetricKey, salt: [UInt8](), info: Array("sealane reported messages v1".utf8), outputByteCount: 32)
    return ReportKey(bytes: key.withUnsafeBytes { Array($0) })
  }

  var leaks: LeakDesk { LeakDesk(installation: self) }

  /// What pasted text says of where it comes from; of very much the first ids count.
  func compare(
    _ text: String, with incident: Incident?, in project: ProjectID, by principal: Principal
  ) async throws -> Disclosed<LeakFinding> {
    let ids = Set(CanaryScan.ids(in: text).prefix(LeakDesk.most))
    let labels = Set(CanaryScan.labels(in: text).prefix(LeakDesk.most))
    return try await compare(ids, labels, with: incident, in: project, purpose: "console.incident.rows", by: principal)
  }

  /// Of few people the answer is one about each of them, and entered as that.
  func compare(
    _ ids: Set<Pseudonym>, _ labels: Set<String>, with incident: Incident?, in project: ProjectID, purpose: String, by principal: Principal
  ) async throws -> Disclosed<LeakFinding> {
    guard let open = projects[project] else { throw APIError.notFound("There is no such project.") }
    let (finding, people) = try await leaks.find(ids, labels, in: project, incident: incident, by: principal)
    if let incident { try await incidents.note(finding, with: incident.id, by: principal) }
    let asked = ids.map(\.description).sorted().joined(separator: " ") + " " + labels.sorted().joined(separator: " ")
    return try await ledger.disclose(
      finding,
      Disclosure(
        .aggregate(
          queryDigest: Disclosure.digest(ofQuery: Array(asked.utf8)), dataVersion: await open.engine.dataVersion(),
          groupSizes: [finding.people] + finding.suspects.map(\.count)), project: project, purpose: purpose,
        fields: ["where_it_leaked"], singledOut: people.count < max(open.settings.smallestGroup, 10) ? people.sorted() : []),
      to: principal)
  }

  /// Proofs are read from the ledger's files, as anybody with a copy of them would.
  func evidence(on incident: Incident) async throws -> IncidentEvidence {
    try await incidents.evidence(on: incident, at: now()) { [directory] entry in
      try Ledger.proof(of: entry, directory: directory.ledger)
    }
  }
}

extension LeakFinding {
  var json: JSONValue {
    func source(_ source: Incident.Source) -> JSONValue { ["kind": .string(source.kind), "id": .string(source.id)] }
    return [
      "ids": .number(Double(ids)), "people": .number(Double(people)), "source": self.source.map(source) ?? .null,
      "suspects": .list(
        suspects.map {
          ["source": source($0.source), "evidence": .string($0.evidence.rawValue), "count": .number(Double($0.count))]
        }),
      "outside_scope": outside.map { .number(Double($0)) } ?? .null,
    ]
  }
}

extension IncidentDesk.Verdict {
  var json: JSONValue {
    var members: [String: JSONValue] = ["version": .number(Double(version)), "is_as_entered": .boolean(isAsEntered)]
    switch verdict {
    case .notAffected: members["status"] = .string(Scope.Status.notAffected.rawValue)
    case .cannotBeExcluded(let untold):
      members["status"] = .string(Scope.Status.cannotBeExcluded.rawValue)
      members["entries"] = .list(
        untold.prefix(1_000).map {
          ["ledger_index": .number(Double($0.index)), "at": .string($0.time.text), "details": .string($0.reason.rawValue)]
        })
    case .affected(let entries, let fields):
      members["status"] = .string(Scope.Status.affected.rawValue)
      members["fields"] = .list(fields.map { .string($0) })
      members["entries"] = .list(
        entries.prefix(1_000).map {
          ["ledger_index": .number(Double($0.index)), "at": .string($0.time.text), "fields": .list($0.fields.map { .string($0) })]
        })
    }
    return .object(members)
  }
}

extension IncidentDesk.Person {
  var json: JSONValue {
    [
      "subject": pseudonym.map { .string("s_\($0)") } ?? .null, "status": .string(status.rawValue),
      "fields": .list(fields.map { .string($0) }),
    ]
  }
}

extension IncidentDesk.OrganizationRow {
  var json: JSONValue {
    [
      "organization": pseudonym.map { .string("s_\($0)") } ?? .null, "group_key": .string(key),
      "members": .number(Double(organization.members)), "affected": .number(Double(organization.affected)),
      "cannot_be_excluded": .number(Double(organization.cannotBeExcluded)),
    ]
  }
}
