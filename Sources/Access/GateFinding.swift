/// How often something was done to the values of a property on one day. Names and words only, never values.
package struct GateFinding: Sendable, Hashable {
  package let event: String
  package let property: String
  /// Words of docs/GATE.md.
  package let treatment: String
  package let reason: String
  package var count: Int

  package init(event: String, property: String, treatment: String, reason: String, count: Int) {
    self.event = event
    self.property = property
    self.treatment = treatment
    self.reason = reason
    self.count = count
  }
}
