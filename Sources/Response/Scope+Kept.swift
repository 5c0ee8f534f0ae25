import Access
import Events
import Foundation
import Journeys

/// What a kept scope says by itself, whatever was merged, came or was erased since.
package struct KeptScope: Sendable {
  package let ledgerSize: UInt64
  package let from: Timestamp?
  package let to: Timestamp?
  package let affected: Int
  package let cannotBeExcluded: Int
  package let notAffected: Int
  package let rows: Int
  /// Entries of the ledger that show somebody.
  package let entries: Int
  package let first: Timestamp?
  package let last: Timestamp?
  /// By name, of how many people.
  package let fields: [(name: String, people: Int)]
  /// By group key, organizations of somebody affected.
  package let organizations: [String: Int]
}

extension IncidentScope {
  /// - Throws: `AccessError` where the control database is damaged.
  package var kept: KeptScope {
    get throws(AccessError) {
      let damaged = AccessError(
        .unavailable, "Version \(version) of the scope of incident \(incident) cannot be read. Scope the incident anew.")
      guard case .object(let members)? = try? JSONValue(parsing: Array(canonical.utf8), limit: 16 << 20) else { throw damaged }
      func number(_ value: JSONValue?) -> Int? { if case .number(let it)? = value { Int(exactly: it) } else { nil } }
      func count(_ value: JSONValue?) -> Int? { if case .object(let set)? = value { number(set["count"]) } else { nil } }
      func time(_ name: String) -> Timestamp? { number(members[name]).map { Timestamp(milliseconds: Int64($0)) } }
      guard let size = number(members["ledger_size"]), let affected = count(members["affected"]),
        let uncertain = count(members["cannot_be_excluded"]), let rest = number(members["not_affected"])
      else { throw damaged }
      var fields: [(String, Int)] = []
      if case .list(let list)? = members["fields"] {
        for case .object(let field) in list {
          if case .string(let name)? = field["name"], let people = number(field["count"]) { fields.append((name, people)) }
        }
      }
      var organizations: [String: Int] = [:]
      if case .object(let keys)? = members["organizations"] {
        for case (let key, .object(let of)) in keys { organizations[key] = number(of["affected"]) ?? 0 }
      }
      return KeptScope(
        ledgerSize: UInt64(clamping: size), from: time("from"), to: time("to"), affected: affected, cannotBeExcluded: uncertain,
        notAffected: rest, rows: number(members["rows"]) ?? 0, entries: count(members["entries"]) ?? 0, first: time("first"),
        last: time("last"), fields: fields, organizations: organizations)
    }
  }
}
