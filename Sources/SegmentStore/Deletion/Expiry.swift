/// From when on events are kept and seen: all of a project, and those of single names. What is expired does not come back.
struct Expiry: Sendable, Equatable {
  struct Event: Sendable, Equatable {
    /// By the times of its events; of a held name the days for which it waits for a decision. 0: as long as all the others.
    var keepDays: UInt64 = 0
    /// Its events before this time are expired: milliseconds since 1970. Never goes back.
    var before = Int64.min
    /// In no answer since then, though it is in the files; nil: it is not held.
    var heldSince: Int64?

    /// Expires all that came up to now. If it is held, the wait begins anew.
    mutating func discard(now: Int64) {
      before = max(before, now + Expiry.ahead)
      if heldSince != nil { heldSince = now }
    }
  }

  /// So far in the future times are taken by intake, about.
  private static let ahead: Int64 = 3_600_000

  enum Change: Sendable {
    /// The rules from now on, in place of those before.
    case set(keepDays: UInt64, events: [String: EventKeeping])
    /// Holds names; what is said of one already stays.
    case hold(Set<String>, keepDays: UInt64)
    /// Expires all that came of these names up to now.
    case discard(Set<String>)
    /// The clock went on.
    case advance
  }

  /// 0: for ever.
  var keepDays: UInt64 = 0
  /// Events before this time are expired. Never goes back.
  var before = Int64.min
  private(set) var events: [String: Event] = [:]

  /// - Parameter now: milliseconds since 1970.
  mutating func apply(_ change: Change, now: Int64) {
    switch change {
    case .set(let days, let rules):
      advance(to: now)
      keepDays = days
      for name in events.keys {
        events[name]?.keepDays = 0
        if rules[name]?.isHeld != true { events[name]?.heldSince = nil }
      }
      for (name, rule) in rules {
        events[name, default: Event()].keepDays = UInt64(max(0, rule.days ?? 0))
        if rule.isHeld, events[name]?.heldSince == nil { events[name]?.heldSince = now }
      }
    case .hold(let names, let days):
      for name in names where events[name]?.heldSince == nil {
        events[name, default: Event()].heldSince = now
        events[name, default: Event()].keepDays = days
      }
    case .discard(let names):
      for name in names { events[name, default: Event()].discard(now: now) }
    case .advance: break
    }
    advance(to: now)
    events = events.filter { $0.value.heldSince != nil || $0.value.keepDays > 0 || $0.value.before > before }
  }

  private mutating func advance(to now: Int64) {
    before = max(before, Self.cutoff(keepDays: keepDays, now: now))
    for (name, event) in events where event.keepDays > 0 {
      if let since = event.heldSince {
        // Nobody decided in time.
        if Self.cutoff(keepDays: event.keepDays, now: now) > since { events[name]?.discard(now: now) }
      } else {
        events[name]?.before = max(event.before, Self.cutoff(keepDays: event.keepDays, now: now))
      }
    }
  }

  /// Whether the clock made something expire since.
  func isDue(now: Int64) -> Bool {
    var next = self
    next.advance(to: now)
    return next != self
  }

  var dependsOnTime: Bool { keepDays > 0 || events.contains { $0.value.keepDays > 0 } }

  /// From when on the events of a name are kept, or seen by queries.
  func cutoff(of name: String, forQueries: Bool) -> Int64 {
    guard let event = events[name] else { return before }
    return forQueries && event.heldSince != nil ? .max : max(before, event.before)
  }

  /// The same by event code; empty where no name has a rule of its own.
  func cutoffs(_ names: [String], forQueries: Bool) -> [Int64] {
    events.isEmpty ? [] : names.map { cutoff(of: $0, forQueries: forQueries) }
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

  /// Takes over what the log says. It may be older than the manifest, which has these before their time.
  mutating func adopt(_ other: Expiry) {
    let known = self
    self = other
    before = max(before, known.before)
    for (name, event) in known.events where event.before > before {
      events[name, default: Event()].before = max(events[name]?.before ?? .min, event.before)
    }
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
    }
  }

  init() {}

  init(reading reader: inout ByteReader) throws(FormatError) {
    try self.init(ofAll: &reader)
    var last: String?
    for _ in 0..<(try reader.count(of: 25)) {
      let name = try reader.string()
      var event = Event(keepDays: 0, before: try reader.integer())
      event.keepDays = try reader.integer()
      let since: Int64 = try reader.integer()
      if since > .min { event.heldSince = since }
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
