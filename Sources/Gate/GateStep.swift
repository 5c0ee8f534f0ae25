/// The steps of the gate, in the order in which they are asked. The first six words of a value's story are `Decision.Treatment`;
/// this is who spoke them. docs/GATE.md describes each.
package enum GateStep: String, Sendable, Hashable, CaseIterable {
  /// The event's own name is judged like a value.
  case eventNames = "event_names"
  /// The tracking plan, after the steps below where it wants something of the value.
  case plan
  // By the property's name; the first that knows the name decides (`NameSteps.inOrder`).
  case unfitNames = "unfit_names"
  case groupKeys = "group_keys"
  case identifierNames = "identifier_names"
  case secretNames = "secret_names"
  case payloadNames = "payload_names"
  case placeNames = "place_names"
  case identifyingNames = "identifying_names"
  // By the value; each gets what the one before left (`TextSteps.inOrder`).
  case ownIdentifiers = "own_identifiers"
  case payloadTexts = "payload_texts"
  case secrets
  case identities
  case links
  case identitiesInside = "identities_inside"
  /// The address becomes a place.
  case places
  case sealing
  /// Nobody objected.
  case keep
}
