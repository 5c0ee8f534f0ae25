package import Events

/// One line of the live view: what came, what became of it, and why.
package struct GateRow: Sendable, Hashable {
  /// The property's name; behind the gate, but written by a stranger.
  package let name: String
  /// The value as it is stored, as text of at most `longest` characters; nil if nothing is stored.
  package let shown: String?
  package let treatment: Decision.Treatment
  /// A word of `Reason`.
  package let reason: String

  package static let longest = 200
}

extension GatedEvent {
  /// A row for each property in the order of arrival, then those that the gate added (places).
  package var rows: [GateRow] { GateRow.rows(decisions: decisions, properties: properties) }
}

extension GatedProfileUpdate {
  package var rows: [GateRow] {
    let properties: [StoredProperty] =
      switch operation {
      case .set(let all), .setOnce(let all), .add(let all), .append(let all), .union(let all), .remove(let all):
        all.map { StoredProperty($0.name, $0.value) }
      case .unset, .delete: []
      }
    return GateRow.rows(decisions: decisions, properties: properties)
  }
}

extension GateRow {
  static func rows(decisions: [Decision], properties: [StoredProperty]) -> [GateRow] {
    var values: [String: StoredValue] = [:]
    for property in properties { values[property.name] = property.value }
    var rows: [GateRow] = []
    for decision in decisions {
      // A dropped property may share its shown name with a stored one.
      let shown = values.removeValue(forKey: decision.property).map(text)
      rows.append(GateRow(name: decision.property, shown: shown, treatment: decision.treatment, reason: decision.reason))
    }
    for property in properties {
      guard let value = values[property.name] else { continue }
      rows.append(GateRow(name: property.name, shown: text(value), treatment: .coarsened, reason: Reason.place.word))
    }
    return rows
  }

  /// A stored value as a person reads it. Sealed values say no more than that.
  package static func text(_ value: StoredValue) -> String {
    let text =
      switch value {
      case .null: "null"
      case .boolean(let flag): flag ? "true" : "false"
      case .number(let number): Passage.text(number)
      case .string(let text): text
      case .list(let elements): "[" + elements.prefix(20).map(Self.text).joined(separator: ", ") + (elements.count > 20 ? ", …]" : "]")
      case .object(let members):
        "{" + members.prefix(20).map { "\($0.name): \(Self.text($0.value))" }.joined(separator: ", ") + (members.count > 20 ? ", …}" : "}")
      case .pseudonym(let pseudonym): pseudonym.description
      case .sealed: "sealed"
      }
    return text.count > longest ? String(text.prefix(longest - 1)) + "…" : text
  }
}
