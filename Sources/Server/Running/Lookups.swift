import Foundation
import Gate

/// What values are looked up in on their way through the gate: files of others, opened once for all projects.
struct Lookups: Sendable {
  let places: Places?
  let userAgents: UserAgents?

  /// - Throws: sentences for the operator.
  init(_ configuration: ServerConfiguration) throws {
    places = try configuration.places.map { try Places(database: $0.path) }
    userAgents = try configuration.userAgents.map { file throws(ConfigurationError) in try UserAgentFile.open(file) }
  }

  /// What a plan wants that there is no file for: its values are dropped meanwhile. Sentences for whoever sets it.
  func lacks(for plan: TrackingPlan) -> [String] { Self.lacks(for: plan, places: places != nil, userAgents: userAgents != nil) }

  static func lacks(for plan: TrackingPlan, places: Bool, userAgents: Bool) -> [String] {
    var lacks: [String] = []
    if !places, plan.coarsens(to: .place) {
      lacks.append("The plan coarsens to place, but there is no places database: such values are dropped. Give one with --places.")
    }
    if !userAgents, plan.coarsens(to: .userAgent) {
      lacks.append(
        "The plan coarsens to user_agent, but there is no file of user agents: such values are dropped. Install Debian's uap-core, or give its "
          + "regexes.yaml with --user-agents.")
    }
    return lacks
  }
}
