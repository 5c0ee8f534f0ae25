internal import Events
internal import Foundation
internal import Gate

/// What waits for the committing thread: bounded in bytes, handed over in groups.
///
/// `@unchecked Sendable`: every property is guarded by `condition`.
final class CommitQueue: @unchecked Sendable {
  struct Request: Sendable {
    enum Work: Sendable {
      case batch(IncomingBatch, bytes: [UInt8])
      case deleteKeys(through: UInt64)
      /// Deletes what is stored of the subjects that these ids count as.
      case deleteSubjects([Pseudonym], time: Int64)
      case expire(Expiry.Change)
      case reveal(GatedReveal)
      /// Begin a new memtable, so that everything before is written to a segment.
      case rotate
    }
    var work: Work
    /// Set by the committing thread.
    var refusedDeleted = 0
    var revealed: (holders: [Pseudonym], isRevealed: Bool) = ([], false)
    let finish: @Sendable (Result<AppendOutcome, StoreError>) -> Void

    init(work: Work, finish: @escaping @Sendable (Result<AppendOutcome, StoreError>) -> Void) {
      self.work = work
      self.finish = finish
    }

    /// What it hides is what was written before: nothing comes behind it in its log file.
    var isDeletion: Bool {
      switch work {
      case .deleteSubjects: true
      case .expire(let change): change.mayDiscard
      case .batch, .deleteKeys, .reveal, .rotate: false
      }
    }

    var isReveal: Bool { if case .reveal = work { true } else { false } }

    var byteCount: Int {
      if case .batch(_, let bytes) = work { bytes.count } else { 0 }
    }
  }

  private let condition = NSCondition()
  private let byteLimit: Int
  private var waiting: [Request] = []
  private var waitingBytes = 0
  private var isClosed = false

  init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// A single batch larger than the limit is taken when nothing else waits.
  func add(_ request: Request) throws(StoreError) {
    condition.lock()
    defer { condition.unlock() }
    if isClosed { throw .closed }
    let bytes = request.byteCount
    if waitingBytes > 0, bytes > 0, waitingBytes + bytes > byteLimit { throw .overloaded(waitingBytes: waitingBytes) }
    waiting.append(request)
    waitingBytes += bytes
    condition.signal()
  }

  /// Waits for requests and takes the oldest of them, up to `byteLimit` together, at least one. Nil once the queue is closed and empty.
  func take(byteLimit: Int) -> [Request]? {
    condition.lock()
    defer { condition.unlock() }
    while waiting.isEmpty {
      if isClosed { return nil }
      condition.wait()
    }
    var count = 0
    var bytes = 0
    while count < waiting.count, count == 0 || bytes + waiting[count].byteCount <= byteLimit {
      bytes += waiting[count].byteCount
      count += 1
    }
    let group = Array(waiting[..<count])
    waiting.removeFirst(count)
    waitingBytes -= bytes
    return group
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }
}
