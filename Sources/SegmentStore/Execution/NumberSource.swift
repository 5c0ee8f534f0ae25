internal import Events
internal import Journeys

/// From a row to the number in a property; NaN where it is missing or not a number.
final class NumberSource {
  private let property: PropertyReference
  private let snapshot: StoreSnapshot
  private var columns: [(column: Column, codes: UnsafePointer<UInt32>, numbers: UnsafePointer<Double>)?] = []
  private var lastSubject: (number: UInt32, value: Double)?

  init(_ property: PropertyReference, snapshot: StoreSnapshot) throws(QueryError) {
    self.property = property
    self.snapshot = snapshot
    guard property.scope == .event else { return }
    for run in snapshot.runs {
      guard let column = try run.readColumn(property.name) else {
        columns.append(nil)
        continue
      }
      columns.append((column, column.codes.storage, column.numbers.storage))
    }
  }

  @inline(__always) func number(_ place: Journey.Place, subject: UInt32) -> Double {
    if property.scope == .subject { return number(ofSubject: subject) }
    guard let entry = columns[Int(place.run)] else { return .nan }
    let code = Int(entry.codes[Int(place.row)])
    return code == 0 ? .nan : entry.numbers[code - 1]
  }

  @inline(never) private func number(ofSubject subject: UInt32) -> Double {
    if let lastSubject, lastSubject.number == subject { return lastSubject.value }
    var value = Double.nan
    if subject != ColumnRun.noActor, case .number(let number)? = snapshot.profileValue(subject, property.name) { value = number }
    lastSubject = (subject, value)
    return value
  }
}
