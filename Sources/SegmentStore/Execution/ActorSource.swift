internal import Events
internal import Journeys

/// Where something that is asked of a row stands, given whose journeys are followed.
enum ActorSource {
  /// In the row's own column.
  case column(String)
  /// On the profiles of the organizations that the column names.
  case groupColumn(key: String)
  /// On a profile: of the journey's actor, or, at the level of organizations, of the row's own subject.
  case actor(ofJourney: Bool)

  init(_ property: PropertyReference, _ level: Level) {
    switch property.scope {
    case .event: self = .column(property.name)
    case .subject: self.init(.subject, level)
    case .group(let key): self.init(.group(key: key), level)
    }
  }

  /// Of a profile of that level.
  init(_ asked: Level, _ level: Level) {
    if asked == level {
      self = .actor(ofJourney: true)
    } else if case .group(let key) = asked {
      self = .groupColumn(key: key)
    } else {
      self = .actor(ofJourney: false)
    }
  }
}
