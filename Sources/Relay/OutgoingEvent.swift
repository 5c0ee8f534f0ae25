import Access
import Events
import Journeys
import Vault

/// An event as one vendor may see it: its own pseudonyms, and of the properties those that it may get.
package struct OutgoingEvent: Sendable, Hashable {
  /// Whose it is, among ourselves; never sent.
  let position: TailPosition
  let subjects: [SubjectNumber]
  let isCanary: Bool

  package let name: String
  package let time: Timestamp
  /// The same whenever it is sent, so that the vendor counts it once; another vendor has another one.
  package let insertID: String
  /// `v_…`; nil of an event without an actor.
  package let person: String?
  package let properties: [String: JSONValue]
}

/// Makes of the events of a project what one vendor may see. What is sealed goes nowhere, whatever the declaration says.
package struct VendorLens: Sendable {
  private let pseudonyms: VendorPseudonymizer
  private let fields: Set<String>
  private let number: @Sendable (Pseudonym) -> SubjectNumber?
  private let isForgotten: @Sendable (Pseudonym) -> Bool

  /// - Parameters:
  ///   - number: of whoever a pseudonym names; nil for ids that never arrived as anybody's.
  ///   - isForgotten: whether it names somebody who was erased: no event of others names them any more.
  package init(
    pseudonyms: VendorPseudonymizer, fields: [String], number: @escaping @Sendable (Pseudonym) -> SubjectNumber?,
    isForgotten: @escaping @Sendable (Pseudonym) -> Bool = { _ in false }
  ) {
    self.isForgotten = isForgotten
    self.pseudonyms = pseudonyms
    self.fields = Set(fields)
    self.number = number
  }

  package func callAsFunction(_ event: TailEvent) -> OutgoingEvent {
    var properties: [String: JSONValue] = [:]
    var subjects = event.subject.map { [$0] } ?? []
    for property in event.properties where fields.contains(property.name) {
      guard let value = shown(property.value) else { continue }
      properties[property.name] = value
      subjects += property.value.pseudonyms.compactMap(number)
    }
    return OutgoingEvent(
      position: event.position, subjects: subjects, isCanary: false, name: event.name, time: event.time,
      insertID: pseudonyms.insertID(commit: event.position.commit, row: event.position.row, time: event.time),
      person: event.pseudonym.map { pseudonyms($0).description }, properties: properties)
  }

  /// Beside the real event at a place. Its id is the canary's own, in the form that the vendor's pseudonyms have: nobody's but this vendor's, and known
  /// again by the key alone.
  package func callAsFunction(_ canary: CanaryEvent, beside position: TailPosition) -> OutgoingEvent {
    var properties: [String: JSONValue] = [:]
    for property in canary.properties where fields.contains(property.name) {
      if case .pseudonym(let pseudonym) = property.value, pseudonym == canary.id {
        properties[property.name] = .string("v_\(pseudonym)")
      } else if let value = shown(property.value) {
        properties[property.name] = value
      }
    }
    return OutgoingEvent(
      position: position, subjects: [], isCanary: true, name: canary.name, time: canary.time, insertID: canary.insertID,
      person: "v_\(canary.id)", properties: properties)
  }

  /// Nil for what does not go: what is sealed, who was erased, and what holds nothing else.
  private func shown(_ value: StoredValue) -> JSONValue? {
    switch value {
    case .null: return .null
    case .boolean(let value): return .boolean(value)
    case .number(let value): return .number(value)
    case .string(let value): return .string(value)
    case .pseudonym(let pseudonym): return isForgotten(pseudonym) ? nil : .string(pseudonyms(pseudonym).description)
    case .sealed: return nil
    case .list(let values):
      let elements = values.compactMap { shown($0) }
      return elements.isEmpty && !values.isEmpty ? nil : .list(elements)
    case .object(let members):
      let kept = members.compactMap { member in shown(member.value).map { (member.name, $0) } }
      return kept.isEmpty && !members.isEmpty ? nil : .object(Dictionary(kept, uniquingKeysWith: { $1 }))
    }
  }
}
