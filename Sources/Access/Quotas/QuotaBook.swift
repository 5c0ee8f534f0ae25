import Events
import Foundation
import GRDB
import Ledger
import Synchronization

/// Counts what leaves, by credential and day, and stops it at the quota: charged first, then entered in the ledger, then sent.
///
/// What is used is on the disk before it is granted, in blocks: a crash forgets at most the rest of a block, so that a quota can only
/// become smaller by it.
package final class QuotaBook: Sendable {
  private struct Use: Sendable {
    var day: Int
    var used: Quota
    /// On the disk; what is granted is never above it.
    var reserved: Quota
    /// Who was seen today since the start of the process, by project and number.
    var seen: Set<UInt64> = []
  }

  private struct State: Sendable {
    var uses: [QuotaHolder: Use] = [:]
    var frozen: [QuotaHolder: Freeze] = [:]
  }

  private let control: ControlDatabase
  private let clock: @Sendable () -> Timestamp
  /// Called once for each freeze, after it holds.
  private let frozen: @Sendable (Freeze) async -> Void
  private let state: Mutex<State>

  package init(
    control: ControlDatabase, clock: @escaping @Sendable () -> Timestamp, frozen: @escaping @Sendable (Freeze) async -> Void = { _ in }
  ) async throws(AccessError) {
    self.control = control
    self.clock = clock
    self.frozen = frozen
    let today = Self.day(of: clock())
    let (uses, freezes) = try await control.quotaState(of: today)
    state = Mutex(
      State(
        uses: uses.mapValues { Use(day: today, used: $0, reserved: $0) },
        frozen: Dictionary(freezes.map { ($0.holder, $0) }, uniquingKeysWith: { $1 })))
  }

  package static func day(of time: Timestamp) -> Int { Int((Double(time.milliseconds) / 86_400_000).rounded(.down)) }

  /// The brake of the ledger: lets a disclosure pass and charges it, or throws.
  ///
  /// - Throws: `frozen`, or `overQuota`; then nothing is charged. A disclosure that takes a part is told how many rows are left.
  package func charge(_ disclosure: Disclosure, to principal: Principal) async throws(LedgerError) {
    guard let holder = QuotaHolder(principal) else { return }
    if case .settings = disclosure.kind { return }
    guard state.withLock({ $0.frozen[holder] }) == nil else { throw Self.isFrozen }
    let rows = disclosure.rows
    guard rows > 0 || disclosure.bytes > 0 || !disclosure.subjects.isEmpty else { return }
    let quota = control.quota(of: holder)
    let project = UInt64(UInt32(truncatingIfNeeded: disclosure.project?.rawValue ?? 0)) << 32
    let subjects = Set(disclosure.subjects.map { project | UInt64($0.rawValue) })

    enum Outcome: Sendable {
      case granted(day: Int, reserve: Quota?)
      case over(Quota.Measure, rowsLeft: Int)
      case frozen
    }
    let outcome = state.withLock { state -> Outcome in
      guard state.frozen[holder] == nil else { return .frozen }
      let nothing = Quota(rows: 0, subjects: 0, bytes: 0)
      // Inside the lock, and never back: around midnight requests come here in any order.
      let today = max(Self.day(of: clock()), state.uses[holder]?.day ?? .min)
      var use = state.uses[holder] ?? Use(day: today, used: nothing, reserved: nothing)
      if use.day != today { use = Use(day: today, used: nothing, reserved: nothing) }
      let new = subjects.subtracting(use.seen)
      let after = Quota(
        rows: use.used.rows + rows, subjects: use.used.subjects + new.count, bytes: use.used.bytes + disclosure.bytes)
      if let measure = Quota.Measure.allCases.first(where: { after[$0] > quota[$0] }) {
        state.uses[holder] = use
        let left = max(0, quota.rows - use.used.rows)
        if disclosure.takesPart, measure == .rows, left > 0 { return .over(.rows, rowsLeft: left) }
        state.frozen[holder] = Freeze(holder: holder, measure: measure, frozenAt: clock())
        return .over(measure, rowsLeft: 0)
      }
      use.used = after
      use.seen.formUnion(new)
      var reserve: Quota?
      if Quota.Measure.allCases.contains(where: { after[$0] > use.reserved[$0] }) {
        var block = use.reserved
        for measure in Quota.Measure.allCases where after[measure] > block[measure] {
          block[measure] = min(quota[measure], after[measure] + max(1, quota[measure] / 50))
        }
        reserve = block
      }
      state.uses[holder] = use
      return .granted(day: today, reserve: reserve)
    }
    switch outcome {
    case .granted(_, nil): return
    case .granted(let day, let reserve?):
      // Whoever goes above what is on the disk waits for it. A crash before this forgets a grant that nobody has seen; after it, at most a
      // block counts that nobody took.
      do { try await control.reserve(reserve, for: holder, on: day) } catch {
        throw LedgerError(.unwritable, "The use of the quota cannot be written down: \(error.message)")
      }
      state.withLock { state in
        guard var use = state.uses[holder], use.day == day else { return }
        for measure in Quota.Measure.allCases { use.reserved[measure] = max(use.reserved[measure], reserve[measure]) }
        state.uses[holder] = use
      }
    case .frozen: throw Self.isFrozen
    case .over(let measure, let left):
      if left == 0 { try await keep(Freeze(holder: holder, measure: measure, frozenAt: clock())) }
      throw LedgerError(
        .overQuota,
        left > 0
          ? "Only \(left) rows are left of today's quota."
          : "The day's quota of \(measure.rawValue) (\(quota[measure])) is used up. The credential is frozen until an admin lifts it.",
        rowsLeft: left)
    }
  }

  private func keep(_ freeze: Freeze) async throws(LedgerError) {
    do { try await control.note(freeze) } catch {
      throw LedgerError(.unwritable, "The freeze of a credential cannot be written down: \(error.message)")
    }
    await frozen(freeze)
  }

  private static let isFrozen = LedgerError(
    .frozen, "This credential is frozen: it used up a day's quota, or somebody froze it. An admin lifts it in the console, under Settings.")

  // MARK: What stands

  package func isFrozen(_ holder: QuotaHolder) -> Bool { state.withLock { $0.frozen[holder] != nil } }

  package var freezes: [Freeze] { state.withLock { Array($0.frozen.values) }.sorted { $0.frozenAt < $1.frozenAt } }

  /// What was used today.
  package func use(of holder: QuotaHolder) -> Quota {
    let today = Self.day(of: clock())
    let use = state.withLock { $0.uses[holder] }
    return use.flatMap { $0.day == today ? $0.used : nil } ?? Quota(rows: 0, subjects: 0, bytes: 0)
  }

  /// Freezes by hand.
  package func freeze(_ holder: QuotaHolder) async throws(AccessError) {
    let freeze = Freeze(holder: holder, measure: nil, frozenAt: clock())
    state.withLock { $0.frozen[holder] = freeze }
    try await control.note(freeze)
    await frozen(freeze)
  }

  /// Lifts a freeze; the day's count begins anew. False if there was none.
  package func lift(_ holder: QuotaHolder) async throws(AccessError) -> Bool {
    let today = Self.day(of: clock())
    let wasThere = try await control.lift(holder, on: today)
    state.withLock { state in
      state.frozen[holder] = nil
      state.uses[holder] = nil
    }
    return wasThere
  }
}
