import Events
import Journeys
import Ledger

extension LedgerRecord {
  /// Subjects whose numbers the record shows with its details.
  var shownSubjects: [SubjectNumber] {
    if case .present(let detail) = detail { return detail.subjects?.numbers ?? [] }
    return []
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "index": .number(Double(entry.index)), "kind": .string(entry.kind), "time": .string(entry.time.text),
      "project_id": entry.project.map { .number(Double($0.rawValue)) } ?? .null, "facts": .object(entry.facts.mapValues { .string($0) }),
    ]
    switch detail {
    case .erased: members["detail"] = "erased"
    case .unreadable: members["detail"] = "unreadable"
    case .present(let detail): members["detail"] = detail.json
    }
    return .object(members)
  }
}

extension LedgerDetail {
  fileprivate var json: JSONValue {
    var members: [String: JSONValue] = [
      "principal": [
        "kind": .string(principal.kind.rawValue), "id": .string(principal.id), "credential": .string(principal.credential),
      ],
      "purpose": .string(purpose), "fields": .list(fields.map { .string($0) }), "facts": .object(facts.mapValues { .string($0) }),
    ]
    members["query_digest"] = queryDigest.map { .string($0) }
    members["data_version"] = dataVersion.map { .string(String($0)) }
    members["rows"] = rows.map { .number(Double($0)) }
    members["group_sizes"] = groupSizes.map { .list($0.map { .number(Double($0)) }) }
    members["subjects"] = subjects.map { .list($0.numbers.map { .number(Double($0.rawValue)) }) }
    return .object(members)
  }
}
