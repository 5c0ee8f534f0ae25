import Access
import Events
import Ledger
import Response
import Synchronization
import Testing

/// The figures that pages show are there at once, whatever the computation does.
struct BlastRadiusBookTests {
  private final class Counter: Sendable {
    let count = Mutex(0)
    let isHeld = Mutex(false)
    func add() -> Int {
      count.withLock {
        $0 += 1
        return $0
      }
    }
  }

  private static func book(
    _ company: BlastRadiusTests.Company, _ counter: Counter, failing: Bool = false
  ) -> BlastRadiusBook {
    BlastRadiusBook(
      control: company.control, ledger: company.ledger, projects: { [id = company.project.id] in [id] },
      compute: { [maker = company.maker, place = company.place()] id in
        _ = counter.add()
        if failing { throw AccessError(.unavailable, "broken") }
        while counter.isHeld.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
        return try await maker.blastRadius(of: id, place)
      })
  }

  @Test func whoeverAsksWaitsForNothing() async throws {
    let company = try await BlastRadiusTests.Company()
    company.arrive(4)
    let counter = Counter()
    let book = Self.book(company, counter)
    #expect(book.newest(of: company.project.id) == nil, "nothing was computed yet, and that is said at once")
    await book.refresh()
    let first = try #require(book.newest(of: company.project.id))
    #expect(first.people == 4)
    // The next computation hangs, as if the index were being built: what was there before is shown.
    company.arrive(9)
    counter.isHeld.withLock { $0 = true }
    let refreshing = Task { await book.refresh() }
    while counter.count.withLock({ $0 }) < 2 { try await Task.sleep(for: .milliseconds(2)) }
    let clock = ContinuousClock()
    let waited = clock.measure { #expect(book.newest(of: company.project.id) == first) }
    #expect(waited < .milliseconds(100))
    counter.isHeld.withLock { $0 = false }
    await refreshing.value
    #expect(book.newest(of: company.project.id)?.people == 9)
  }

  @Test func aStopEndsAComputationThatHangs() async throws {
    let company = try await BlastRadiusTests.Company()
    let counter = Counter()
    counter.isHeld.withLock { $0 = true }
    let book = Self.book(company, counter)
    let running = Task { await book.run(lookingEvery: .milliseconds(5)) }
    while counter.count.withLock({ $0 }) < 1 { try await Task.sleep(for: .milliseconds(2)) }
    running.cancel()
    await running.value
    #expect(book.newest(of: company.project.id) == nil)
  }

  @Test func anActIsFollowedByAComputation() async throws {
    let company = try await BlastRadiusTests.Company()
    company.arrive(4)
    let account = try await company.account("A", [.export])
    let counter = Counter()
    let book = Self.book(company, counter)
    let running = Task { await book.run(lookingEvery: .milliseconds(5)) }
    defer { running.cancel() }
    while book.newest(of: company.project.id)?.day.credentialPeople != 4 { try await Task.sleep(for: .milliseconds(5)) }
    _ = try await company.control.revokeServiceAccount(account.username)
    try await company.ledger.record(
      .serviceAccountRevoked(username: account.username, project: company.project.id),
      by: Principal(kind: .staff, id: "st_0", credential: "ses_0"))
    let began = ContinuousClock.now
    while book.newest(of: company.project.id)?.day.credentialPeople != 0 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(ContinuousClock.now - began < BlastRadiusBook.shortestPause, "sooner than without an act")
    // The day's row has what was computed last.
    var days: [ExposureDay] = []
    for _ in 0..<200 where days.first?.credentialPeople != 0 {
      days = try await company.control.exposureDays(of: company.project.id, from: 0)
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(days.map(\.credentialPeople) == [0])
  }

  @Test func whatFailsKeepsTheFiguresOfBefore() async throws {
    let company = try await BlastRadiusTests.Company()
    let counter = Counter()
    let book = Self.book(company, counter, failing: true)
    await book.refresh()
    #expect(book.newest(of: company.project.id) == nil)
    #expect(try await company.control.exposureDays(of: company.project.id, from: 0).isEmpty)
  }

  @Test(
    "what changes who reaches what",
    arguments: [
      ("service_account_revoked", true), ("vendor_killed", true), ("vendor_deletion_confirmed", true), ("staff_roles_changed", true),
      ("disclosure.delivery", false), ("disclosure.aggregate", false), ("alert_raised", false),
    ])
  func kinds(_ kind: String, _ changes: Bool) { #expect(BlastRadiusBook.changesReach(kind) == changes) }

  @Test func fourHundredDaysAreKept() async throws {
    let company = try await BlastRadiusTests.Company()
    func day(_ number: Int, _ people: Int) -> ExposureDay {
      ExposureDay(day: number, credentialPeople: people, vendorPeople: nil, rowHolders: 1, fields: 2)
    }
    for number in 1...410 { try await company.control.keep(day(number, number), of: company.project.id) }
    try await company.control.keep(day(410, 7), of: company.project.id)
    let kept = try await company.control.exposureDays(of: company.project.id, from: 0)
    #expect(kept.count == 400 && kept.first?.day == 11 && kept.last == day(410, 7))
    #expect(try await company.control.exposureDays(of: company.project.id, from: 400).count == 11)
  }
}
