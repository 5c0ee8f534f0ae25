import Events
import Journeys

extension BlastRadius {
  /// As the API and `sealane exposure --json` give it.
  package var json: JSONValue {
    [
      "project_id": .number(Double(project.rawValue)), "as_of": .string(at.text), "people": .number(Double(people)),
      "organizations": Self.counts(organizations), "complete": .boolean(isComplete), "custodian_beside": .boolean(isCustodianBeside),
      "largest": largest.map(\.json) ?? .null, "holders": .list(holders.map(\.json)),
      "suggestions": .list(suggestions.map { suggestion in suggestion.json(named: name(of: suggestion.holder)) }),
      "unsealed_severity": Self.unsealed(people: largest?.people ?? 0).map(\.json) ?? .null,
    ]
  }

  /// Before anything was computed.
  package static func nothingYet(_ project: ProjectID) -> JSONValue {
    [
      "project_id": .number(Double(project.rawValue)), "as_of": .null, "people": .null, "organizations": .object([:]),
      "complete": .boolean(false), "custodian_beside": .null, "largest": .null, "holders": .list([]), "suggestions": .list([]),
      "unsealed_severity": .null,
    ]
  }

  package func name(of id: HolderID) -> String { id == .staff ? "Everybody on the staff" : holder(id)?.name ?? id.text }

  static func counts(_ counts: [String: Int]) -> JSONValue { .object(counts.mapValues { .number(Double($0)) }) }
}

extension BlastRadius.Holder {
  var json: JSONValue {
    [
      "kind": .string(id.kind), "id": .string(id.text), "name": .string(name), "role": .string(role),
      "people": people.map { .number(Double($0)) } ?? .null, "span": .string(span.rawValue), "at_least": .boolean(isAtLeast),
      "organizations": BlastRadius.counts(organizations), "fields": .list(fields.map { .string($0) }),
      "identities": .number(Double(identities)), "severity": severity.map(\.json) ?? .null, "note": .string(note),
    ]
  }
}

extension BlastSuggestion {
  func json(named name: String) -> JSONValue {
    [
      "kind": .string(kind.rawValue), "holder": ["kind": .string(holder.kind), "id": .string(holder.text), "name": .string(name)],
      "sentence": .string("\(name) \(sentence)"), "before": .number(Double(before)), "after": .number(Double(after)),
      "unit": .string(unit), "page": .string(page), "command": command.map { .string($0) } ?? .null,
    ]
  }
}

extension Severity {
  package var json: JSONValue {
    [
      "score": .number(score), "level": .string(level.rawValue), "arithmetic": .string(arithmetic),
      "flags": .list(flags.map { .string($0.rawValue) }),
    ]
  }
}
