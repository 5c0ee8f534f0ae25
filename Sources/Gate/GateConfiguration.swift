/// What differs from project to project.
package struct GateConfiguration: Sendable {
  /// Properties that name an organization; their values become pseudonyms like the ids of people.
  package var groupKeys: [String]
  /// Turns addresses into places. Nil: an address is only forgotten.
  package var places: Places?

  package init(groupKeys: [String], places: Places? = nil) {
    self.groupKeys = groupKeys
    self.places = places
  }
}
