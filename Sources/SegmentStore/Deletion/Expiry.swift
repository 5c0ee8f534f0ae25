/// From when on events are kept and seen: all of a project, and those of single names. What is expired or discarded does not come back.
struct Expiry: Sendable, Equatable {
  struct Event: Sendable, Equatable {
    /// By the times of its events; of a held name the days for which it waits for a decision. 0: as long as all the others.
    var keepDays: UInt64 = 0
    /// Its events before this time are expired: milliseconds since 1970. Never goes back.
    var before = Int64.min
    /// In no answer since then, though it is in the files; nil: it is not held.
    var heldSince: Int64?
    /// What was written of it under an earlier version of the deletion journal is discarded, whatever its time.
    var discarded: UInt64 = 0
  }

  /// 0: for ever.
  var keepDays: UInt64 = 0
  /// Events before this time are expired. Never goes back.
  var before = Int64.min
  private(set) var events: [String: Event] = [:]

  init() {}

  // MARK: Changes

  /// - Parameters:
  ///   - now: milliseconds since 1970.
  ///   - marker: the index of the entry of the deletion journal that stands for what is discarded now.
  ///   - finished: nothing is left that was written under an earlier version of that journal.
  /// - Returns: whether anything was discarded, so that the entry is needed.
  mutating func apply(_ change: Change, now: Int64, marker: UInt64, finished: UInt64 = 0) -> Bool {
    // A hold comes in the middle of a log file, where nothing may be discarded.
    if case .hold(let names, let days) = change {
      for name in names where events[name]?.heldSince == nil {
        events[name, default: Event()].heldSince = now
        events[name, default: Event()].keepDays = days
      }
      return false
    }
    var isDiscarding = advance(to: now, marker: marker)
    switch change {
    case .set(let rules):
      keepDays = rules.keepDays
      for (name, event) in events {
        if event.heldSince != nil {
          guard rules.releases.contains(name) else { continue }
          events[name]?.heldSince = nil
          if rules.discards.contains(name) {
            events[name]?.discarded = marker + 1
            isDiscarding = true
          }
        }
        events[name]?.keepDays = 0
      }
      for (name, days) in rules.days where events[name]?.heldSince == nil { events[name, default: Event()].keepDays = days }
    case .discard(let names):
      for name in names { events[name, default: Event()].discarded = marker + 1 }
      isDiscarding = isDiscarding || !names.isEmpty
    case .hold, .advance: break
    }
    isDiscarding = advance(to: now, marker: marker) || isDiscarding
    events = events.filter { _, event in
      event.heldSince != nil || event.keepDays > 0 || event.before > before || event.discarded > finished
    }
    return isDiscarding
  }

  private mutating func advance(to now: Int64, marker: UInt64) -> Bool {
    var isDiscarding = false
    before = max(before, Self.cutoff(keepDays: keepDays, now: now))
    for (name, event) in events where event.keepDays > 0 {
      let cutoff = Self.cutoff(keepDays: event.keepDays, now: now)
      if let since = event.heldSince {
        // Nobody decided in time: the wait begins anew for what comes.
        guard cutoff > since else { continue }
        events[name]?.discarded = marker + 1
        events[name]?.heldSince = now
        isDiscarding = true
      } else {
        events[name]?.before = max(event.before, cutoff)
      }
    }
    return isDiscarding
  }

  /// Whether the clock made something expire since.
  func isDue(now: Int64) -> Bool {
    var next = self
    _ = next.advance(to: now, marker: 0)
    return next != self
  }

  var dependsOnTime: Bool { keepDays > 0 || events.contains { $0.value.keepDays > 0 } }

  // MARK: Questions

  /// From when on the events of a name are kept, or seen by queries, of those that were written under a version of the deletion journal.
  func cutoff(of name: String, since version: UInt64, forQueries: Bool) -> Int64 {
    guard let event = events[name] else { return before }
    return version < event.discarded || (forQueries && event.heldSince != nil) ? .max : max(before, event.before)
  }

  /// The same by event code; empty where no name has a rule of its own.
  func cutoffs(_ names: [String], since version: UInt64, forQueries: Bool) -> [Int64] {
    events.isEmpty ? [] : names.map { cutoff(of: $0, since: version, forQueries: forQueries) }
  }

  /// The first millisecond that is kept: whole days of UTC.
  static func cutoff(keepDays: UInt64, now: Int64) -> Int64 {
    guard keepDays > 0 else { return .min }
    let day: Int64 = 86_400_000
    let today = now - ((now % day) + day) % day
    let (length, isOver) = Int64(clamping: keepDays).multipliedReportingOverflow(by: day)
    let (time, isBefore) = today.subtractingReportingOverflow(length)
    return isOver || isBefore ? .min : time
  }

  // MARK: Bytes

  func write(to writer: inout ByteWriter) {
    writer.integer(before)
    writer.integer(keepDays)
    writer.varint(events.count)
    for (name, event) in events.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      writer.string(name)
      writer.integer(event.before)
      writer.integer(event.keepDays)
      writer.integer(event.heldSince ?? .min)
      writer.integer(event.discarded)
    }
  }

  init(reading reader: inout ByteReader) throws(FormatError) {
    try self.init(ofAll: &reader)
    var last: String?
    for _ in 0..<(try reader.count(of: 33)) {
      let name = try reader.string()
      var event = Event()
      event.before = try reader.integer()
      event.keepDays = try reader.integer()
      let since: Int64 = try reader.integer()
      if since > .min { event.heldSince = since }
      event.discarded = try reader.integer()
      if let last, !last.utf8.lexicographicallyPrecedes(name.utf8) {
        throw FormatError("the names with an expiry of their own are out of order")
      }
      last = name
      events[name] = event
    }
  }

  /// As it stood before single names had one.
  init(ofAll reader: inout ByteReader) throws(FormatError) {
    before = try reader.integer()
    keepDays = try reader.integer()
  }
}
