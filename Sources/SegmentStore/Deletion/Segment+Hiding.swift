import Synchronization

extension Segment {
  /// The segment as queries see it, without what was deleted or expired.
  func visibleRuns(_ state: StoreState, codes: [String: UInt16], cache: BlockCache) throws(StoreError) -> [ColumnRun] {
    let all = try columnRuns(codes: codes, cache: cache)
    guard mayHide(state, for: .queries) else { return all }
    let ofState = hidingState(state)
    if let known = visible.withLock({ $0 }), known.state == ofState { return known.runs }
    let hidden = HiddenRows(state, since: file.reference.deletions, for: .queries)
    var rest: [ColumnRun] = []
    for (number, run) in all.enumerated() {
      let place = ReducedChunks.Cache(cache: cache, file: file.reference.number, prefix: "\(ofState)|\(number)|")
      if let run = try run.without(hidden, cache: place) { rest.append(run) }
    }
    visible.withLock { $0 = Visible(state: ofState, runs: rest) }
    return rest
  }

  /// Names what of a state decides about the segment's rows.
  private func hidingState(_ state: StoreState) -> String {
    var text = "\(state.deletions.version)|\(state.expiry.before)"
    if state.expiry.events.isEmpty { return text }
    for (index, event) in statistics.enumerated() {
      let cutoff = state.expiry.cutoff(of: event.name, since: file.reference.deletions, forQueries: true)
      if cutoff > state.expiry.before { text += "|\(index):\(cutoff)" }
    }
    return text
  }

  /// Whether it may have rows that were deleted or expired since it was written, or that are held.
  func mayHide(_ state: StoreState, for purpose: HiddenRows.Purpose) -> Bool {
    if file.reference.deletions < state.deletions.version { return true }
    let latest = latestCutoff(state, for: purpose)
    return runs.contains { $0.blocks.contains { $0.firstTime < latest } }
  }

  /// Of the times before which something in here is hidden.
  func latestCutoff(_ state: StoreState, for purpose: HiddenRows.Purpose) -> Int64 {
    if state.expiry.events.isEmpty { return state.expiry.before }
    return statistics.reduce(state.expiry.before) { latest, event in
      max(latest, state.expiry.cutoff(of: event.name, since: file.reference.deletions, forQueries: purpose == .queries))
    }
  }

  /// Which events of `statistics` a run has rows of. Read once.
  func eventsPresent(_ run: Int) throws(StoreError) -> [Bool] {
    if let known = present.withLock({ $0[run] }) { return known }
    var found = [Bool](repeating: false, count: statistics.count)
    if let counts = try counts(run) {
      for event in found.indices { found[event] = counts.starts[event] < counts.starts[event + 1] }
    } else {
      for block in runs[run].blocks.indices {
        let events = try events(run, block)
        for row in 0..<runs[run].blocks[block].rowCount { found[events[row]] = true }
      }
    }
    present.withLock { $0[run] = found }
    return found
  }

  /// Whether a run has rows that are expired as of a state.
  ///
  /// - Parameter wholly: only where the whole month is too old for an event, which is known without reading times.
  func hasExpired(_ run: Int, _ state: StoreState, wholly: Bool) throws(StoreError) -> Bool {
    let (blocks, partition) = (runs[run].blocks, runs[run].partition)
    let reaches = { (cutoff: Int64) in wholly ? partition.end <= cutoff : blocks.contains { $0.firstTime < cutoff } }
    if reaches(state.expiry.before) { return true }
    guard reaches(latestCutoff(state, for: .storage)) else { return false }
    let present = try eventsPresent(run)
    let cutoffs = statistics.enumerated().map { index, event in
      present[index] ? state.expiry.cutoff(of: event.name, since: file.reference.deletions, forQueries: false) : .min
    }
    guard cutoffs.contains(where: reaches) else { return false }
    if wholly { return true }
    for block in blocks.indices {
      let decoded = try MergedBlock(self, run, block)
      var found = false
      for subject in decoded.keys.subjects.indices where !found {
        decoded.forEachRow(of: subject) { row in if row.time < cutoffs[row.event] { found = true } }
      }
      if found { return true }
    }
    return false
  }
}
