internal import Events
internal import Journeys
import Synchronization

/// The groups of a breakdown, numbered as they are met; 0 is "none". Shared by the threads of a question.
final class BreakdownGroups: Sendable {
  static let none: UInt32 = 0
  static let listBit: UInt32 = 0x8000_0000
  /// Different values that one question may tell apart.
  private static let groupLimit = 200_000

  private struct State {
    /// Whether there were more values than a question may tell apart: the figures are of no use then.
    var isFull = false
    var keys: [StoredValue] = []
    var lists: [[UInt32]] = []
    var numbers: [StoredValue: UInt32] = [:]
  }

  private let state: Mutex<State>
  /// Numbers stand for the bin that they lie in; what is no number is none.
  let bins: NumberBins?

  init(bins: NumberBins? = nil) {
    self.bins = bins
    state = Mutex(State(keys: (0..<(bins?.count ?? 0)).map { .number(Double($0)) }))
  }

  /// Group `i + 1` has key `keys[i]`.
  var keys: [StoredValue] { state.withLock { $0.keys } }
  var lists: [[UInt32]] { state.withLock { $0.lists } }

  func intern(_ value: StoredValue) -> UInt32 {
    let keys = ValueOrder.keys(of: value)
    return state.withLock { state in
      let groups =
        bins.map { Self.numbers(of: keys, $0) }
        ?? keys.map { key -> UInt32 in
          if let number = state.numbers[key] { return number }
          guard state.keys.count < Self.groupLimit else {
            state.isFull = true
            return Self.none
          }
          state.keys.append(key)
          state.numbers[key] = UInt32(state.keys.count)
          return UInt32(state.keys.count)
        }
      switch groups.count {
      case 0: return Self.none
      case 1: return groups[0]
      default:
        state.lists.append(groups)
        return Self.listBit | UInt32(state.lists.count - 1)
      }
    }
  }

  private static func numbers(of keys: [StoredValue], _ bins: NumberBins) -> [UInt32] {
    var groups: [UInt32] = []
    for case .number(let number) in keys {
      let group = UInt32(bins.index(number) + 1)
      if !groups.contains(group) { groups.append(group) }
    }
    return groups
  }

  /// - Throws: `QueryError` (`too_large`) if the property had too many different values.
  func check() throws(QueryError) {
    guard state.withLock({ $0.isFull }) else { return }
    throw QueryError(
      .tooLarge, "The property has more than \(Self.groupLimit) different values; break down by another one, or filter.",
      field: "breakdown.property")
  }
}

/// From a row to its group of a breakdown.
///
/// A row's code stands for one group, or, with `listBit`, for a list of them: a list counts under each of its elements. Used by one thread.
final class BreakdownCodes {
  static let none = BreakdownGroups.none
  static let listBit = BreakdownGroups.listBit
  private static let unresolved = UInt32.max

  private let all: BreakdownGroups
  /// Of `all`, as far as this thread has seen them.
  private var lists: [[UInt32]] = []
  private let breakdown: Breakdown
  private let property: PropertyReference
  private let source: ActorSource
  /// Where the groups are cohorts: who belongs to each. Names take the place of the property's values then.
  private let cohorts: [(name: StoredValue, members: ActorSet)]
  private let snapshot: StoreSnapshot
  /// Number of the property among those that the scan shows.
  private let column: Int
  /// For the value list that the run's blocks share, by run: the groups by code, as far as they were asked for.
  private var tables: [(list: ObjectIdentifier, groups: UnsafeMutablePointer<UInt32>)?]
  private var lastSubject: (number: UInt32, group: UInt32)?

  /// - Parameter column: number of the property among those that the scan shows; of no importance for one of the subject.
  convenience init(_ breakdown: Breakdown, column: Int, snapshot: StoreSnapshot, bins: NumberBins? = nil) {
    self.init(breakdown, column: column, snapshot: snapshot, groups: BreakdownGroups(bins: bins))
  }

  convenience init(_ property: PropertyReference, column: Int, snapshot: StoreSnapshot) {
    self.init(Breakdown(property: property), column: column, snapshot: snapshot)
  }

  private init(_ breakdown: Breakdown, column: Int, snapshot: StoreSnapshot, groups: BreakdownGroups) {
    all = groups
    self.breakdown = breakdown
    property = breakdown.property
    // Every cohort of a query is evaluated before the query is.
    cohorts = breakdown.cohorts.map { (.string($0.name), snapshot.cohorts[$0.cohort] ?? ActorSet(ascending: [])) }
    source = ActorSource(property, snapshot.level)
    self.column = column
    self.snapshot = snapshot
    // A run of moved rows for each partition comes at most.
    tables = [(list: ObjectIdentifier, groups: UnsafeMutablePointer<UInt32>)?](repeating: nil, count: 2 * snapshot.runs.count)
  }

  deinit {
    for case let table? in tables { table.groups.deallocate() }
  }

  /// Of the same groups, for another thread.
  func fork() -> BreakdownCodes { seeing(snapshot) }

  /// Of the same groups, over the data of another instant: who belongs to a cohort is as of then.
  func seeing(_ snapshot: StoreSnapshot) -> BreakdownCodes {
    BreakdownCodes(breakdown, column: column, snapshot: snapshot, groups: all)
  }

  var keys: [StoredValue] { all.keys }
  /// Whether any row stood for several groups.
  var hasLists: Bool { !all.lists.isEmpty }
  var groupCount: Int { keys.count + 1 }

  @inline(__always) func code(_ place: Journey.Place, subject: UInt32) -> UInt32 {
    if case .actor(let ofJourney) = source { return code(ofActor: ofJourney ? subject : place.owner(subject)) }
    let place = place.original
    let view = place.view.pointee.columns[column]
    let code = view.code(place.row)
    if code == 0 { return Self.none }
    if let table = tables[Int(place.view.pointee.run)], let chunk = view.chunk {
      let shared = chunk._withUnsafeGuaranteedRef { $0.shared }
      if table.list == ObjectIdentifier(shared), code <= shared.count {
        let group = table.groups[code]
        if group != Self.unresolved { return group }
      }
    }
    return resolve(view, code, run: Int(place.view.pointee.run))
  }

  /// The groups of a block's rows as far as they are known already, for loops. Valid until `code` is asked, and while the block is held.
  struct Known {
    fileprivate let column: ColumnView
    fileprivate let groups: UnsafePointer<UInt32>
    fileprivate let count: Int

    /// Nil where `code` has to be asked: for lists, and for values that nobody asked for yet.
    @inline(__always) func group(_ row: Int) -> UInt32? {
      let code = column.code(row)
      if code == 0 { return BreakdownCodes.none }
      guard code <= count else { return nil }
      let group = groups[code]
      return group & BreakdownCodes.listBit == 0 ? group : nil
    }
  }

  func groups(of view: UnsafePointer<BlockView>) -> Known? {
    guard case .column = source, view.pointee.places == nil else { return nil }
    let column = view.pointee.columns[self.column]
    guard let chunk = column.chunk, let table = tables[Int(view.pointee.run)] else { return nil }
    let shared = chunk._withUnsafeGuaranteedRef { $0.shared }
    return table.list == ObjectIdentifier(shared) ? Known(column: column, groups: table.groups, count: shared.count) : nil
  }

  /// The raw value, for ties that only the value can break.
  func value(_ place: Journey.Place, subject: UInt32) -> StoredValue? {
    if case .actor(let ofJourney) = source {
      let actor = ofJourney ? subject : place.owner(subject)
      return actor == ColumnRun.noActor ? nil : value(ofActor: actor)
    }
    let place = place.original
    let view = place.view.pointee.columns[column]
    let code = view.code(place.row)
    return code == 0 ? nil : view.chunk.flatMap { looked($0.takeUnretainedValue().value(code)) }
  }

  /// What stands behind a value of the column.
  private func looked(_ value: StoredValue) -> StoredValue? {
    guard case .groupColumn = source else { return value }
    guard !cohorts.isEmpty else { return snapshot.groupValue(of: value, property.name) }
    return names { snapshot.names(value, anyOf: $0) }
  }

  private func value(ofActor actor: UInt32) -> StoredValue? {
    cohorts.isEmpty ? snapshot.profileValue(actor, property.name) : names { $0.contains(actor) }
  }

  /// The names of the cohorts that pass, a list.
  private func names(_ passes: (ActorSet) -> Bool) -> StoredValue? {
    let names = cohorts.compactMap { passes($0.members) ? $0.name : nil }
    return names.isEmpty ? nil : .list(names)
  }

  @inline(never) private func resolve(_ view: ColumnView, _ code: Int, run: Int) -> UInt32 {
    guard let chunk = view.chunk?.takeUnretainedValue() else { return Self.none }
    let group = looked(chunk.value(code)).map(intern) ?? Self.none
    guard code <= chunk.shared.count else { return group }
    if tables[run]?.list != ObjectIdentifier(chunk.shared) {
      // A list is decoded anew where the cache let go of it.
      tables[run]?.groups.deallocate()
      let groups = UnsafeMutablePointer<UInt32>.allocate(capacity: chunk.shared.count + 1)
      groups.initialize(repeating: Self.unresolved, count: chunk.shared.count + 1)
      tables[run] = (ObjectIdentifier(chunk.shared), groups)
      kept[run] = chunk.shared
    }
    tables[run]?.groups[code] = group
    return group
  }

  /// An identifier is good only as long as its object lives.
  private var kept: [Int: ValueList] = [:]

  @inline(never) private func code(ofActor subject: UInt32) -> UInt32 {
    if let lastSubject, lastSubject.number == subject { return lastSubject.group }
    let value = subject == ColumnRun.noActor ? nil : value(ofActor: subject)
    let group = value.map(intern) ?? Self.none
    lastSubject = (subject, group)
    return group
  }

  private func intern(_ value: StoredValue) -> UInt32 { all.intern(value) }

  func check() throws(QueryError) { try all.check() }

  /// Whether groups have an order of their own instead of one by size.
  var isBinned: Bool { all.bins != nil }

  /// How a report names a group that is not none.
  func group(_ number: Int) -> ReportGroup { all.bins.map { $0.group(number - 1) } ?? .value(keys[number - 1]) }

  /// The groups of a code.
  func groups(_ code: UInt32) -> [UInt32] {
    guard code & Self.listBit != 0, code != Self.unresolved else { return [code] }
    let index = Int(code & ~Self.listBit)
    if index >= lists.count { lists = all.lists }
    return lists[index]
  }
}
