extension TrackingPlan {
  /// Whether any property, of events or profiles, is coarsened in this way.
  package func coarsens(to coarsening: Coarsening) -> Bool {
    ([everyEvent, people, groups] + events.values.map(\.properties)).contains { properties in
      properties.values.contains { $0.treatment == .coarsen(coarsening) }
    }
  }
}
