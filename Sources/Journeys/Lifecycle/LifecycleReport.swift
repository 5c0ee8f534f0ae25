package import Events

package struct LifecycleReport: Sendable, Hashable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    /// Active, and first seen in this bucket.
    case new
    /// Active in this bucket and in the one before.
    case returning
    /// Active, not in the bucket before, seen at some time before this one.
    case resurrecting
    /// Not active, but in the bucket before.
    case dormant
  }
  package struct Point: Sendable, Hashable {
    package var new = 0
    package var returning = 0
    package var resurrecting = 0
    package var dormant = 0
    package init() {}
    package var active: Int { new + returning + resurrecting }
    /// (new + resurrecting) / dormant; nil where nobody fell silent.
    package var pulse: Double? { dormant == 0 ? nil : Double(new + resurrecting) / Double(dormant) }

    package subscript(state: State) -> Int {
      get {
        switch state {
        case .new: new
        case .returning: returning
        case .resurrecting: resurrecting
        case .dormant: dormant
        }
      }
      set {
        switch state {
        case .new: new = newValue
        case .returning: returning = newValue
        case .resurrecting: resurrecting = newValue
        case .dormant: dormant = newValue
        }
      }
    }
  }
  /// Start of each bucket.
  package var buckets: [Timestamp]
  package var firstIncomplete: Int
  /// Nil for buckets that have not begun.
  package var points: [Point?]
  package init(buckets: [Timestamp], firstIncomplete: Int, points: [Point?]) {
    self.buckets = buckets
    self.firstIncomplete = firstIncomplete
    self.points = points
  }
}

extension LifecycleReport {
  var json: JSONValue {
    [
      "buckets": .list(buckets.map { .string($0.text) }), "first_incomplete": .number(Double(firstIncomplete)),
      "points": .list(
        points.map { point in
          guard let point else { return .null }
          var members: [String: JSONValue] = ["active": .number(Double(point.active)), "pulse": JSONValue(point.pulse)]
          for state in State.allCases { members[state.rawValue] = .number(Double(point[state])) }
          return .object(members)
        }),
    ]
  }
}
