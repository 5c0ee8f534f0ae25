internal import Journeys

/// One pass over all journeys of a snapshot: in bands where the visitor takes them, else in ascending order of the canonical subject number.
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
    try walk(&visitor, subjects: 0..<ColumnRun.noActor)
    try walkWithoutActor(&visitor)
  }

  /// The same on two threads, where the snapshot has them and there is enough to do: each follows half of the journeys with a visitor of
  /// its own.
  func run<Visitor: DivisibleVisitor>(_ visitor: inout Visitor) throws(QueryError) {
    guard visitor.isDivisible, let threads = snapshot.scanThreads, threads.count > 1, let middle = middleSubject() else {
      try walk(&visitor, subjects: 0..<ColumnRun.noActor)
      return try walkWithoutActor(&visitor)
    }
    let other = Lane(scan: self, visitor: visitor.fork(), subjects: middle..<ColumnRun.noActor)
    var failure: QueryError?
    threads.both(
      {
        do throws(QueryError) {
          try walk(&visitor, subjects: 0..<middle)
          try walkWithoutActor(&visitor)
        } catch { failure = error }
      }, { other.run() })
    visitor.join(other.visitor)
    if let failure = failure ?? other.failure { throw failure }
  }

  /// `@unchecked Sendable`: one thread alone uses it until it is done, and `ScanThreads.both` hands it back behind a semaphore.
  private final class Lane<Visitor: DivisibleVisitor>: @unchecked Sendable {
    let scan: JourneyScan
    var visitor: Visitor
    let subjects: Range<UInt32>
    var failure: QueryError?

    init(scan: JourneyScan, visitor: Visitor, subjects: Range<UInt32>) {
      self.scan = scan
      self.visitor = visitor
      self.subjects = subjects
    }

    func run() {
      do throws(QueryError) { try scan.walk(&visitor, subjects: subjects) } catch { failure = error }
    }
  }

  /// The subject that has about as many rows before it as from it on; nil where two halves are not worth it.
  private func middleSubject() -> UInt32? {
    var blocks: [(first: UInt32, rows: Int)] = []
    for index in wantedRuns {
      for block in selectors.runs[index].blocks { blocks.append((block.firstSubject, block.rowCount)) }
    }
    blocks.sort { $0.first < $1.first }
    let total = blocks.reduce(0) { $0 + $1.rows }
    guard total >= snapshot.rowsForTwoThreads else { return nil }
    var before = 0
    for block in blocks {
      if before >= total / 2 { return block.first == 0 || block.first == ColumnRun.noActor ? nil : block.first }
      before += block.rows
    }
    return nil
  }

  /// Follows the journeys of a range of subjects.
  private func walk(_ visitor: inout some JourneyVisitor, subjects: Range<UInt32>) throws(QueryError) {
    // Views point into the tables of the selectors.
    defer { withExtendedLifetime(selectors) {} }
    if visitor.takesBands { return try walkBands(&visitor, subjects: subjects) }
    var walk = JourneyWalk(self, subjects: subjects)
    defer { walk.end() }
    try walk.begin()
    var ordinal: UInt32 = 0
    var untilCheck = Self.subjectsPerCancellationCheck
    while true {
      let subject = walk.next()
      if subject == ColumnRun.noActor { break }
      untilCheck &-= 1
      if untilCheck == 0 {
        if visitor.isFinished { return }
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
  }

  private func walkBands(_ visitor: inout some JourneyVisitor, subjects: Range<UInt32>) throws(QueryError) {
    let ordered = visitor.needsOrder
    var walk = BandWalk(self, subjects: subjects)
    defer { walk.end() }
    try walk.begin()
    var ordinal: UInt32 = 0
    while let band = try walk.next(ordered: ordered) {
      try Self.checkCancellation()
      visitor.begin(band)
      for part in walk.parts { visitor.take(part) }
      visitor.endParts(band)
      if visitor.isFinished { return }
      for local in 0..<band.count {
        let subject = walk.subject(local)
        if !band.unordered[local], visitor.finish(subject, local) { continue }
        let pieces = walk.journey(subject, ordered: ordered)
        guard !pieces.isEmpty else { continue }
        ordinal &+= 1
        visitor.visit(Journey(subject: subject, ordinal: ordinal, pieces: pieces))
      }
    }
  }

  private func walkWithoutActor(_ visitor: inout some JourneyVisitor) throws(QueryError) {
    defer { withExtendedLifetime(selectors) {} }
    var walk = JourneyWalk(self, subjects: 0..<ColumnRun.noActor)
    defer { walk.end() }
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
  func runBlocks(except done: Set<Int> = [], _ body: (Journey) -> Void) throws(QueryError) {
    let frame = BlockFrame(rows: snapshot.largestBlock, selectors: selectors.count, columns: columnCount)
    defer { withExtendedLifetime((selectors, frame)) {} }
    for (index, run) in snapshot.runs.enumerated() where run.firstTime < times.upperBound && run.lastTime >= times.lowerBound {
      if done.contains(index) { continue }
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
    if Cancellation.current?.isCancelled ?? Task.isCancelled {
      throw QueryError(.cancelled, "The query was cancelled before it was finished; ask again.")
    }
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
