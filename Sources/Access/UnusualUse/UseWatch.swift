import Crypto
import Events
import Foundation
import Ledger
import Synchronization

/// Learns how each credential is used, and says where it is used unlike before.
///
/// It stands beside what it watches and stops nothing: quotas do that. A call that is like the one before costs a look under a lock; what is
/// learnt is written behind, every few seconds, so that a crash forgets the last of it. As many holders are kept as there are people and
/// service accounts.
package final class UseWatch: Sendable {
  private struct Holder: Sendable {
    var usual: UsualUse
    var recent: RecentUse
    /// What the call before looked like: the next one alike needs no thought. In memory alone.
    var address: String?
    var agent: String?
    var slot: Int64 = .min
    /// The hour that was counted last.
    var hour: Int64 = .min
    /// The most subjects within an hour of this day: usual from the next day on, so that nobody gets used to it within one.
    var day: Int32 = .min
    var subjectsToday = 0
    var isChanged = true
  }

  private let control: ControlDatabase
  private let key: SymmetricKey
  private let clock: @Sendable () -> Timestamp
  private let raised: @Sendable (QuotaHolder, UseReport) async -> Void
  private let state: Mutex<[QuotaHolder: Holder]>
  /// Within so long a call from the same place is of the same hour everywhere: zones are shifted by quarters of hours.
  private static let slot: Int64 = 900_000

  /// - Parameters:
  ///   - key: for the hashes of networks and clients; not in the database's directory.
  ///   - raised: called where a further signal takes a score to the threshold, or above it.
  package init(
    control: ControlDatabase, key: SymmetricKey, clock: @escaping @Sendable () -> Timestamp,
    raised: @escaping @Sendable (QuotaHolder, UseReport) async -> Void = { _, _ in }
  ) async throws(AccessError) {
    self.control = control
    self.key = key
    self.clock = clock
    self.raised = raised
    let known = try await control.usualUses()
    state = Mutex(
      Dictionary(
        known.map { ($0.holder, Holder(usual: $0.usual, recent: RecentUse(marks: $0.marks), isChanged: false)) },
        uniquingKeysWith: { $1 }))
  }

  // MARK: What happens

  /// A credential was accepted. The machine's user and the custodian are not watched.
  package func noteUse(by principal: Principal, from address: String?, agent: String?) async {
    guard let holder = QuotaHolder(principal) else { return }
    let now = clock()
    let slot = now.milliseconds / Self.slot
    let isLikeBefore = state.withLock { state -> Bool in
      guard let known = state[holder], known.slot == slot, known.address == address, known.agent == agent else { return false }
      state[holder]?.usual.uses += 1
      state[holder]?.usual.usedAt = now
      // How often matters until enough is learnt; later it is written with whatever comes next.
      if known.usual.uses <= UsualUse.usesToLearn { state[holder]?.isChanged = true }
      return true
    }
    if isLikeBefore { return }
    let family = ClientFamily.name(agent)
    let network = address.flatMap { NetworkPrefix(widened: $0) }.map { hash("network", $0.description, holder) }
    let client = hash("client", family, holder)
    let hour = UsualUse.hour(of: now, in: zone(of: holder))
    let report = change(holder, at: now) { known in
      let signals = known.usual.note(network: network, client: client, hour: hour, at: now)
      known.usual.uses += 1
      if known.hour != now.milliseconds / 3_600_000 {
        known.hour = now.milliseconds / 3_600_000
        known.usual.count(hour: hour)
      }
      (known.address, known.agent, known.slot) = (address, agent, slot)
      return signals.map { (signal: $0, number: nil, label: $0 == .newClient ? ClientFamily.shown(family) : nil) }
    }
    if let report { await raised(holder, report) }
  }

  /// Somebody asked about one subject.
  ///
  /// - Parameter isKnown: whether there is one of that name.
  package func noteLookUp(of subject: UInt64, isKnown: Bool, by principal: Principal) async {
    guard let holder = QuotaHolder(principal) else { return }
    let now = clock()
    let report = change(holder, at: now) { known in
      guard isKnown else {
        known.recent.misses.add(subject, at: now)
        return known.recent.misses.count >= RecentUse.misses ? [(.guessing, known.recent.misses.count, nil)] : []
      }
      let day = UsualUse.day(of: now)
      if known.day != day {
        known.usual.subjectsAnHour = max(known.usual.subjectsAnHour, known.subjectsToday)
        (known.day, known.subjectsToday) = (day, 0)
      }
      known.recent.subjects.add(subject, at: now)
      let count = known.recent.subjects.count
      known.subjectsToday = max(known.subjectsToday, count)
      let most = min(RecentUse.Window.most, max(RecentUse.subjects, RecentUse.subjectsFactor * known.usual.subjectsAnHour))
      return count >= most ? [(.enumeration, count, nil)] : []
    }
    if let report { await raised(holder, report) }
  }

  /// Something was granted and is about to be entered.
  package func note(_ disclosure: Disclosure, to principal: Principal) async {
    guard let holder = QuotaHolder(principal) else { return }
    let now = clock()
    let project = UInt64(UInt32(truncatingIfNeeded: disclosure.project?.rawValue ?? 0)) << 32
    switch disclosure.kind {
    case .subjects(_, let rows, _, _) where disclosure.bytes > 0 || rows >= Self.bulkRows: await noteBulk(holder, at: now)
    case .subjectSearch(_, let rows) where rows >= Self.bulkRows: await noteBulk(holder, at: now)
    // What the live view shows is what arrives, and nobody's choice.
    case .subjects(let set, _, _, _) where set.count == 1 && disclosure.purpose != "console.live":
      await noteLookUp(of: project | UInt64(set[0].rawValue), isKnown: true, by: principal)
    case .catalog where disclosure.purpose.hasSuffix(".values"):
      let question = disclosure.fields.first.map { UInt64(bitPattern: Int64($0.hashValue)) }
      let report = change(holder, at: now) { known in
        // One that has no values is another guess each time.
        known.recent.questions.add(question ?? UInt64.random(in: 0...UInt64.max), at: now)
        let count = known.recent.questions.count
        return count >= RecentUse.questions ? [(.schemaEnumeration, count, nil)] : []
      }
      if let report { await raised(holder, report) }
    case .aggregate, .catalog, .settings, .ledger, .subjects, .subjectSearch, .delivery: return
    }
  }

  /// An answer of so many rows about subjects is one in bulk, as every export is.
  package static let bulkRows = 1_000

  private func noteBulk(_ holder: QuotaHolder, at now: Timestamp) async {
    let report = change(holder, at: now) { known in
      guard known.usual.exportedAt == nil else { return [] }
      known.usual.exportedAt = now
      return [(.firstExport, nil, nil)]
    }
    if let report { await raised(holder, report) }
  }

  // MARK: What stands

  package func report(of holder: QuotaHolder) -> UseReport {
    let now = clock()
    return state.withLock { state in
      guard let known = state[holder] else { return UseReport(marks: [], isLearning: true) }
      return UseReport(marks: known.recent.marks(at: now), isLearning: known.usual.isLearning(at: now))
    }
  }

  package func report(ofAccount username: String) -> UseReport {
    report(of: QuotaHolder(stored: "\(Principal.Kind.serviceAccount.rawValue) \(username)"))
  }

  package func report(of staff: StaffMember.ID) -> UseReport {
    report(of: QuotaHolder(stored: "\(Principal.Kind.staff.rawValue) \(staff.rawValue)"))
  }

  /// Of somebody who is not there any more.
  package func forget(_ staff: StaffMember.ID) async throws(AccessError) {
    let holder = QuotaHolder(stored: "\(Principal.Kind.staff.rawValue) \(staff.rawValue)")
    state.withLock { $0[holder] = nil }
    try await control.forgetUsualUse(of: holder)
  }

  /// Writes down what was learnt since the last time.
  package func keep() async throws(AccessError) {
    let changed = state.withLock { state -> [KnownUse] in
      var changed: [KnownUse] = []
      let now = clock()
      for (holder, known) in state where known.isChanged {
        changed.append(KnownUse(holder: holder, usual: known.usual, marks: known.recent.marks(at: now)))
        state[holder]?.isChanged = false
      }
      return changed
    }
    guard !changed.isEmpty else { return }
    do { try await control.keep(changed) } catch {
      // It is tried again with whatever comes until then.
      state.withLock { state in for known in changed { state[known.holder]?.isChanged = true } }
      throw error
    }
  }

  // MARK: Parts

  private typealias Found = (signal: UseSignal, number: Int?, label: String?)

  /// - Returns: the report where the day had not seen one of the signals and the score is at the threshold now.
  private func change(_ holder: QuotaHolder, at now: Timestamp, _ look: (inout Holder) -> [Found]) -> UseReport? {
    state.withLock { state in
      var known = state.removeValue(forKey: holder) ?? Holder(usual: UsualUse(since: now), recent: RecentUse())
      defer { state[holder] = known }
      known.isChanged = true
      known.usual.usedAt = now
      let learning = known.usual.isLearning(at: now)
      var isNews = false
      for found in look(&known) where !learning || found.signal.countsWhileLearning {
        if known.recent.mark(found.signal, at: now, number: found.number, label: found.label) { isNews = true }
      }
      guard isNews else { return nil }
      let report = UseReport(marks: known.recent.marks(at: now), isLearning: learning)
      return report.isUnusual ? report : nil
    }
  }

  /// Keyed, and with the holder in it: the same network of two people is two numbers.
  private func hash(_ kind: String, _ text: String, _ holder: QuotaHolder) -> UInt64 {
    let code = HMAC<SHA256>.authenticationCode(for: Array("\(kind)\0\(holder)\0\(text)".utf8), using: key)
    return code.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func zone(of holder: QuotaHolder) -> TimeZone {
    let project =
      holder.isStaff
      ? control.projects().first : control.serviceAccount(holder.id).flatMap { control.project($0.project) }
    return project.flatMap { TimeZone(identifier: $0.zone) } ?? .gmt
  }
}
