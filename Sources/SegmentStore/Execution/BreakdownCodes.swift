internal import Events
internal import Journeys

/// From a row to its group of a breakdown. Groups get small numbers as they are met; 0 is "none".
///
/// A row's code stands for one group, or, with `listBit`, for an entry of `lists`: a list counts under each of its elements.
final class BreakdownCodes {
  static let none: UInt32 = 0
  static let listBit: UInt32 = 0x8000_0000
  private static let unresolved = UInt32.max

  /// Group `i + 1` has key `keys[i]`.
  private(set) var keys: [StoredValue] = []
  private(set) var lists: [[UInt32]] = []
  private var numbers: [StoredValue: UInt32] = [:]
  private let property: PropertyReference
  private let snapshot: StoreSnapshot
  /// For each run; nil where no row has the property.
  private var columns: [(column: Column, codes: UnsafePointer<UInt32>, table: UnsafeMutablePointer<UInt32>)?] = []
  private var lastSubject: (number: UInt32, group: UInt32)?

  init(_ property: PropertyReference, snapshot: StoreSnapshot) throws(QueryError) {
    self.property = property
    self.snapshot = snapshot
    guard property.scope == .event else { return }
    for run in snapshot.runs {
      guard let column = try run.readColumn(property.name) else {
        columns.append(nil)
        continue
      }
      let table = UnsafeMutablePointer<UInt32>.allocate(capacity: column.values.count + 1)
      table.initialize(repeating: Self.unresolved, count: column.values.count + 1)
      table[0] = Self.none
      columns.append((column, column.codes.storage, table))
    }
  }

  deinit {
    for case let entry? in columns { entry.table.deallocate() }
  }

  var groupCount: Int { keys.count + 1 }

  @inline(__always) func code(_ place: Journey.Place, subject: UInt32) -> UInt32 {
    if property.scope == .subject { return code(ofSubject: subject) }
    guard let entry = columns[Int(place.run)] else { return Self.none }
    let value = Int(entry.codes[Int(place.row)])
    let group = entry.table[value]
    return group == Self.unresolved ? resolve(Int(place.run), value) : group
  }

  /// The raw value, for ties that only the value can break.
  func value(_ place: Journey.Place, subject: UInt32) -> StoredValue? {
    if property.scope == .subject { return subject == ColumnRun.noActor ? nil : snapshot.profileValue(subject, property.name) }
    guard let entry = columns[Int(place.run)] else { return nil }
    let code = Int(entry.codes[Int(place.row)])
    return code == 0 ? nil : entry.column.values[code - 1]
  }

  @inline(never) private func resolve(_ run: Int, _ value: Int) -> UInt32 {
    guard let entry = columns[run] else { return Self.none }
    let group = intern(entry.column.values[value - 1])
    entry.table[value] = group
    return group
  }

  @inline(never) private func code(ofSubject subject: UInt32) -> UInt32 {
    if let lastSubject, lastSubject.number == subject { return lastSubject.group }
    let value = subject == ColumnRun.noActor ? nil : snapshot.profileValue(subject, property.name)
    let group = value.map(intern) ?? Self.none
    lastSubject = (subject, group)
    return group
  }

  private func intern(_ value: StoredValue) -> UInt32 {
    let groups = ValueOrder.keys(of: value).map { key -> UInt32 in
      if let number = numbers[key] { return number }
      keys.append(key)
      numbers[key] = UInt32(keys.count)
      return UInt32(keys.count)
    }
    switch groups.count {
    case 0: return Self.none
    case 1: return groups[0]
    default:
      lists.append(groups)
      return Self.listBit | UInt32(lists.count - 1)
    }
  }

  /// The groups of a code.
  func groups(_ code: UInt32) -> [UInt32] {
    code & Self.listBit != 0 && code != Self.unresolved ? lists[Int(code & ~Self.listBit)] : [code]
  }
}

/// Which groups a report shows: the largest by their value, then none, then what was folded (semantics A.13).
struct ShownGroups {
  /// In the order of the report.
  var groups: [ReportGroup]
  /// By group number: index into `groups`, or -1 where nothing was counted.
  var slots: [Int32]

  /// The one group of a report without a breakdown.
  static let everything = ShownGroups(groups: [.everything], slots: [0])

  /// - Parameter values: what each group counts over the whole range; nil where nothing was counted.
  init(ranking values: [Double?], codes: BreakdownCodes, limit: Int) {
    let ranked = (1..<max(values.count, 1)).filter { values[$0] != nil }.sorted { left, right in
      let a = values[left] ?? 0
      let b = values[right] ?? 0
      return a != b ? a > b : ValueOrder.precedes(codes.keys[left - 1], codes.keys[right - 1])
    }
    groups = ranked.prefix(limit).map { .value(codes.keys[$0 - 1]) }
    slots = [Int32](repeating: -1, count: max(values.count, codes.groupCount))
    for (slot, group) in ranked.prefix(limit).enumerated() { slots[group] = Int32(slot) }
    if let none = values.first, none != nil {
      slots[0] = Int32(groups.count)
      groups.append(.none)
    }
    if ranked.count > limit {
      for group in ranked.dropFirst(limit) { slots[group] = Int32(groups.count) }
      groups.append(.other)
    }
  }

  private init(groups: [ReportGroup], slots: [Int32]) {
    self.groups = groups
    self.slots = slots
  }
}
