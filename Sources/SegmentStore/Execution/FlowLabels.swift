internal import Events
internal import Journeys

/// What stands on a path for an event: its code, or, where it is expanded, a label for each of its values, numbered as they are met.
final class FlowLabels {
  struct Label {
    var event: UInt16
    /// Of `BreakdownCodes`.
    var group: UInt32
  }

  let names: [String]
  /// By event code: its place among the names sorted by their bytes (the order of equal times).
  let ranks: [UInt16]
  /// Whether any event is expanded.
  let expands: Bool
  /// Label `names.count + i` is `expanded[i]`.
  private(set) var expanded: [Label] = []
  private let codes: [BreakdownCodes]
  private let limits: [Int]
  /// By event code: index into `codes`, or -1.
  private let expansions: [Int]
  /// By event code and group: the label, or `unknown`.
  private var table: [[UInt16]]
  private static let unknown = UInt16.max
  /// Below the two labels that are no events.
  private static let limit = Int(FlowPath.more)
  private var isFull = false

  init(_ query: FlowsQuery, _ properties: inout ShownProperties, snapshot: StoreSnapshot) throws(QueryError) {
    let names = snapshot.eventNames
    var codes: [BreakdownCodes] = []
    for expansion in query.expand {
      codes.append(
        BreakdownCodes(expansion.property, column: properties.number(of: expansion.property), snapshot: snapshot))
    }
    let everything: Int = query.expand.firstIndex { $0.event == nil } ?? -1
    let expansions = names.map { name -> Int in query.expand.firstIndex { $0.event == name } ?? everything }
    self.names = names
    self.codes = codes
    self.expansions = expansions
    limits = query.expand.map(\.limit)
    expands = expansions.contains { $0 >= 0 }
    table = [[UInt16]](repeating: [], count: expands ? names.count : 0)
    var ranks = [UInt16](repeating: 0, count: names.count)
    for (place, code) in names.indices.sorted(by: { ValueOrder.precedes(names[$0], names[$1]) }).enumerated() {
      ranks[code] = UInt16(truncatingIfNeeded: place)
    }
    self.ranks = ranks
    guard names.count <= Self.limit || !(expands || query.to != nil) else { throw Self.tooMany }
  }

  private static var tooMany: QueryError {
    QueryError(
      .tooLarge, "There are more than \(limit) different events and values; expand by a property with fewer values.", field: "expand")
  }

  /// - Throws: `QueryError` (`too_large`) if there were too many values: paths are of no use then.
  func check() throws(QueryError) {
    if isFull { throw Self.tooMany }
    for codes in codes { try codes.check() }
  }

  @inline(__always) func label(_ place: Journey.Place, _ event: UInt16, subject: UInt32) -> UInt16 {
    expands ? expandedLabel(place, event, subject) : event
  }

  @inline(never) private func expandedLabel(_ place: Journey.Place, _ event: UInt16, _ subject: UInt32) -> UInt16 {
    let expansion = expansions[Int(event)]
    if expansion < 0 { return event }
    var group = codes[expansion].code(place, subject: subject)
    // A list stands for its first element.
    if group & BreakdownCodes.listBit != 0 { group = codes[expansion].groups(group)[0] }
    if Int(group) < table[Int(event)].count, table[Int(event)][Int(group)] != Self.unknown { return table[Int(event)][Int(group)] }
    return intern(event, group)
  }

  private func intern(_ event: UInt16, _ group: UInt32) -> UInt16 {
    guard names.count + expanded.count < Self.limit else {
      isFull = true
      return event
    }
    let missing = Int(group) + 1 - table[Int(event)].count
    if missing > 0 { table[Int(event)] += [UInt16](repeating: Self.unknown, count: max(missing, table[Int(event)].count)) }
    let label = UInt16(names.count + expanded.count)
    table[Int(event)][Int(group)] = label
    expanded.append(Label(event: event, group: group))
    return label
  }

  // MARK: - What a label means

  func event(_ label: UInt16) -> UInt16 { Int(label) < names.count ? label : expanded[Int(label) - names.count].event }

  /// The value of an expanded event; nil where it is missing.
  func value(_ label: UInt16) -> StoredValue? {
    guard Int(label) >= names.count else { return nil }
    let label = expanded[Int(label) - names.count]
    return label.group == BreakdownCodes.none ? nil : codes[expansions[Int(label.event)]].keys[Int(label.group) - 1]
  }

  /// How many values an event is split into; nil where it is not.
  func limit(_ event: UInt16) -> Int? { expansions[Int(event)] < 0 ? nil : limits[expansions[Int(event)]] }

  /// By name, then value, missing first.
  func precedes(_ left: UInt16, _ right: UInt16) -> Bool {
    let a = event(left)
    let b = event(right)
    return a != b ? ranks[Int(a)] < ranks[Int(b)] : ValueOrder.precedes(value(left), value(right))
  }
}
