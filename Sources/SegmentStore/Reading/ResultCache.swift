internal import Events
internal import Journeys
import Synchronization

/// Reports that were asked for lately, by the version of the data that they are about. A report counts for a few seconds after its
/// evaluation instant, which stands in its notes, so that a page that many people look at is computed once.
final class ResultCache: Sendable {
  struct Key: Hashable {
    var dataVersion: UInt64
    var query: Query
    var rules: ReportRules
  }

  private struct State {
    var reports: [Key: Report] = [:]
    /// Oldest first.
    var order: [Key] = []
  }

  private let limit: Int
  private let milliseconds: Int64
  private let state = Mutex(State())

  init(limit: Int, milliseconds: Int64) {
    self.limit = limit
    self.milliseconds = milliseconds
  }

  func report(_ key: Key, at instant: Timestamp) -> Report? {
    state.withLock { state in
      guard let report = state.reports[key] else { return nil }
      let age = instant.milliseconds.subtractingReportingOverflow(report.notes.evaluatedAt.milliseconds)
      return !age.overflow && age.partialValue >= 0 && age.partialValue <= milliseconds ? report : nil
    }
  }

  func keep(_ report: Report, _ key: Key) {
    guard limit > 0 else { return }
    state.withLock { state in
      // What is about older data can never be asked for again.
      if let last = state.order.last, last.dataVersion < key.dataVersion { state = State() }
      if state.reports.updateValue(report, forKey: key) == nil { state.order.append(key) }
      if state.order.count > limit { state.reports[state.order.removeFirst()] = nil }
    }
  }
}
