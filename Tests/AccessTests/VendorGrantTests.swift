import Access
import Events
import Foundation
import TestSupport
import Testing

/// The inventory of ways in that vendors were given: what is known, and what is wrong with it.
struct VendorGrantTests {
  static let day: Int64 = 86_400_000
  static let now = Timestamp(milliseconds: 1_000 * day)

  static func at(_ days: Int64) -> Timestamp { Timestamp(milliseconds: now.milliseconds + days * day) }

  static func grant(
    _ id: Int64, vendor: String? = "tallymark", scopes: [String] = [], created: Int64? = -10, used: Int64? = -1, expires: Int64? = 30,
    retired: Int64? = nil, revoked: Int64? = nil
  ) -> VendorGrant {
    VendorGrant(
      id: id, project: ProjectID(1),
      draft: VendorGrantDraft(
        vendor: vendor.flatMap(Vendor.ID.init(rawValue:)), name: "g\(id)", kind: .apiKey, scopes: scopes, createdAt: created.map(at),
        lastUsedAt: used.map(at), expiresAt: expires.map(at), retiredAt: retired.map(at), revokedAt: revoked.map(at)), source: .byHand,
      recordedAt: at(-10), updatedAt: at(-10))
  }

  static func findings(_ grants: [VendorGrant]) -> [Int64: [VendorGrant.Finding]] {
    VendorGrant.findings(of: grants, declared: Set([Vendor.ID(rawValue: "tallymark")].compactMap(\.self)), at: now)
  }

  @Test func whatIsInOrderHasNoFindings() { #expect(Self.findings([Self.grant(1)]).isEmpty) }

  @Test(
    arguments: [
      (grant(1, retired: -2), [.retiredButLive, .usedAfterRetirement]), (grant(1, used: -3, retired: -2), [.retiredButLive]),
      (grant(1, used: -3, retired: -2, revoked: -1), []),
      // Dead by itself; that it was used since it was retired is remembered.
      (grant(1, used: -1, expires: -1, retired: -2), [.usedAfterRetirement]),
      (grant(1, used: 0, retired: -3, revoked: -2), [.retiredButLive, .usedAfterRetirement, .usedAfterRevocation]),
      (grant(1, vendor: nil), [.undeclaredVendor]), (grant(1, vendor: "unknown"), [.undeclaredVendor]),
      (grant(1, expires: nil), [.neverExpires]),
      (grant(1, created: -500, used: -91), [.unused]), (grant(1, created: -91, used: nil), [.unused]),
      (grant(1, created: -500, used: -90), []),
      // Nothing is known of its age but when it was written down.
      (grant(1, created: nil, used: nil), []), (grant(1, scopes: ["repo:*"]), [.wideScope]),
      (grant(1, vendor: nil, scopes: ["*"], created: -500, used: -400, expires: nil, revoked: -300), []),
    ] as [(VendorGrant, [VendorGrant.Finding])])
  func eachFaultIsFound(grant: VendorGrant, expected: [VendorGrant.Finding]) {
    #expect(Self.findings([grant])[1] ?? [] == expected)
    #expect(expected.contains(where: \.isRed) == (expected.contains(.retiredButLive) || expected.contains(.usedAfterRevocation)))
  }

  @Test func whatLivesOfAKilledVendorIsRed() throws {
    let vendor = try #require(Vendor.ID(rawValue: "tallymark"))
    let grants = [
      Self.grant(1), Self.grant(2, revoked: 0), Self.grant(3, expires: -1), Self.grant(4, vendor: "other"), Self.grant(5, retired: -2),
    ]
    let found = VendorGrant.findings(of: grants, declared: [vendor], killed: [vendor], at: Self.now)
    #expect(found[1] == [.vendorKilledButLive] && found[2] == nil && found[3] == nil && found[4] == [.undeclaredVendor])
    #expect(found[5] == [.retiredButLive, .vendorKilledButLive, .usedAfterRetirement])
    #expect(VendorGrant.Finding.vendorKilledButLive.isRed)
  }

  @Test(arguments: ["parts/1999 + ! - =task-1", "parts/2 =7", "parts/5000"])
  func whatBecameOfARequestsPartsIsReadAsItWasWritten(text: String) {
    #expect(DeletionTasks(text).text == text)
  }

  @Test func theNumberOfAnEarlierVersionIsTheOnlyRequests() {
    let tasks = DeletionTasks("erasures-3")
    #expect(tasks.parts == [.taken("erasures-3")] && tasks.canBeAsked && !tasks.areAllDone)
    #expect(DeletionTasks("parts/3 + +").areAllDone && !DeletionTasks("parts/3 + !").areAllDone && !DeletionTasks("parts/3").areAllDone)
    #expect(!DeletionTasks("parts/3 - +").canBeAsked)
  }

  @Test func aScopeThatNoOtherHasIsWide() {
    let found = Self.findings([
      Self.grant(1, scopes: ["read"]), Self.grant(2, scopes: ["read", "write"]), Self.grant(3, scopes: ["read"]),
      // Neither dead ones nor those of others count as company.
      Self.grant(4, scopes: ["write"], revoked: -1), Self.grant(5, vendor: "other", scopes: ["write"]),
    ])
    #expect(found[1] == nil && found[2] == [.wideScope] && found[3] == nil && found[4] == nil && found[5] == [.undeclaredVendor])
  }

  // MARK: The database

  static func draft(_ name: String, vendor: String? = "tallymark", client: String? = nil) -> VendorGrantDraft {
    VendorGrantDraft(vendor: vendor.flatMap(Vendor.ID.init(rawValue:)), client: client, name: name, kind: .oauthGrant, scopes: ["b", "a"])
  }

  @Test func theSameListTwiceChangesNothing() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let list = [Self.draft("a"), Self.draft("b", client: "id-b"), Self.draft("a", vendor: nil), Self.draft("a", vendor: "other")]
    #expect(try await here.control.importGrants(list, in: project, undone: true) == VendorGrantImport(new: 4))
    #expect(try await here.control.vendorGrants(of: project).isEmpty, "it was only tried")
    #expect(try await here.control.importGrants(list, in: project) == VendorGrantImport(new: 4))
    #expect(try await here.control.importGrants(list, in: project) == VendorGrantImport(unchanged: 4))
    // A new name under the same client is the same grant; use is remembered, and never goes back.
    var newer = Self.draft("b renamed", client: "id-b")
    newer.lastUsedAt = Self.at(-1)
    #expect(try await here.control.importGrants([newer], in: project) == VendorGrantImport(changed: 1))
    newer.lastUsedAt = Self.at(-5)
    #expect(try await here.control.importGrants([newer], in: project) == VendorGrantImport(unchanged: 1))
    let grants = try await here.control.vendorGrants(of: project)
    #expect(grants.count == 4 && grants.first { $0.draft.client == "id-b" }?.draft.lastUsedAt == Self.at(-1))
    #expect(grants.allSatisfy { $0.draft.scopes == ["a", "b"] })
  }

  @Test func whatPeopleSaidOutlivesTheNextList() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let id = try await here.control.record(Self.draft("a"), in: project)
    await #expect(throws: AccessError.self) { _ = try await here.control.record(Self.draft("a"), in: project) }
    try await here.control.retireGrant(id, undone: true)
    #expect(try await here.control.vendorGrant(id)?.draft.retiredAt == nil)
    try await here.control.retireGrant(id)
    await #expect(throws: AccessError.self) { try await here.control.retireGrant(id) }
    _ = try await here.control.importGrants([Self.draft("a")], in: project)
    #expect(try await here.control.vendorGrant(id)?.draft.retiredAt != nil)
    try await here.control.revokeGrant(id)
    await #expect(throws: AccessError.self) { try await here.control.revokeGrant(id) }
    _ = try await here.control.importGrants([Self.draft("a")], in: project)
    #expect(try await here.control.vendorGrant(id)?.draft.revokedAt != nil)
    await #expect(throws: AccessError.self) { try await here.control.revokeGrant(99) }
  }

  @Test func somebodyIsToldOnceADay() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let id = try await here.control.record(Self.draft("a"), in: project)
    #expect(try await here.control.grantsToTell().isEmpty)
    try await here.control.retireGrant(id)
    let due = try await here.control.grantsToTell()
    #expect(due.map(\.id) == [id])
    try await here.control.noteTold(due)
    #expect(try await here.control.grantsToTell().isEmpty)
    here.clock.advance(by: .seconds(86_399))
    #expect(try await here.control.grantsToTell().isEmpty)
    here.clock.advance(by: .seconds(2))
    #expect(try await here.control.grantsToTell().map(\.id) == [id])
    try await here.control.revokeGrant(id)
    #expect(try await here.control.grantsToTell().isEmpty)
  }

  @Test func aListIsBounded() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let most = ControlDatabase.mostGrants
    _ = try await here.control.importGrants((0..<most).map { Self.draft("g\($0)") }, in: project)
    await #expect(throws: AccessError.self) {
      _ = try await here.control.importGrants([Self.draft("g0"), Self.draft("one more")], in: project)
    }
    await #expect(throws: AccessError.self) { _ = try await here.control.record(Self.draft("one more"), in: project) }
    #expect(try await here.control.vendorGrants(of: project).count == most)
  }

  // MARK: Third parties

  @Test func hostsAreCountedByDayAndBounded() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    func add(_ sightings: [(String, String, Int)]) async throws -> ([String], Int) {
      let done = try await here.control.addThirdParties(
        sightings.map { ThirdPartySighting(host: $0.0, directive: $0.1, count: $0.2) }, of: project)
      return (done.new, done.leftOut)
    }
    #expect(
      try await add([("a.example", "img-src", 2), ("a.example", "script-src", 1), ("b.example", "img-src", 1)]).0 == [
        "a.example", "b.example",
      ])
    here.clock.advance(by: .seconds(86_400))
    #expect(try await add([("a.example", "img-src", 4)]).0.isEmpty)
    let found = try await here.control.thirdParties(of: project)
    #expect(found.map(\.host) == ["a.example", "b.example"] && found.map(\.count) == [7, 1])
    #expect(found[0].directives == ["img-src", "script-src"] && found[0].lastDay == found[0].firstDay + 1)
    let many = (0..<1_100).map { ("h\($0).example", "img-src", 1) }
    #expect(try await add(many).1 == 102, "a thousand hosts, two of which were there")
    #expect(try await add([("a.example", "img-src", 1), ("new.example", "img-src", 1)]) == ([], 1), "a known one counts on")
    here.clock.advance(by: .seconds(91 * 86_400))
    #expect(try await add([("c.example", "img-src", 1)]).0 == ["c.example"])
    #expect(try await here.control.thirdParties(of: project).map(\.host) == ["c.example"], "what is old is forgotten")
  }
}
