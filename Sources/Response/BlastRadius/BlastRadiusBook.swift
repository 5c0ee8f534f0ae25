import Access
import Events
import Ledger
import Synchronization

/// The newest blast radius of each project, computed in the background. Whoever asks gets what was computed last, at once.
package final class BlastRadiusBook: Sendable {
  /// How much of the time is spent on it at most: a computation of a second is followed by a pause of a hundred.
  static let pauseFactor = 100
  package static let shortestPause: Duration = .seconds(5)
  package static let longestPause: Duration = .seconds(600)
  /// After an act that changes who reaches what.
  static let shortestPauseAfterAct: Duration = .seconds(1)
  private static let ledgerPage = 256

  private struct State: Sendable {
    var newest: [ProjectID: BlastRadius] = [:]
    /// What stands in the control database: the same figures are not written again.
    var kept: [ProjectID: ExposureDay] = [:]
    /// When the last round ended, and how long it took.
    var ended: ContinuousClock.Instant?
    var took: Duration = .zero
    /// Entries of the ledger before this one were looked at.
    var entry: UInt64?
    /// Somebody did something that changes who reaches what.
    var isWanted = true
    /// The ledger's size when the last round began.
    var size: UInt64 = 0
  }

  private let control: ControlDatabase
  private let ledger: Ledger
  private let projects: @Sendable () -> [ProjectID]
  private let compute: @Sendable (ProjectID) async throws -> BlastRadius
  private let failed: @Sendable (ProjectID, any Error) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - compute: may take its time.
  ///   - failed: told of each project whose figures could not be computed; those before stay.
  package init(
    control: ControlDatabase, ledger: Ledger, projects: @escaping @Sendable () -> [ProjectID],
    compute: @escaping @Sendable (ProjectID) async throws -> BlastRadius,
    failed: @escaping @Sendable (ProjectID, any Error) -> Void = { _, _ in }
  ) {
    self.control = control
    self.ledger = ledger
    self.projects = projects
    self.compute = compute
    self.failed = failed
  }

  /// What was computed last; nil before the first time. Waits for nothing.
  package func newest(of project: ProjectID) -> BlastRadius? { state.withLock { $0.newest[project] } }

  /// Computes all projects now, one after the other, and writes the day's figures down.
  package func refresh() async {
    let began = ContinuousClock.now
    let size = (try? await ledger.count()) ?? 0
    state.withLock { state in
      state.isWanted = false
      state.size = size
    }
    for project in projects() {
      if Task.isCancelled { return }
      do {
        let computed = try await compute(project)
        let day = computed.day
        let isNew = state.withLock { state in
          state.newest[project] = computed
          return state.kept[project] != day
        }
        if isNew {
          try await control.keep(day, of: project)
          state.withLock { $0.kept[project] = day }
        }
      } catch is CancellationError {
        return
      } catch {
        failed(project, error)
      }
    }
    state.withLock { state in
      state.ended = .now
      state.took = .now - began
    }
  }

  /// Keeps it up until the task is cancelled: at the start, about every ten minutes (sooner where little is to be computed), and after acts.
  package func run(lookingEvery pause: Duration = .milliseconds(500)) async {
    while !Task.isCancelled {
      await look()
      if await isDue() { await refresh() }
      try? await Task.sleep(for: pause)
    }
  }

  /// Looks at what was entered since: acts of administration change who reaches what, disclosures do not, but for what vendors hold.
  func look() async {
    guard let size = try? await ledger.count() else { return }
    let next = state.withLock { state in
      let next = state.entry ?? size
      state.entry = size
      return next
    }
    guard next < size else { return }
    // Of very many nobody looks at each: some of them will matter.
    var isAct = size - next > UInt64(Self.ledgerPage)
    if !isAct { isAct = ((try? await ledger.entries(from: next, limit: Self.ledgerPage)) ?? []).contains { Self.changesReach($0.kind) } }
    if isAct { state.withLock { $0.isWanted = true } }
  }

  package static func changesReach(_ kind: String) -> Bool { !kind.hasPrefix("disclosure.") && !kind.hasPrefix("alert_") }

  private func isDue() async -> Bool {
    let size = (try? await ledger.count()) ?? 0
    return state.withLock { state in
      guard let ended = state.ended else { return true }
      let since = ContinuousClock.now - ended
      if state.isWanted { return since >= max(Self.shortestPauseAfterAct, state.took * 10) }
      let pause = min(Self.longestPause, max(Self.shortestPause, state.took * Self.pauseFactor))
      // Where nothing at all was entered, only arriving events can have changed it: they alone are looked for less often.
      let patience = size == state.size ? max(pause, .seconds(10)) : pause
      return since >= min(patience, Self.longestPause)
    }
  }
}
