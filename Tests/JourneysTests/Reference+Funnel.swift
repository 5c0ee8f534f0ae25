import Events
import Journeys

extension Reference {
  struct Attempt {
    var subject: UInt32
    var groups: [StoredValue?]
    /// Times of the steps reached.
    var times: [Int64]
    var isOpen: Bool
    var isExcluded: Bool
  }

  func funnel(_ query: FunnelQuery) throws -> Report {
    let attempts = try self.attempts(query)
    let trend = try self.trend(query, attempts)
    var groups = [group(.everything, attempts, trend, query)]
    var merged = 0
    if let breakdown = query.breakdown {
      var figures: [StoredValue?: Double] = [:]
      for attempt in attempts { for group in attempt.groups { figures[group, default: 0] += 1 } }
      // Values that only a bucket by itself has are of no size.
      for attempt in trend.flatMap({ $0 }) { for group in attempt.groups { figures[group, default: 0] += 0 } }
      let logs = [attempts] + (query.trend != nil && query.counting == .unique ? [trend.flatMap { $0 }] : [])
      let actors = logs.map { attempts in
        attempts.reduce(into: [StoredValue?: Set<UInt32>]()) { result, attempt in
          for group in attempt.groups { result[group, default: []].insert(attempt.subject) }
        }
      }
      let ranking = rank(figures, limit: breakdown.limit, actors: actors)
      merged = ranking.merged
      for (name, members) in zip(ranking.groups, ranking.members) {
        func isMember(_ attempt: Attempt) -> Bool { attempt.groups.contains { members.contains($0) } }
        groups.append(group(name, attempts.filter(isMember), trend.map { $0.filter(isMember) }, query))
      }
    }
    let interval = try calendar.interval(query.range)
    let from = interval.lowerBound.milliseconds
    let to = interval.upperBound.milliseconds
    func matchesAny(_ event: Event) -> Bool { query.steps.contains { matches(event, $0, query.filter) } }
    let withoutActor = events.filter { $0.subject == nil && $0.time >= from && $0.time < to && matchesAny($0) }.count
    let late = late.filter { $0.time >= from && $0.time < to + (query.withinRange ? 0 : query.windowSeconds * 1000) && matchesAny($0) }
      .count
    var (starts, firstIncomplete): ([Timestamp], Int) = ([], 0)
    if let unit = query.trend {
      let edges = try calendar.buckets(query.range, by: unit).edges
      starts = edges.dropLast().map { Timestamp(milliseconds: $0) }
      // Of the last possible entry of each bucket.
      let ends = edges.dropFirst().map { edge -> Int64 in
        let hops = (query.hopWindowSeconds ?? query.windowSeconds) * Int64(query.steps.count - 1)
        let window = min(query.windowSeconds, hops)
        let longest = query.counting == .sessions ? min(window, 86_400) : window
        let end = min(edge, to) - 1 + longest * 1000
        return query.withinRange ? min(end, to - 1) : end
      }
      firstIncomplete = ends.firstIndex { $0 > instant } ?? starts.count
    }
    return Report(
      content: .funnel(FunnelReport(groups: groups, buckets: starts, firstIncomplete: firstIncomplete)),
      notes: notes([("no_actor", withoutActor), ("after_evaluation", late), ("window_open", groups[0].open), ("small_group", merged)]))
  }

  /// By bucket: counting unique, the attempts of a funnel whose entries are those of the bucket; otherwise those that were entered in it.
  private func trend(_ query: FunnelQuery, _ attempts: [Attempt]) throws -> [[Attempt]] {
    guard let unit = query.trend else { return [] }
    let edges = try calendar.buckets(query.range, by: unit).edges
    return try zip(edges, edges.dropFirst()).map { from, to in
      query.counting == .unique
        ? try self.attempts(query, entries: from..<to) : attempts.filter { $0.times[0] >= from && $0.times[0] < to }
    }
  }

  private func conversion(_ asked: FunnelQuery.TimeToConvert, _ attempts: [Attempt]) -> FunnelReport.Conversion {
    let times = attempts.filter { $0.times.count > asked.toStep }.map { $0.times[asked.toStep] - $0.times[asked.fromStep] }
    let seconds = times.map { Double($0) / 1000 }
    guard let shortest = times.min(), let longest = times.max() else {
      return .init(count: 0, medianSeconds: nil, averageSeconds: nil, p90Seconds: nil, edges: [], counts: [])
    }
    let width = shortest == longest ? 1 : longest - shortest
    let bins = Int64(asked.bins)
    // In bin i: not before its beginning and before the next one's, all in milliseconds times the number of bins.
    let counts = (0..<bins).map { bin in
      times.filter { time in
        let place = (time - shortest) * bins
        return place >= bin * width && (place < (bin + 1) * width || bin == bins - 1)
      }.count
    }
    return .init(
      count: times.count, medianSeconds: Self.percentile(0.5, seconds), averageSeconds: seconds.reduce(0, +) / Double(seconds.count),
      p90Seconds: Self.percentile(0.9, seconds),
      edges: (0...bins).map { Double(shortest * bins + width * $0) / Double(bins) / 1000 }, counts: counts)
  }

  private func group(_ name: ReportGroup, _ attempts: [Attempt], _ trend: [[Attempt]], _ query: FunnelQuery) -> FunnelReport.Group {
    let steps = query.steps.indices.map { step -> FunnelReport.Step in
      let reached = attempts.filter { $0.times.count > step }
      let entry = step == 0 ? [] : reached.map { Double($0.times[step] - $0.times[0]) / 1000 }
      let previous = step == 0 ? [] : reached.map { Double($0.times[step] - $0.times[step - 1]) / 1000 }
      func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
      return .init(
        count: reached.count, medianSecondsFromPrevious: Self.percentile(0.5, previous), averageSecondsFromPrevious: mean(previous),
        medianSecondsFromEntry: Self.percentile(0.5, entry), averageSecondsFromEntry: mean(entry))
    }
    return .init(
      group: name, steps: steps, open: attempts.filter(\.isOpen).count,
      excluded: query.exclusions.isEmpty ? nil : attempts.filter(\.isExcluded).count,
      trend: trend.map { bucket in
        FunnelReport.Point(
          counts: query.steps.indices.map { step in bucket.filter { $0.times.count > step }.count },
          open: bucket.filter(\.isOpen).count, excluded: query.exclusions.isEmpty ? nil : bucket.filter(\.isExcluded).count)
      }, conversion: query.timeToConvert.map { conversion($0, attempts) })
  }

  private struct Chosen {
    var entry: Int
    var times: [Int64]
    var isExcluded: Bool
    /// Nothing later takes it further.
    var end: Int64
  }

  /// A subject's events cut into sessions (one, unless those are counted), those into the events of the same held values.
  private func parts(_ subject: UInt32, _ query: FunnelQuery) -> [(units: [[Event]], end: Int64)] {
    let all = events.filter { $0.subject == subject }.sorted { $0.time < $1.time }
    var sessions: [[Event]] = []
    for event in all {
      if let gap = query.sessionGapSeconds, let begin = sessions.last?.first, let last = sessions.last?.last,
        event.time - last.time > gap * 1000 || event.time - begin.time > 86_400_000
      {
        sessions.append([event])
      } else if sessions.isEmpty {
        sessions = [[event]]
      } else {
        sessions[sessions.count - 1].append(event)
      }
    }
    return sessions.map { session in
      let end = query.sessionGapSeconds.flatMap { gap in
        session.last.map { min($0.time + Int64(gap) * 1000, (session.first?.time ?? 0) + 86_400_000) }
      }
      let held = query.hold.map { PropertyReference($0) }
      let complete = session.filter { event in !held.contains { value(event, $0) == nil } }
      func key(_ event: Event) -> [[UInt8]] { held.map { Self.sortKey(value(event, $0)) } }
      return (Set(complete.map(key)).map { tuple in complete.filter { key($0) == tuple } }, end ?? .max)
    }
  }

  /// - Parameter entries: where entries may lie; later steps by the range all the same.
  func attempts(_ query: FunnelQuery, entries: Range<Int64> = .min..<(.max)) throws -> [Attempt] {
    let interval = try calendar.interval(query.range)
    let lastTime = query.withinRange ? interval.upperBound.milliseconds - 1 : Int64.max
    let from = max(entries.lowerBound, interval.lowerBound.milliseconds)
    let to = min(entries.upperBound, interval.upperBound.milliseconds)
    guard from < to else { return [] }
    var attempts: [Attempt] = []
    for subject in subjects {
      for (units, end) in parts(subject, query) {
        let found = units.flatMap { unit in
          self.attempts(
            subject, unit.filter { $0.time <= lastTime && $0.time >= interval.lowerBound.milliseconds }, query, from..<to,
            min(lastTime, end))
        }
        if query.counting == .totals {
          attempts += found.map(\.attempt)
        } else if let best = found.min(by: { left, right in
          left.order(query).lexicographicallyPrecedes(right.order(query)) { $0.lexicographicallyPrecedes($1) }
        }) {
          attempts.append(best.attempt)
        }
      }
    }
    return attempts
  }

  private struct Ranked {
    var attempt: Attempt
    /// Times of the steps, also where the subject is removed.
    var times: [Int64]
    var values: [StoredValue?]
    /// The smallest wins.
    func order(_ query: FunnelQuery) -> [[UInt8]] {
      let depth = Reference.sortKey(.number(Double(-times.count)))
      let entry = Reference.sortKey(.number(Double(times[0])))
      return (query.entry == .first ? [entry, depth] : [depth, entry]) + [[attempt.isExcluded ? 1 : 0]]
        + times.map { Reference.sortKey(.number(Double($0))) } + values.map { Reference.sortKey($0) }
    }
  }

  /// Of events that belong together: the one attempt that counts, or all of them.
  private func attempts(
    _ subject: UInt32, _ journey: [Event], _ query: FunnelQuery, _ range: Range<Int64>, _ lastTime: Int64
  ) -> [Ranked] {
    let window = query.windowSeconds * 1000
    let removes = query.exclusionMode == .removeSubject
    var free = query
    free.exclusions = []
    func isEntry(_ event: Int) -> Bool {
      guard range.contains(journey[event].time) else { return false }
      return query.order == .any
        ? query.steps.contains { matches(journey[event], $0, query.filter) } : matches(journey[event], query.steps[0], query.filter)
    }
    /// The best chain of each entry; of several entries in one millisecond the furthest, then the soonest, then the smallest value.
    let entries = journey.indices.filter(isEntry)
    func best(at time: Int64) -> Chosen {
      let chains = entries.filter { journey[$0].time == time }.map { entry -> Chosen in
        let (clean, latest) = chain(entry, journey, query)
        let end = query.hopWindowSeconds.map { latest + $0 * 1_000 } ?? .max
        if query.exclusions.isEmpty { return Chosen(entry: entry, times: clean, isExcluded: false, end: end) }
        let whole = chain(entry, journey, free).times
        return Chosen(entry: entry, times: removes ? whole : clean, isExcluded: whole.count > clean.count, end: end)
      }
      let depth = chains.map(\.times.count).max() ?? 0
      let deepest = chains.filter { $0.times.count == depth }
      let isExcluded = !deepest.contains { !$0.isExcluded }
      let candidates = deepest.filter { $0.isExcluded == isExcluded }
      let soonest = candidates.map(\.times).min { $0.lexicographicallyPrecedes($1) }
      return candidates.filter { $0.times == soonest }.min { left, right in
        guard let breakdown = query.breakdown else { return false }
        return Self.sortKey(value(journey[left.entry], breakdown))
          .lexicographicallyPrecedes(Self.sortKey(value(journey[right.entry], breakdown)))
      } ?? Chosen(entry: 0, times: [], isExcluded: false, end: .max)
    }
    /// The event that a breakdown goes by: of several of the millisecond that could serve, the one with the smallest value.
    func attributed(_ chosen: Chosen, _ breakdown: Breakdown) -> Event? {
      func smallest(at time: Int64, _ serves: (Event) -> Bool) -> Event? {
        journey.filter { $0.time == time && serves($0) }
          .min { Self.sortKey(value($0, breakdown)).lexicographicallyPrecedes(Self.sortKey(value($1, breakdown))) }
      }
      func serves(_ step: Int) -> (Event) -> Bool {
        { event in
          query.order == .any
            ? query.steps.contains { matches(event, $0, query.filter) } : matches(event, query.steps[step], query.filter)
        }
      }
      let times = removes && chosen.isExcluded ? [] : chosen.times
      switch query.attribution {
      case .firstEntry: return smallest(at: entries.map { journey[$0].time }.min() ?? 0, serves(0))
      case .last where times.count > 1: return smallest(at: times[times.count - 1], serves(times.count - 1))
      case .step(let step): return times.count > step ? smallest(at: times[step], serves(step)) : nil
      case .entry, .last: return journey[chosen.entry]
      }
    }
    var attempts: [Ranked] = []
    func add(_ chosen: Chosen) {
      let isRemoved = removes && chosen.isExcluded
      var (found, values): ([StoredValue?], [StoredValue?]) = ([nil], [])
      if let breakdown = query.breakdown {
        let event = attributed(chosen, breakdown)
        found = event.map { groups($0, breakdown) } ?? [nil]
        values = [value(journey[chosen.entry], breakdown), event.flatMap { value($0, breakdown) }]
      }
      let attempt = Attempt(
        subject: subject, groups: found, times: isRemoved ? [] : chosen.times,
        isOpen: !isRemoved && chosen.times.count < query.steps.count && min(chosen.times[0] + window, lastTime, chosen.end) > instant,
        isExcluded: chosen.isExcluded)
      attempts.append(Ranked(attempt: attempt, times: chosen.times, values: values))
    }
    let times = Set(entries.map { journey[$0].time }).sorted()
    if times.isEmpty { return [] }
    switch (query.counting, query.entry) {
    case (.unique, .first), (.sessions, .first): add(best(at: times[0]))
    case (.unique, .longest), (.sessions, .longest), (.unique, .lastBeforeNext), (.sessions, .lastBeforeNext):
      let all = times.map(best)
      let depth = all.map(\.times.count).max() ?? 0
      guard let chosen = all.first(where: { $0.times.count == depth }) else { break }
      // Whatever lies behind the entry has to stay as it is.
      let entersLate = query.entry == .lastBeforeNext && depth > 1
      add(entersLate ? all.last { $0.times.dropFirst() == chosen.times.dropFirst() } ?? chosen : chosen)
    case (.totals, _):
      var resume = range.lowerBound
      while let time = times.first(where: { $0 >= resume }) {
        let chosen = best(at: time)
        add(chosen)
        if chosen.times.count == query.steps.count {
          resume = (chosen.times.last ?? time) + 1
        } else if query.order == .strict {
          resume = afterStrict(chosen.times, journey, window)
        } else {
          resume = min(time + window, chosen.end) + 1
          if chosen.isExcluded, let last = chosen.times.last {
            let ends = journey.filter { event in
              event.time > time && event.time >= last
                && query.exclusions.contains { matches(event, $0.selector, query.filter) }
            }
            if let end = ends.map(\.time).min() { resume = min(resume, end + 1) }
          }
        }
      }
    }
    return attempts
  }

  /// A strict attempt that did not convert ends at the first millisecond that has an event which is not its next step. If none of that
  /// millisecond's events served it, the next attempt may begin there, otherwise behind.
  private func afterStrict(_ times: [Int64], _ journey: [Event], _ window: Int64) -> Int64 {
    let later = Set(journey.map(\.time)).filter { $0 > times[0] && $0 <= times[0] + window }.sorted()
    for time in later {
      let served = times.filter { $0 == time }.count
      if served < journey.filter({ $0.time == time }).count { return served == 0 ? time : time + 1 }
    }
    return times[0] + window + 1
  }

  /// Times of the longest chain from an entry; of several, those that are earliest step by step. And the last time at which any chain stands.
  private func chain(_ entry: Int, _ journey: [Event], _ query: FunnelQuery) -> (times: [Int64], latest: Int64) {
    let begin = journey[entry].time
    let end = begin + query.windowSeconds * 1000
    if query.order == .any { return (anyOrder(entry, journey, query), end) }
    let hop = query.hopWindowSeconds.map { $0 * 1_000 } ?? .max
    let grace = Int64(query.graceMilliseconds)
    let matching = query.steps.map { step in journey.indices.filter { matches(journey[$0], step, query.filter) } }
    let excluded = query.exclusions.map { exclusion in
      journey.filter { matches($0, exclusion.selector, query.filter) }.map(\.time)
    }
    var best: [Int64] = [begin]
    var latest = begin
    // Every chain of different events in the order of time, or nearly so: a step is reached when all before it are.
    func extend(_ chain: [Int]) {
      let times = chain.indices.map { step in chain[...step].map { journey[$0].time }.max() ?? 0 }
      // What is not clean does not become so by further steps.
      guard isClean(times, excluded, query) else { return }
      latest = max(latest, times.last ?? 0)
      if isAllowed(chain), times.count > best.count || (times.count == best.count && times.lexicographicallyPrecedes(best)) { best = times }
      guard chain.count < query.steps.count, let last = times.last else { return }
      for next in matching[chain.count] where !chain.contains(next) && journey[next].time >= last - grace && journey[next].time <= end {
        if journey[next].time <= last || journey[next].time - last <= hop { extend(chain + [next]) }
      }
    }
    /// Strict: some order of equal times puts the chain's events one directly behind the other.
    func isAllowed(_ chain: [Int]) -> Bool {
      guard query.order == .strict, let last = chain.last else { return true }
      return !journey.indices.contains { !chain.contains($0) && journey[$0].time > begin && journey[$0].time < journey[last].time }
    }
    extend([entry])
    return (best, latest)
  }

  /// No excluded event between the times of two steps, or of the first of them and the last step reached.
  /// - Parameter excluded: for each exclusion, the times of its events.
  private func isClean(_ times: [Int64], _ excluded: [[Int64]], _ query: FunnelQuery) -> Bool {
    !zip(query.exclusions, excluded).contains { exclusion, excluded in
      let last = min(exclusion.toStep, times.count - 1)
      guard exclusion.fromStep < last else { return false }
      return excluded.contains { $0 > times[exclusion.fromStep] && $0 < times[last] }
    }
  }

  /// The sets of steps that different events can serve, grown event by event.
  private func anyOrder(_ entry: Int, _ journey: [Event], _ query: FunnelQuery) -> [Int64] {
    let begin = journey[entry].time
    let end = begin + query.windowSeconds * 1000
    func steps(_ event: Event) -> [Int] { query.steps.indices.filter { matches(event, query.steps[$0], query.filter) } }
    var sets = Set(steps(journey[entry]).map { Set([$0]) })
    var times = [begin]
    let others = journey.indices.filter { $0 != entry && journey[$0].time >= begin && journey[$0].time <= end }
      .sorted { journey[$0].time < journey[$1].time }
    for other in others {
      for set in sets { for step in steps(journey[other]) where !set.contains(step) { sets.insert(set.union([step])) } }
      if (sets.map(\.count).max() ?? 0) > times.count { times.append(journey[other].time) }
    }
    return times
  }
}
