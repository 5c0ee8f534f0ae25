import Gate
import Web

/// One click on a Plan page: what becomes of an event or a property from now on.
struct PlanDecision {
  enum Place: Equatable {
    case event(String)
    /// Of one event, or of all where that is `TrackingPlan.everyEventName`.
    case property(String, of: String)
    case person(String)
    case group(String)
  }

  static let eventTreatments = ["keep", "drop", "refuse"]
  static let propertyTreatments = ["keep", "url", "hour", "user_agent", "place", "pseudonymize", "drop", "refuse"]
  static let fieldTreatments = ["keep", "pseudonymize", "seal", "drop", "refuse"]

  let place: Place
  let treatment: String

  /// Nil where the form says nothing that can be done.
  init?(_ fields: FormFields) {
    treatment = fields["treatment"] ?? ""
    let (event, property) = (fields["event"] ?? "", fields["property"] ?? "")
    switch fields["of"] {
    case "event" where !event.isEmpty && event != TrackingPlan.everyEventName: place = .event(event)
    case "property" where !event.isEmpty && !property.isEmpty: place = .property(property, of: event)
    case "people" where !property.isEmpty: place = .person(property)
    case "groups" where !property.isEmpty: place = .group(property)
    default: return nil
    }
  }

  /// The plan with the decision in it; nil where there is no such treatment.
  func applied(to plan: TrackingPlan) -> TrackingPlan? {
    var changed = plan
    switch place {
    case .event(let name):
      guard let treatment = TrackingPlan.Event.Treatment(rawValue: treatment) else { return nil }
      changed.events[name, default: TrackingPlan.Event()].treatment = treatment
    case .property(let name, let event):
      guard Self.propertyTreatments.contains(treatment), let treatment = Self.treatment(treatment) else { return nil }
      if event == TrackingPlan.everyEventName {
        changed.everyEvent[name, default: TrackingPlan.Property()].treatment = treatment
      } else {
        // What all events have of it, its type among that, goes on for this one.
        let known = plan.property(name, of: event) ?? TrackingPlan.Property()
        changed.events[event, default: TrackingPlan.Event()].properties[name, default: known].treatment = treatment
      }
    case .person(let name):
      guard Self.fieldTreatments.contains(treatment), let treatment = Self.treatment(treatment) else { return nil }
      changed.people[name, default: TrackingPlan.Property()].treatment = treatment
      // Beside something that is not sealed nothing is kept of it.
      if treatment != .seal { changed.people[name]?.derivative = nil }
    case .group(let name):
      guard Self.fieldTreatments.contains(treatment), let treatment = Self.treatment(treatment) else { return nil }
      changed.groups[name, default: TrackingPlan.Property()].treatment = treatment
    }
    return changed
  }

  private static func treatment(_ word: String) -> TrackingPlan.Treatment? {
    switch word {
    case "keep": .keep
    case "url": .coarsen(.url)
    case "hour": .coarsen(.hour)
    case "user_agent": .coarsen(.userAgent)
    case "place": .coarsen(.place)
    case "pseudonymize": .pseudonymize
    case "seal": .seal
    case "drop": .drop
    case "refuse": .refuse
    default: nil
    }
  }

  /// The word of a treatment in the lists above; of a bucket one that stands in none of them.
  static func word(_ treatment: TrackingPlan.Treatment) -> String {
    if case .coarsen(let coarsening) = treatment { return coarsening.word }
    return treatment.word
  }

  /// For people.
  static func label(_ word: String) -> String {
    switch word {
    case "url": "to path"
    case "hour": "to hour"
    case "user_agent": "to browser"
    case "place": "to place"
    case "bucket": "to bucket"
    default: word
    }
  }
}
