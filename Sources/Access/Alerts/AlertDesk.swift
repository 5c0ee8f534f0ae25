import Events
import Ledger
import Synchronization

/// Where every room says what it found, and where people say what they did about it.
///
/// Order of a raise: record and messages in one transaction of the control database, then the ledger's entry, then the record learns its
/// number. A crash in between leaves a record without an entry, which the next start enters. An alert that the ledger cannot take is recorded and
/// delivered all the same: it may be about the ledger.
package final class AlertDesk: Sendable {
  private let control: ControlDatabase
  private let ledger: Ledger
  private let clock: @Sendable () -> Timestamp

  private struct State {
    var routes: [AlertRoute] = []
    var wake: @Sendable () -> Void = {}
    var note: @Sendable (any Error) -> Void = { _ in }
    /// What was written a moment ago, by what makes alerts the same.
    var recent: [String: Recent] = [:]
  }
  private struct Recent {
    var alert: NewAlert
    var writtenAt: Int64
    /// Found since then and not written.
    var pending = 0
  }
  private let state = Mutex(State())

  /// The same found again within so long is counted in memory and written later: who knocks a thousand times a second costs no thousand writes.
  private static let pause: Int64 = 2_000
  private static let mostRecent = 1_000
  private static let system = Principal(kind: .system, id: "server", credential: "alerts")

  package init(control: ControlDatabase, ledger: Ledger, clock: @escaping @Sendable () -> Timestamp = Ledger.systemClock) {
    self.control = control
    self.ledger = ledger
    self.clock = clock
  }

  /// Tells where alerts go from now on.
  ///
  /// - Parameters:
  ///   - wake: called after messages were put into the outbox.
  ///   - note: hears of what could not be written.
  package func direct(to routes: [AlertRoute], wake: @escaping @Sendable () -> Void, note: @escaping @Sendable (any Error) -> Void) {
    state.withLock { state in
      state.routes = routes
      state.wake = wake
      state.note = note
    }
  }

  package var routes: [AlertRoute] { state.withLock { $0.routes } }

  /// Raises an alert, or counts it on the one that stands. Never fails for whoever found something: a control database that cannot be written is
  /// told to the log.
  ///
  /// - Returns: the record's number; nil where it was only counted in memory, or could not be written.
  @discardableResult
  package func raise(_ alert: NewAlert) async -> Int64? {
    let key = "\(alert.kind.rawValue)/\(alert.project?.description ?? "")/\(alert.sameAs)"
    let now = clock().milliseconds
    let times = state.withLock { state -> Int? in
      if let recent = state.recent[key], abs(now - recent.writtenAt) < Self.pause {
        state.recent[key]?.pending += 1
        state.recent[key]?.alert = alert
        return nil
      }
      if state.recent.count >= Self.mostRecent { state.recent = state.recent.filter { $0.value.pending > 0 } }
      let pending = state.recent[key]?.pending ?? 0
      state.recent[key] = Recent(alert: alert, writtenAt: now)
      return pending + 1
    }
    guard let times else { return nil }
    return await write(alert, times: times)
  }

  private func write(_ alert: NewAlert, times: Int) async -> Int64? {
    let (routes, wake, note) = state.withLock { ($0.routes, $0.wake, $0.note) }
    do {
      switch try await control.raise(alert, times: times, routes: routes) {
      case .counted(let id): return id
      case .raised(let alert):
        wake()
        // A crash here leaves the record without its entry.
        try await enter(alert)
        return alert.id
      }
    } catch {
      note(error)
      return nil
    }
  }

  private func enter(_ alert: Alert) async throws {
    let receipt = try await ledger.record(
      .alertRaised(alert.id, kind: alert.kind.rawValue, severity: alert.severity.rawValue, project: alert.project), by: Self.system)
    // A crash here leaves an entry that no record names: the next start enters the alert once more.
    try await control.noteAlertEntry(alert.id, at: receipt.index)
  }

  /// At the start, and now and then: writes what was only counted in memory, and enters what the ledger could not take.
  package func catchUp() async {
    let now = clock().milliseconds
    let due = state.withLock { state -> [(NewAlert, Int)] in
      let due = state.recent.filter { $0.value.pending > 0 }
      for key in due.keys { state.recent[key] = nil }
      state.recent = state.recent.filter { abs(now - $0.value.writtenAt) < Self.pause }
      return due.values.map { ($0.alert, $0.pending) }
    }
    for (alert, times) in due { _ = await write(alert, times: times) }
    do {
      for alert in try await control.unenteredAlerts() { try await enter(alert) }
    } catch {
      state.withLock { $0.note }(error)
    }
  }

  /// Puts an alert into another state: the ledger's entry first.
  ///
  /// - Parameter note: what people want to remember; needed to close one.
  @discardableResult
  package func change(_ id: Int64, to new: Alert.State, note: String, by principal: Principal) async throws -> Alert {
    guard note.utf8.count <= 2_000 else { throw AccessError(.invalid, "A note has at most 2,000 bytes.") }
    guard new != .closed || !note.allSatisfy(\.isWhitespace) else {
      throw AccessError(.invalid, "Say in a note what was found out: that closes an alert.")
    }
    let alert = try await control.alert(id).alert
    guard alert.state != new else { throw AccessError(.inUse, "This alert is \(new.rawValue) already.") }
    let receipt = try await ledger.record(
      .alertChanged(id, from: alert.state.rawValue, to: new.rawValue, project: alert.project), by: principal)
    let changed = try await control.change(
      id, from: alert.state, to: new, note: note, by: Alert.About(principal), ledgerIndex: receipt.index, routes: routes)
    state.withLock { $0.wake }()
    return changed
  }
}
