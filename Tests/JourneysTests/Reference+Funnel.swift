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
    var groups = [group(.everything, attempts, query)]
    if let breakdown = query.breakdown {
      var figures: [StoredValue?: Double] = [:]
      for attempt in attempts { for group in attempt.groups { figures[group, default: 0] += 1 } }
      let ranking = rank(figures, limit: breakdown.limit)
      for (name, members) in zip(ranking.groups, ranking.members) {
        groups.append(group(name, attempts.filter { attempt in attempt.groups.contains { members.contains($0) } }, query))
      }
    }
    let interval = try calendar.interval(query.range)
    let from = interval.lowerBound.milliseconds
    let to = interval.upperBound.milliseconds
    func matchesAny(_ event: Event) -> Bool { query.steps.contains { matches(event, $0, query.filter) } }
    let withoutActor = events.filter { $0.subject == nil && $0.time >= from && $0.time < to && matchesAny($0) }.count
    let late = late.filter { $0.time >= from && $0.time < to + (query.withinRange ? 0 : query.windowSeconds * 1000) && matchesAny($0) }
      .count
    return Report(
      content: .funnel(FunnelReport(groups: groups)),
      notes: notes([("no_actor", withoutActor), ("after_evaluation", late), ("window_open", groups[0].open)]))
  }

  private func group(_ name: ReportGroup, _ attempts: [Attempt], _ query: FunnelQuery) -> FunnelReport.Group {
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
      excluded: query.exclusions.isEmpty ? nil : attempts.filter(\.isExcluded).count)
  }

  private typealias Chosen = (entry: Int, times: [Int64], isExcluded: Bool)

  func attempts(_ query: FunnelQuery) throws -> [Attempt] {
    let interval = try calendar.interval(query.range)
    let from = interval.lowerBound.milliseconds
    let to = interval.upperBound.milliseconds
    let window = query.windowSeconds * 1000
    var attempts: [Attempt] = []
    for subject in subjects {
      let journey = events.filter { $0.subject == subject && (!query.withinRange || $0.time < to) }
      let removes = query.exclusionMode == .removeSubject
      var free = query
      free.exclusions = []
      func isEntry(_ event: Int) -> Bool {
        guard journey[event].time >= from && journey[event].time < to else { return false }
        return query.order == .any
          ? query.steps.contains { matches(journey[event], $0, query.filter) } : matches(journey[event], query.steps[0], query.filter)
      }
      /// The best chain of each entry; of several entries in one millisecond the furthest, then the soonest, then the smallest value.
      let entries = journey.indices.filter(isEntry)
      func best(at time: Int64) -> Chosen {
        let chains = entries.filter { journey[$0].time == time }.map { entry -> Chosen in
          let clean = chain(entry, journey, query)
          if query.exclusions.isEmpty { return (entry, clean, false) }
          let whole = chain(entry, journey, free)
          return (entry, removes ? whole : clean, whole.count > clean.count)
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
        } ?? (entry: 0, times: [], isExcluded: false)
      }
      /// What a breakdown goes by: of several events of the millisecond that could serve, the smallest value.
      func attributed(_ chosen: Chosen) -> [StoredValue?] {
        guard let breakdown = query.breakdown else { return [nil] }
        func smallest(at time: Int64, _ serves: (Event) -> Bool) -> [StoredValue?] {
          journey.filter { $0.time == time && serves($0) }
            .min { Self.sortKey(value($0, breakdown)).lexicographicallyPrecedes(Self.sortKey(value($1, breakdown))) }
            .map { groups($0, breakdown) } ?? [nil]
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
        case .step(let step): return times.count > step ? smallest(at: times[step], serves(step)) : [nil]
        case .entry, .last: return groups(journey[chosen.entry], breakdown)
        }
      }
      let lastTime = query.withinRange ? to - 1 : Int64.max
      func add(_ chosen: Chosen) {
        let isRemoved = removes && chosen.isExcluded
        attempts.append(
          Attempt(
            subject: subject, groups: attributed(chosen), times: isRemoved ? [] : chosen.times,
            isOpen: !isRemoved && chosen.times.count < query.steps.count && min(chosen.times[0] + window, lastTime) > instant,
            isExcluded: chosen.isExcluded))
      }
      let times = Set(entries.map { journey[$0].time }).sorted()
      if times.isEmpty { continue }
      switch (query.counting, query.entry) {
      case (.unique, .first): add(best(at: times[0]))
      case (.unique, .longest):
        let all = times.map(best)
        let depth = all.map(\.times.count).max() ?? 0
        if let chosen = all.first(where: { $0.times.count == depth }) { add(chosen) }
      case (.totals, _):
        var resume = from
        while let time = times.first(where: { $0 >= resume }) {
          let chosen = best(at: time)
          add(chosen)
          if chosen.times.count == query.steps.count {
            resume = (chosen.times.last ?? time) + 1
          } else if query.order == .strict {
            resume = afterStrict(chosen.times, journey, window)
          } else {
            resume = time + window + 1
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

  /// Times of the longest chain from an entry; of several, those that are earliest step by step.
  private func chain(_ entry: Int, _ journey: [Event], _ query: FunnelQuery) -> [Int64] {
    let begin = journey[entry].time
    let end = begin + query.windowSeconds * 1000
    if query.order == .any { return anyOrder(entry, journey, query) }
    let matching = query.steps.map { step in journey.indices.filter { matches(journey[$0], step, query.filter) } }
    let excluded = query.exclusions.map { exclusion in
      journey.filter { matches($0, exclusion.selector, query.filter) }.map(\.time)
    }
    var best: [Int64] = [begin]
    // Every chain of different events in the order of time.
    func extend(_ chain: [Int]) {
      let times = chain.map { journey[$0].time }
      // What is not clean does not become so by further steps.
      guard isClean(times, excluded, query) else { return }
      if isAllowed(chain), times.count > best.count || (times.count == best.count && times.lexicographicallyPrecedes(best)) { best = times }
      guard chain.count < query.steps.count, let last = times.last else { return }
      for next in matching[chain.count] where !chain.contains(next) && journey[next].time >= last && journey[next].time <= end {
        extend(chain + [next])
      }
    }
    /// Strict: some order of equal times puts the chain's events one directly behind the other.
    func isAllowed(_ chain: [Int]) -> Bool {
      guard query.order == .strict, let last = chain.last else { return true }
      return !journey.indices.contains { !chain.contains($0) && journey[$0].time > begin && journey[$0].time < journey[last].time }
    }
    extend([entry])
    return best
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
