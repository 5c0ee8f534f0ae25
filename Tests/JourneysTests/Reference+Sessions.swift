import Events
import Journeys

extension Reference {
  private struct Session {
    var subject: UInt32
    var events: [Event]
    var start: Int64 { events[0].time }
    var end: Int64 { events[events.count - 1].time }
  }

  /// All sessions of events not more than 24 hours before the range.
  private func sessions(_ query: SessionsQuery, _ buckets: Buckets) throws -> [Session] {
    var all: [Session] = []
    for subject in subjects {
      let journey = events.filter { $0.subject == subject && matches($0, query.activity) && $0.time >= buckets.from - 86_400_000 }
        .sorted { $0.time < $1.time }
      var current: [Event] = []
      for event in journey {
        if let first = current.first, let last = current.last {
          let isCut =
            try query.cutsAtMidnight
            && calendar.date(of: Timestamp(milliseconds: event.time)) != calendar.date(of: Timestamp(milliseconds: last.time))
          if event.time - last.time > Int64(query.gapSeconds) * 1000 || event.time - first.time > 86_400_000 || isCut {
            all.append(Session(subject: subject, events: current))
            current = []
          }
        }
        current.append(event)
      }
      if !current.isEmpty { all.append(Session(subject: subject, events: current)) }
    }
    return all.filter { $0.start >= buckets.from && $0.start < buckets.to }
  }

  /// The groups of the first or the last event that has any.
  private func groups(_ session: Session, _ query: SessionsQuery) -> [StoredValue?] {
    guard let breakdown = query.breakdown else { return [] }
    let withValue = session.events.filter { groups($0, breakdown) != [nil] }
    let time = query.breakdownAt == .entry ? withValue.first?.time : withValue.last?.time
    let ties = withValue.filter { $0.time == time }.sorted {
      Self.sortKey(value($0, breakdown)).lexicographicallyPrecedes(Self.sortKey(value($1, breakdown)))
    }
    guard let event = query.breakdownAt == .entry ? ties.first : ties.last else { return [nil] }
    return groups(event, breakdown)
  }

  private func figures(_ sessions: [Session], _ query: SessionsQuery) -> SessionsReport.Figures {
    var figures = SessionsReport.Figures()
    figures.sessions = sessions.count
    figures.subjects = Set(sessions.map(\.subject)).count
    figures.events = sessions.reduce(0) { $0 + $1.events.count }
    figures.bounces = sessions.filter { $0.events.count == 1 }.count
    let seconds = sessions.map { Double($0.end - $0.start) / 1000 }
    if !seconds.isEmpty { figures.averageDuration = seconds.reduce(0, +) / Double(seconds.count) }
    figures.medianDuration = Self.percentile(0.5, seconds)
    figures.percentileDuration = Self.percentile(query.fraction, seconds)
    return figures
  }

  private func shown(
    _ sessions: [Session], _ query: SessionsQuery
  ) -> (groups: [(group: ReportGroup, sessions: [Session])], merged: Int) {
    var result: [(group: ReportGroup, sessions: [Session])] = [(.everything, sessions)]
    guard let breakdown = query.breakdown else { return (result, 0) }
    var counts: [StoredValue?: Double] = [:]
    for session in sessions { for group in groups(session, query) { counts[group, default: 0] += 1 } }
    var actors: [StoredValue?: Set<UInt32>] = [:]
    for session in sessions { for group in groups(session, query) { actors[group, default: []].insert(session.subject) } }
    let ranking = rank(counts, limit: breakdown.limit, actors: [actors])
    for (group, members) in zip(ranking.groups, ranking.members) {
      result.append((group, sessions.filter { groups($0, query).contains { members.contains($0) } }))
    }
    return (result, ranking.merged)
  }

  private func frequent(_ names: [String], _ limit: Int) -> [SessionsReport.EventCount] {
    let counts = Dictionary(grouping: names) { $0 }.mapValues(\.count)
    let ranked = counts.sorted { a, b in
      a.value != b.value ? a.value > b.value : Array(a.key.utf8).lexicographicallyPrecedes(Array(b.key.utf8))
    }
    let rest = ranked.dropFirst(limit).reduce(0) { $0 + $1.value }
    return ranked.prefix(limit).map { .init(event: $0.key, sessions: $0.value) } + (rest > 0 ? [.init(event: nil, sessions: rest)] : [])
  }

  func sessions(_ query: SessionsQuery) throws -> Report {
    let buckets = try calendar.buckets(query.range, by: query.unit)
    let sessions = try sessions(query, buckets)
    func isIn(_ session: Session, _ bucket: Int) -> Bool {
      session.start >= buckets.edges[bucket] && session.start < buckets.edges[bucket + 1]
    }
    let shown = shown(sessions, query)
    let groups = shown.groups.map { group, members in
      SessionsReport.Group(
        group: group, buckets: (0..<buckets.count).map { bucket in figures(members.filter { isIn($0, bucket) }, query) },
        overall: figures(members, query))
    }
    func names(_ event: Event) -> [UInt8] { Array(event.name.utf8) }
    let entries = sessions.map { session in
      session.events.filter { $0.time == session.start }.min { names($0).lexicographicallyPrecedes(names($1)) }?.name ?? ""
    }
    let exits = sessions.map { session in
      session.events.filter { $0.time == session.end }.max { names($0).lexicographicallyPrecedes(names($1)) }?.name ?? ""
    }
    func isCounted(_ event: Event) -> Bool { event.time >= buckets.from && event.time < buckets.to && matches(event, query.activity) }
    return Report(
      content: .sessions(
        SessionsReport(
          buckets: buckets.edges.dropLast().map { Timestamp(milliseconds: $0) },
          firstIncomplete: (0..<buckets.count).filter { min(buckets.edges[$0 + 1], buckets.to) <= instant }.count, groups: groups,
          entries: frequent(entries, query.eventLimit), exits: frequent(exits, query.eventLimit))),
      notes: notes([
        ("no_actor", events.filter { $0.subject == nil && isCounted($0) }.count), ("after_evaluation", late.filter(isCounted).count),
        ("small_group", shown.merged),
      ]))
  }
}
