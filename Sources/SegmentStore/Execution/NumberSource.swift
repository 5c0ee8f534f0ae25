internal import Events
internal import Journeys

/// From a row to the number in a property; NaN where it is missing or not a number.
final class NumberSource {
  let property: PropertyReference
  private let snapshot: StoreSnapshot
  /// Number of the property among those that the scan shows.
  private let column: Int
  private let source: ActorSource
  /// Of values that name organizations.
  private var known: [StoredValue: Double] = [:]
  private var lastSubject: (number: UInt32, value: Double)?

  init(_ property: PropertyReference, column: Int, snapshot: StoreSnapshot) {
    self.property = property
    self.column = column
    self.snapshot = snapshot
    source = ActorSource(property, snapshot.level)
  }

  /// For another thread.
  func fork() -> NumberSource { NumberSource(property, column: column, snapshot: snapshot) }

  @inline(__always) func number(_ place: Journey.Place, subject: UInt32) -> Double {
    if case .actor(let ofJourney) = source { return number(ofActor: ofJourney ? subject : place.owner(subject)) }
    let place = place.original
    let view = place.view.pointee.columns[column]
    let code = view.code(place.row)
    guard code != 0, let chunk = view.chunk else { return .nan }
    if case .groupColumn = source { return number(ofGroups: chunk.takeUnretainedValue().value(code)) }
    return chunk._withUnsafeGuaranteedRef { $0.number(code) }
  }

  @inline(never) private func number(ofGroups value: StoredValue) -> Double {
    if let number = known[value] { return number }
    var number = Double.nan
    if case .number(let found)? = snapshot.groupValue(of: value, property.name) { number = found }
    known[value] = number
    return number
  }

  @inline(never) private func number(ofActor subject: UInt32) -> Double {
    if let lastSubject, lastSubject.number == subject { return lastSubject.value }
    var value = Double.nan
    if subject != ColumnRun.noActor, case .number(let number)? = snapshot.profileValue(subject, property.name) { value = number }
    lastSubject = (subject, value)
    return value
  }
}

/// The event properties that the parts of a query look up, numbered for the scan.
struct ShownProperties {
  private(set) var names: [String] = []

  init() {}

  /// With a breakdown's property as the first.
  init(_ breakdown: Breakdown?) {
    if let breakdown { _ = number(of: breakdown.property) }
  }

  /// Number of a property (of an organization's: of the one that names it); 0 for one of the subject, which no scan shows.
  mutating func number(of property: PropertyReference) -> Int {
    let name: String
    switch property.scope {
    case .subject: return 0
    case .event: name = property.name
    case .group(let key): name = key
    }
    if let known = names.firstIndex(of: name) { return known }
    names.append(name)
    return names.count - 1
  }
}
