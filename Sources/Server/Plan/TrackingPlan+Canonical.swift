import Crypto
import Foundation
import Gate
import Ledger

/// The one form of a plan (docs/FORMATS.md, "Tracking plan"): what its digest is taken over, and what is kept of each version.
extension TrackingPlan {
  package var canonical: String { String(decoding: canonicalJSON.bytes, as: UTF8.self) }

  /// SHA-256 of the canonical form, 64 hexadecimal digits: the ledger's name for this plan.
  package var digest: String { CustodianDesk.hexadecimal(Array(SHA256.hash(data: Data(canonicalJSON.bytes)))) }

  private var canonicalJSON: CanonicalJSON {
    var members: [String: CanonicalJSON] = [
      "plan": .integer(1),
      "unknown": .object(["events": .string(unknownEvents.rawValue), "properties": .string(unknownProperties.rawValue)]),
    ]
    var events = self.events.mapValues(\.canonicalJSON)
    if !everyEvent.isEmpty { events[Self.everyEventName] = .object(["properties": .object(everyEvent.mapValues(\.canonicalJSON))]) }
    if !events.isEmpty { members["events"] = .object(events) }
    if !people.isEmpty { members["people"] = .object(people.mapValues(\.canonicalJSON)) }
    if !groups.isEmpty { members["groups"] = .object(groups.mapValues(\.canonicalJSON)) }
    return .object(members)
  }
}

extension TrackingPlan.Event {
  fileprivate var canonicalJSON: CanonicalJSON {
    var members: [String: CanonicalJSON] = ["treatment": .string(treatment.rawValue)]
    if let owner { members["owner"] = .string(owner) }
    if let description { members["description"] = .string(description) }
    if let keepDays { members["keep_days"] = .integer(Int64(keepDays)) }
    if !properties.isEmpty { members["properties"] = .object(properties.mapValues(\.canonicalJSON)) }
    return .object(members)
  }
}

extension TrackingPlan.Property {
  fileprivate var canonicalJSON: CanonicalJSON {
    var members: [String: CanonicalJSON] = ["treatment": .string(treatment.word)]
    if let kind { members["type"] = .string(kind.rawValue) }
    if let owner { members["owner"] = .string(owner) }
    if let description { members["description"] = .string(description) }
    if let weight { members["field"] = .string(weight.rawValue) }
    if let derivative {
      members["keep"] = .string(derivative.kind.rawValue)
      members["at_least"] = .integer(Int64(derivative.atLeast))
    }
    if case .coarsen(let coarsening) = treatment {
      members["to"] = .string(coarsening.word)
      if case .bucket(let edges) = coarsening { members["edges"] = .list(edges.map { .integer($0) }) }
    }
    return .object(members)
  }
}
