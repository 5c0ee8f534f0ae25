internal import Journeys

/// One pass over all journeys of a snapshot, in ascending order of the canonical subject number.
///
/// Runs are walked side by side: partitions follow each other in time, so a journey is the pieces of its partitions one after the other.
/// Rows that a newer merge moved stand in runs of their own (`MovedRuns`). Where two runs of one partition have the subject, its rows are
/// put together in order of time first. Rows later than the instant are left out.
struct JourneyScan {
  private static let subjectsPerCancellationCheck = 4_096

  let snapshot: StoreSnapshot
  let selectors: Selectors
  /// Number of properties that the selectors show.
  let columnCount: Int
  /// Partitions outside are not read.
  let times: Range<Int64>

  /// - Throws: `QueryError` (`cancelled`) when the task was cancelled.
  func run(_ visitor: inout some JourneyVisitor) throws(QueryError) {
    // Views point into the tables of the selectors.
    defer { withExtendedLifetime(selectors) {} }
    var walk = JourneyWalk(self)
    defer { walk.end() }
    try walk.begin()
    var ordinal: UInt32 = 0
    var untilCheck = Self.subjectsPerCancellationCheck
    while true {
      let subject = walk.next()
      if subject == ColumnRun.noActor { break }
      untilCheck &-= 1
      if untilCheck == 0 {
        untilCheck = Self.subjectsPerCancellationCheck
        try Self.checkCancellation()
      }
      try walk.take(subject)
      if walk.isOfInterest {
        if visitor.needsOrder { walk.order() }
        ordinal &+= 1
        visitor.visit(Journey(subject: subject, ordinal: ordinal, pieces: walk.taken))
      }
      walk.letGo()
    }
    for index in wantedRuns {
      for block in selectors.runs[index].blocks.indices where selectors.runs[index].blocks[block].lastSubject == ColumnRun.noActor {
        try Self.checkCancellation()
        try walk.takeWithoutActor(run: index, block: block)
        visitor.visitWithoutActor(Journey(subject: ColumnRun.noActor, ordinal: 0, pieces: walk.taken))
        walk.letGo()
      }
    }
  }

  /// The same rows block by block, in no order and for nobody: for what does not depend on who did it.
  func runBlocks(_ body: (Journey) -> Void) throws(QueryError) {
    let frame = BlockFrame(rows: snapshot.largestBlock, selectors: selectors.count, columns: columnCount)
    defer { withExtendedLifetime((selectors, frame)) {} }
    for (index, run) in snapshot.runs.enumerated() where run.firstTime < times.upperBound && run.lastTime >= times.lowerBound {
      for (block, summary) in run.blocks.enumerated() where summary.firstTime < times.upperBound && summary.lastTime >= times.lowerBound {
        try Self.checkCancellation()
        try selectors.show(frame, run: index, block: block)
        let piece = Journey.Piece(view: UnsafePointer(frame.view), first: 0, end: summary.rowCount)
        withUnsafePointer(to: piece) {
          body(Journey(subject: ColumnRun.noActor, ordinal: 0, pieces: UnsafeBufferPointer(start: $0, count: 1)))
        }
      }
    }
  }

  /// Runs in the order of their partitions, then of arrival.
  var wantedRuns: [Int] {
    selectors.runs.indices.filter { index in
      let run = selectors.runs[index]
      return run.rowCount > 0 && run.firstTime < times.upperBound && run.lastTime >= times.lowerBound
    }.sorted { (selectors.runs[$0].partition, $0) < (selectors.runs[$1].partition, $1) }
  }

  static func checkCancellation() throws(QueryError) {
    if Task.isCancelled { throw QueryError(.cancelled, "The query was cancelled before it was finished; ask again.") }
  }

  /// How many rows of a range of time match the selectors but are later than an instant. Reads only blocks that reach so far.
  static func countLate(_ selectors: Selectors, in counted: Range<Int64>, after instant: Int64, snapshot: StoreSnapshot) throws(QueryError)
    -> Int
  {
    var late = 0
    let frame = BlockFrame(rows: snapshot.largestBlock, selectors: selectors.count, columns: 0)
    defer { withExtendedLifetime((selectors, frame)) {} }
    for (index, run) in snapshot.runs.enumerated() where run.lastTime > instant {
      for (block, summary) in run.blocks.enumerated() where summary.lastTime > instant {
        try checkCancellation()
        guard summary.lastTime >= counted.lowerBound, summary.firstTime < counted.upperBound else { continue }
        try selectors.show(frame, run: index, block: block)
        let view = UnsafePointer(frame.view)
        let piece = Journey.Piece(view: view, first: 0, end: summary.rowCount)
        withUnsafePointer(to: piece) { piece in
          Journey(subject: ColumnRun.noActor, ordinal: 0, pieces: UnsafeBufferPointer(start: piece, count: 1)).forEachRow { view, row in
            let time = view.pointee.time(row)
            if time > instant, counted.contains(time) { late += 1 }
            return true
          }
        }
      }
    }
    return late
  }
}
