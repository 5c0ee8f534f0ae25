import Access
import Events
import Ledger
import Synchronization
import Testing

struct QuotaTests {
  private static let project = ProjectID(1)

  private func page(_ rows: Int, subjects: [UInt32]? = nil, bytes: Int = 0, takesPart: Bool = false) -> Disclosure {
    Disclosure(
      .subjects(set: (subjects ?? [1]).map { SubjectNumber($0) }, rows: rows), project: Self.project, purpose: "test", bytes: bytes,
      takesPart: takesPart)
  }

  private func account(_ here: Surroundings, _ quota: Quota) async throws -> Principal {
    if here.control.projects().isEmpty { _ = try await here.control.createProject(name: "One") }
    let made = try await here.control.createServiceAccount(
      ServiceAccountDraft(name: "export", scopes: [.export], quota: quota), project: here.control.projects()[0].id)
    return Principal(kind: .serviceAccount, id: made.account.username, credential: made.account.username)
  }

  private func book(_ here: Surroundings, _ frozen: @escaping @Sendable (Freeze) -> Void = { _ in }) async throws -> QuotaBook {
    try await QuotaBook(control: here.control, clock: { [clock = here.clock] in clock.now }, frozen: { frozen($0) })
  }

  /// Takes pages of this size until nothing more comes, and fewer rows where only a part is left, as an export does.
  private func drain(_ book: QuotaBook, _ who: Principal, page size: Int) async -> Int {
    var taken = 0
    var next = size
    while true {
      do {
        try await book.charge(page(next, takesPart: true), to: who)
        taken += next
        next = size
      } catch {
        guard error.code == .overQuota, error.rowsLeft > 0 else { return taken }
        next = min(next, error.rowsLeft)
      }
    }
  }

  @Test("exactly the quota leaves", arguments: [1, 7, 99, 100, 101, 1_000])
  func exactlyTheQuota(size: Int) async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 1_000, subjects: 10, bytes: 0))
    let freezes = Mutex(0)
    let book = try await book(here) { _ in freezes.withLock { $0 += 1 } }
    #expect(await drain(book, who, page: size) == 1_000)
    #expect(freezes.withLock { $0 } == 1)
    #expect(book.freezes.map(\.measure) == [.rows])
  }

  @Test func exactlyTheQuotaWithFiftyAtOnce() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 12_345, subjects: 10, bytes: 0))
    let freezes = Mutex(0)
    let book = try await book(here) { _ in freezes.withLock { $0 += 1 } }
    let taken = await withTaskGroup { group in
      for index in 0..<50 { group.addTask { await self.drain(book, who, page: 37 + index) } }
      return await group.reduce(0, +)
    }
    #expect(taken == 12_345)
    #expect(freezes.withLock { $0 } == 1)
  }

  @Test func aPageThatTakesNoPartIsRefusedWholeAndFreezes() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 100, subjects: 10, bytes: 0))
    let book = try await book(here)
    try await book.charge(page(60), to: who)
    await #expect(throws: LedgerError.self) { try await book.charge(page(41), to: who) }
    do {
      try await book.charge(page(1), to: who)
      Issue.record("a frozen credential got a row")
    } catch { #expect(error.code == .frozen) }
    // Nor figures, but what it may know about itself.
    let figures = Disclosure(.aggregate(queryDigest: "", dataVersion: 1, groupSizes: []), project: Self.project, purpose: "test")
    await #expect(throws: LedgerError.self) { try await book.charge(figures, to: who) }
    try await book.charge(Disclosure(.settings, project: nil, purpose: "test"), to: who)
  }

  @Test func aSubjectCountsOnceADay() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 1_000, subjects: 3, bytes: 0))
    let book = try await book(here)
    for _ in 0..<10 { try await book.charge(page(1, subjects: [1, 2, 3]), to: who) }
    #expect(book.use(of: try #require(QuotaHolder(who))).subjects == 3)
    await #expect(throws: LedgerError.self) { try await book.charge(page(1, subjects: [3, 4]), to: who) }
    #expect(book.freezes.map(\.measure) == [.subjects])
  }

  @Test func bytesCount() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 1_000, subjects: 3, bytes: 1_000))
    let book = try await book(here)
    try await book.charge(page(1, bytes: 1_000), to: who)
    await #expect(throws: LedgerError.self) { try await book.charge(page(1, bytes: 1), to: who) }
    #expect(book.freezes.map(\.measure) == [.bytes])
  }

  @Test func aNewDayBeginsAnew() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 100, subjects: 10, bytes: 0))
    let book = try await book(here)
    try await book.charge(page(100), to: who)
    here.clock.advance(by: .seconds(86_400))
    try await book.charge(page(100), to: who)
  }

  @Test("a restart never gives back what was used, and takes at most a block")
  func restarts() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 1_000, subjects: 1_000, bytes: 0))
    var taken = 0
    for _ in 0..<8 {
      // A crash: the book is forgotten as it is.
      let book = try await book(here)
      for _ in 0..<5 {
        if (try? await book.charge(page(13, takesPart: true), to: who)) != nil { taken += 13 }
      }
    }
    taken += await drain(try await book(here), who, page: 13)
    #expect(taken <= 1_000)
    #expect(taken >= 1_000 - 9 * (20 + 13), "\(taken)")
  }

  @Test func aFreezeOutlivesARestartAndIsLifted() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 10, subjects: 10, bytes: 0))
    let first = try await book(here)
    _ = await drain(first, who, page: 10)
    let again = try await book(here)
    let holder = try #require(QuotaHolder(who))
    #expect(again.isFrozen(holder))
    #expect(try await again.lift(holder))
    #expect(try await !again.lift(holder))
    try await again.charge(page(10), to: who)
    #expect(try await !book(here).isFrozen(holder))
  }

  @Test func whoHasNoQuotaIsNotCounted() async throws {
    let here = try Surroundings()
    let book = try await book(here)
    for kind in [Principal.Kind.operatingSystemUser, .custodian, .system] {
      let who = Principal(kind: kind, id: "x", credential: "x")
      for _ in 0..<100 { try await book.charge(page(10_000), to: who) }
    }
    #expect(book.freezes.isEmpty)
  }

  @Test("a person's browsers share one quota")
  func sessionsShare() async throws {
    let here = try Surroundings()
    let book = try await book(here)
    let people = ["ses_1", "ses_2"].map { Principal(kind: .staff, id: "st_1", credential: $0) }
    for who in people { try await book.charge(page(Quota.staff.rows / 2), to: who) }
    await #expect(throws: LedgerError.self) { try await book.charge(page(1), to: people[0]) }
    await #expect(throws: LedgerError.self) { try await book.charge(page(1), to: people[1]) }
  }

  @Test("an owner's quota for people holds at once, in the middle of a day, and after a restart")
  func staffQuotaIsSet() async throws {
    let here = try Surroundings()
    #expect(here.control.staffQuota == .staff)
    let book = try await book(here)
    let who = Principal(kind: .staff, id: "st_1", credential: "ses_1")
    try await book.charge(page(60), to: who)
    try await here.control.setStaffQuota(Quota(rows: 100, subjects: 5, bytes: 1 << 20))
    #expect(await drain(book, who, page: 7) == 40)
    #expect(book.freezes.map(\.measure) == [.rows])
    let reopened = try here.reopened()
    #expect(reopened.staffQuota == Quota(rows: 100, subjects: 5, bytes: 1 << 20))
    // Lower than what was taken: nothing more.
    let other = Principal(kind: .staff, id: "st_2", credential: "ses_2")
    let later = try await QuotaBook(control: reopened, clock: { [clock = here.clock] in clock.now })
    try await later.charge(page(10), to: other)
    try await reopened.setStaffQuota(Quota(rows: 9, subjects: 5, bytes: 0))
    await #expect(throws: LedgerError.self) { try await later.charge(page(1), to: other) }
    // Tried only, or out of bounds: nothing changes.
    try await reopened.setStaffQuota(.staff, undone: true)
    for bad in [Quota(rows: -1, subjects: 0, bytes: 0), Quota(rows: 0, subjects: Quota.largest + 1, bytes: 0)] {
      await #expect(throws: AccessError.self) { try await reopened.setStaffQuota(bad) }
    }
    #expect(reopened.staffQuota.rows == 9)
    // Damaged: rather nothing than the default.
    try await reopened.setSetting("staff_quota", to: "rows=many")
    try reopened.close()
    let damaged = try here.opened()
    #expect(damaged.staffQuota == Quota(rows: 0, subjects: 0, bytes: 0))
    try damaged.close()
  }

  @Test func pseudonymsAmongFiguresCountAsSubjects() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 1_000, subjects: 3, bytes: 0))
    let book = try await book(here)
    func figures(_ named: ClosedRange<UInt32>) -> Disclosure {
      Disclosure(
        .aggregate(queryDigest: "", dataVersion: 1, groupSizes: []), project: Self.project, purpose: "test",
        subjectsInValues: named.map { SubjectNumber($0) })
    }
    try await book.charge(figures(1...3), to: who)
    await #expect(throws: LedgerError.self) { try await book.charge(figures(4...4), to: who) }
    #expect(book.freezes.map(\.measure) == [.subjects])
  }

  @Test("a clock that goes back over midnight opens no second quota")
  func theDayNeverGoesBack() async throws {
    let here = try Surroundings()
    let who = try await account(here, Quota(rows: 100, subjects: 10, bytes: 0))
    let book = try await book(here)
    here.clock.advance(by: .seconds(86_400))
    try await book.charge(page(100), to: who)
    here.clock.advance(by: .seconds(-86_400))
    await #expect(throws: LedgerError.self) { try await book.charge(page(1), to: who) }
  }
}
