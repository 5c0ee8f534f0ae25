internal import Events
internal import Journeys

/// Cuts journeys into sessions and counts those that begin in the range.
///
/// Reading begins 24 hours before it: what reaches the range from further back (24 hours without a pause) is cut there.
struct SessionsPass: JourneyVisitor {
  enum Task {
    /// How many sessions each group of the breakdown has.
    case ranking
    /// By group: its slot. Slot 0 of the cells is everything.
    case filling([Int32])
    /// By group: its slot; the wanted one (nil: everything), and when the sessions begin.
    case finding([Int32], Int32?, Range<Int64>)
  }

  private struct Session {
    var start: Int64
    var last: Int64
    var day: Int
    var events = 1
    var entry: UInt16
    var exit: UInt16
    /// The event whose value of the breakdown's property counts, and when it was.
    var place: Journey.Place?
    var placeTime: Int64 = 0
  }

  var needsOrder: Bool { true }
  private let task: Task
  var cells: SessionCells
  private(set) var groupCounts: [Int] = []
  /// By group: how many subjects have such a session.
  private(set) var groupSubjects: [Int] = []
  private var lastSubjects: [UInt32] = []
  /// Sessions by the event that they begin or end with, by the store's code.
  private(set) var entries: [Int]
  private(set) var exits: [Int]
  private(set) var found: [UInt32] = []
  private(set) var withoutActor = 0
  let readFrom: Int64
  let readTo: Int64
  private let table: BucketTable
  private let days: BucketTable
  private let cutsAtMidnight: Bool
  private let gap: Int64
  private let atExit: Bool
  private let codes: BreakdownCodes?
  /// By the store's event code: place of its name among all. Decides where events of one millisecond begin or end a session.
  private let nameOrder: [Int]

  init(
    _ query: SessionsQuery, table: BucketTable, days: BucketTable, codes: BreakdownCodes?, names: [String], task: Task, cells: SessionCells
  ) {
    self.table = table
    self.days = days
    self.codes = codes
    self.task = task
    self.cells = cells
    cutsAtMidnight = query.cutsAtMidnight
    gap = Int64(query.gapSeconds) * 1000
    atExit = query.breakdownAt == .exit
    readFrom = table.from - SessionsQuery.longestMilliseconds
    readTo = max(table.from, table.to) + SessionsQuery.longestMilliseconds
    entries = [Int](repeating: 0, count: names.count)
    exits = entries
    var order = [Int](repeating: 0, count: names.count)
    for (place, code) in names.indices.sorted(by: { ValueOrder.precedes(names[$0], names[$1]) }).enumerated() { order[code] = place }
    nameOrder = order
  }

  mutating func visit(_ journey: Journey) {
    var session: Session?
    let from = readFrom
    let to = table.to
    let reader = days.reader
    var isOver = false
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time < from { return true }
      let isNew: Bool
      var day = 0
      if let current = session, time - current.last <= gap, time - current.start <= SessionsQuery.longestMilliseconds {
        if cutsAtMidnight { day = reader.bucket(time) }
        isNew = day != current.day
      } else {
        isNew = true
      }
      let name = view.pointee.event(row)
      let place = Journey.Place(view: view, row: row)
      if isNew {
        if let session { end(session, journey) }
        session = nil
        // What begins behind the range is of no interest, nor anything later.
        if time >= to {
          isOver = true
          return false
        }
        if cutsAtMidnight { day = reader.bucket(time) }
        session = Session(start: time, last: time, day: day, entry: name, exit: name)
      } else {
        session?.events += 1
        if let current = session {
          if time == current.start, nameOrder[Int(name)] < nameOrder[Int(current.entry)] { session?.entry = name }
          if time > current.last || nameOrder[Int(name)] > nameOrder[Int(current.exit)] { session?.exit = name }
        }
        session?.last = time
      }
      if codes != nil { look(at: place, time, &session, journey.subject) }
      return true
    }
    if !isOver, let session { end(session, journey) }
  }

  /// Keeps the first event that has a value, or the last; of one millisecond the one with the smallest value, or the largest.
  private func look(at place: Journey.Place, _ time: Int64, _ session: inout Session?, _ subject: UInt32) {
    guard let codes, codes.code(place, subject: subject) != BreakdownCodes.none else { return }
    guard let known = session?.place, let knownTime = session?.placeTime else {
      session?.place = place
      session?.placeTime = time
      return
    }
    let isBetter: Bool
    if time != knownTime {
      isBetter = atExit
    } else {
      let (old, new) = (codes.value(known, subject: subject), codes.value(place, subject: subject))
      isBetter = atExit ? ValueOrder.precedes(old, new) : ValueOrder.precedes(new, old)
    }
    if isBetter {
      session?.place = place
      session?.placeTime = time
    }
  }

  private mutating func end(_ session: Session, _ journey: Journey) {
    guard session.start >= table.from, session.start < table.to else { return }
    let group = session.place.flatMap { codes?.code($0, subject: journey.subject) } ?? BreakdownCodes.none
    switch task {
    case .ranking:
      for group in codes?.groups(group) ?? [] {
        if groupCounts.count <= Int(group) { makeRoom(Int(group) + 64) }
        groupCounts[Int(group)] += 1
        if lastSubjects[Int(group)] != journey.ordinal {
          lastSubjects[Int(group)] = journey.ordinal
          groupSubjects[Int(group)] += 1
        }
      }
    case .filling(let slots):
      entries[Int(session.entry)] += 1
      exits[Int(session.exit)] += 1
      let bucket = table.reader.bucket(session.start)
      let length = session.last - session.start
      cells.add(slot: 0, bucket: bucket, events: session.events, milliseconds: length, ordinal: journey.ordinal)
      if let codes {
        let groups = codes.groups(group)
        for (index, group) in groups.enumerated() {
          let slot = slots[Int(group)]
          // Once in "other", however many of its elements that holds.
          guard slot >= 0, !groups[..<index].contains(where: { slots[Int($0)] == slot }) else { continue }
          cells.add(slot: Int(slot) + 1, bucket: bucket, events: session.events, milliseconds: length, ordinal: journey.ordinal)
        }
      }
    case .finding(let slots, let slot, let times):
      guard times.contains(session.start), found.last != journey.subject else { return }
      if let slot, !(codes?.groups(group).contains { slots[Int($0)] == slot } ?? false) { return }
      found.append(journey.subject)
    }
  }

  private mutating func makeRoom(_ count: Int) {
    groupCounts += [Int](repeating: 0, count: count - groupCounts.count)
    groupSubjects += [Int](repeating: 0, count: count - groupSubjects.count)
    lastSubjects += [UInt32](repeating: 0, count: count - lastSubjects.count)
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time >= table.from, time < table.to { withoutActor += 1 }
      return true
    }
  }
}
