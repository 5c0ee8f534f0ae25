/// What differs from project to project.
package struct GateConfiguration: Sendable {
  /// Properties that name an organization; their values become pseudonyms like the ids of people.
  package var groupKeys: [String]
  /// Turns addresses into places. Nil: an address is only forgotten.
  package var places: Places?
  /// Tells browser and system of user agents. Nil: nothing of one is kept where the plan wants that.
  package var userAgents: UserAgents?
  /// Which derivatives of sealed fields are out. Nil: none.
  package var derivatives: Derivatives?
  /// What the project's tracking plan takes away beyond the gate's own steps. Nil: there is none.
  package var plan: PlanTable?

  package init(
    groupKeys: [String], places: Places? = nil, userAgents: UserAgents? = nil, plan: PlanTable? = nil,
    derivatives: Derivatives? = nil
  ) {
    self.groupKeys = groupKeys
    self.places = places
    self.userAgents = userAgents
    self.plan = plan
    self.derivatives = derivatives
  }
}
