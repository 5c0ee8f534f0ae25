import Access
import Events
import Journeys
import Ledger
import Response

extension Installation {
  var leaks: LeakDesk { LeakDesk(installation: self) }

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
