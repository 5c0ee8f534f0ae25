/// How long attempts took to each step, from their entry and from the step before. Its memory is freed by `free`.
struct StepDurations {
  /// By step from 1: milliseconds from the entry, then from the step before. From the first step to the second both are the same.
  private var lists: [(fromEntry: UnsafeMutableBufferPointer<Int64>, fromPrevious: UnsafeMutableBufferPointer<Int64>)] = []
  private var sums: [(fromEntry: Double, fromPrevious: Double)]

  /// - Parameter counts: by number of steps: how many attempts have at least so many.
  init(_ log: AttemptLog, _ attempts: some Sequence<Int>, counts: [Int]) {
    let stepCount = counts.count - 1
    for step in 1..<max(stepCount, 1) {
      let fromEntry = UnsafeMutableBufferPointer<Int64>.allocate(capacity: counts[step + 1])
      lists.append((fromEntry, step == 1 ? fromEntry : .allocate(capacity: counts[step + 1])))
    }
    sums = lists.map { _ in (0, 0) }
    var filled = [Int](repeating: 0, count: lists.count)
    for attempt in attempts {
      let depth = Int(log.depths[attempt])
      if depth < 2 { continue }
      let offset = log.offsets[attempt]
      let entry = log.times[offset]
      var previous = entry
      for step in 1..<depth {
        let time = log.times[offset + step]
        lists[step - 1].fromEntry[filled[step - 1]] = time - entry
        lists[step - 1].fromPrevious[filled[step - 1]] = time - previous
        sums[step - 1].fromEntry += Double(time - entry)
        sums[step - 1].fromPrevious += Double(time - previous)
        filled[step - 1] += 1
        previous = time
      }
    }
  }

  func free() {
    for (index, list) in lists.enumerated() {
      list.fromEntry.deallocate()
      if index > 0 { list.fromPrevious.deallocate() }
    }
  }

  /// Seconds; nil for the first step, and where nobody got to a step.
  func average(fromPrevious: Bool, _ step: Int) -> Double? {
    guard step > 0, !lists[step - 1].fromEntry.isEmpty else { return nil }
    let sum = fromPrevious ? sums[step - 1].fromPrevious : sums[step - 1].fromEntry
    return sum / Double(lists[step - 1].fromEntry.count) / 1000
  }

  /// The same of the middle one. Reorders the durations.
  func median(fromPrevious: Bool, _ step: Int) -> Double? {
    guard step > 0 else { return nil }
    var values = fromPrevious ? lists[step - 1].fromPrevious : lists[step - 1].fromEntry
    return Percentile.value(0.5, of: &values).map { $0 / 1000 }
  }
}
