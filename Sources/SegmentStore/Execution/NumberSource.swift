internal import Events
internal import Journeys

/// From a row to the number in a property; NaN where it is missing or not a number.
final class NumberSource {
  let property: PropertyReference
  private let snapshot: StoreSnapshot
  /// Number of the property among those that the scan shows.
  private let column: Int
  private var lastSubject: (number: UInt32, value: Double)?

  init(_ property: PropertyReference, column: Int, snapshot: StoreSnapshot) {
    self.property = property
    self.column = column
    self.snapshot = snapshot
  }

  @inline(__always) func number(_ place: Journey.Place, subject: UInt32) -> Double {
    if property.scope == .subject { return number(ofSubject: subject) }
    let place = place.original
    let view = place.view.pointee.columns[column]
    let code = view.code(place.row)
    guard code != 0, let chunk = view.chunk else { return .nan }
    return chunk._withUnsafeGuaranteedRef { $0.number(code) }
  }

  @inline(never) private func number(ofSubject subject: UInt32) -> Double {
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

  /// Number of a property; 0 for one of the subject, which no scan shows.
  mutating func number(of property: PropertyReference) -> Int {
    guard property.scope == .event else { return 0 }
    if let known = names.firstIndex(of: property.name) { return known }
    names.append(property.name)
    return names.count - 1
  }
}
