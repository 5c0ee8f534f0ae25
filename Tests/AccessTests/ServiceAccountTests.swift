import Access
import Events
import Foundation
import Ledger
import SoftAuthenticator
import Testing

struct ServiceAccountTests {
  @Test func aSecretWorksUntilItIsRevoked() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let made = try await here.control.createServiceAccount(name: "importer", project: project, scopes: [.intake])
    #expect(made.account.username.hasPrefix("sa_"))
    let who = try #require(here.control.authenticate(username: made.account.username, secret: made.secret.text))
    #expect(who.principal.kind == .serviceAccount)
    #expect(who.principal.id == made.account.username)
    #expect(who.project == project)
    #expect(here.control.authenticate(secretAlone: made.secret.text) == who)
    #expect(here.control.authenticate(secretAlone: made.account.username) == nil && here.control.authenticate(secretAlone: "") == nil)
    _ = try await here.control.revokeServiceAccount(made.account.username)
    #expect(here.control.authenticate(username: made.account.username, secret: made.secret.text) == nil)
    #expect(here.control.authenticate(secretAlone: made.secret.text) == nil)
    let reopened = try here.reopened()
    #expect(reopened.authenticate(username: made.account.username, secret: made.secret.text) == nil)
    #expect(reopened.serviceAccounts(of: project).map(\.isRevoked) == [true])
  }

  @Test func wrongAndUnknownCredentialsAreAlike() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let one = try await here.control.createServiceAccount(name: "one", project: project, scopes: [.query])
    let two = try await here.control.createServiceAccount(name: "two", project: project, scopes: [.export])
    #expect(here.control.authenticate(username: one.account.username, secret: two.secret.text) == nil)
    #expect(here.control.authenticate(username: "sa_0000000000000000", secret: one.secret.text) == nil)
    #expect(here.control.authenticate(username: "", secret: "") == nil)
    #expect(here.control.authenticate(username: one.account.username, secret: "sls_" + String(repeating: "a", count: 60)) == nil)
    #expect(here.control.authenticate(username: one.account.username, secret: one.secret.text + " ") == nil)
    await #expect(throws: AccessError.self) { try await here.control.revokeServiceAccount("sa_0000000000000000") }
    await #expect(throws: AccessError.self) { try await here.control.createServiceAccount(name: "x", project: project, scopes: []) }
    await #expect(throws: AccessError.self) {
      try await here.control.createServiceAccount(name: "x", project: ProjectID(9), scopes: [.intake])
    }
  }

  @Test func aSecretOfNobodyIsKnownWithoutItsName() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let made = try await here.control.createServiceAccount(name: "one", project: project, scopes: [.query])
    #expect(here.control.stray(made.secret.text) == nil, "a good one is nobody's business")
    let rotated = try await here.control.rotateServiceAccount(made.account.username, overlap: .zero)
    let replaced = try #require(here.control.stray(made.secret.text))
    #expect(replaced.0.username == made.account.username && replaced.1 == .replaced)
    _ = try await here.control.revokeServiceAccount(made.account.username)
    #expect(here.control.stray(rotated.secret.text)?.1 == .revoked && here.control.stray(made.secret.text)?.1 == .revoked)
    let trap = try await here.control.createServiceAccount(
      ServiceAccountDraft(name: "trap", scopes: [.query], isCanary: true), project: project)
    #expect(here.control.stray(trap.secret.text)?.1 == .canary)
    for text in ["", "sls_", Secret.random(.serviceAccount).text, made.account.username] { #expect(here.control.stray(text) == nil) }
  }

  @Test func lastUseIsExactToAMinute() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let made = try await here.control.createServiceAccount(name: "one", project: project, scopes: [.query])
    func lastUsed() -> Timestamp? { here.control.serviceAccounts(of: project).first?.lastUsedAt }
    func use() { _ = here.control.authenticate(username: made.account.username, secret: made.secret.text) }
    #expect(lastUsed() == nil)
    use()
    let first = here.clock.now
    #expect(lastUsed() == first)
    here.clock.advance(by: .seconds(59))
    use()
    #expect(lastUsed() == first)
    here.clock.advance(by: .seconds(1))
    use()
    #expect(lastUsed() == here.clock.now)
    #expect(try here.reopened().serviceAccounts(of: nil).first?.lastUsedAt == here.clock.now)
  }

  @Test func secretsStandInNoFile() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let account = try await here.control.createServiceAccount(name: "one", project: project, scopes: [.query])
    let link = try await here.control.createSetupLink()
    var person = SoftPerson()
    let session = try await person.enrol(link, at: try here.desk())
    let custodian = try await here.control.issueCustodianToken()
    for file in here.files where !file.hasDirectoryPath {
      let bytes = try Data(contentsOf: file)
      for secret in [account.secret, link.token, session.cookie, custodian] {
        #expect(bytes.range(of: Data(secret.text.dropFirst(4).dropLast(8).utf8)) == nil, "\(file.lastPathComponent)")
      }
    }
  }
}

/// Ends, networks, rotations and traps.
struct ServiceAccountLimitTests {
  private func made(_ here: Surroundings, _ change: (inout ServiceAccountDraft) -> Void = { _ in }) async throws -> NewServiceAccount {
    let project = try await here.control.createProject(name: "P\(here.control.projects().count)").id
    var draft = ServiceAccountDraft(name: "one", scopes: [.query])
    change(&draft)
    return try await here.control.createServiceAccount(draft, project: project)
  }

  private func refusal(_ here: Surroundings, _ made: NewServiceAccount, secret: Secret? = nil, from address: String? = nil)
    -> Presented.Refusal?
  {
    let presented = here.control.present(username: made.account.username, secret: (secret ?? made.secret).text, from: address)
    if case .refused(_, let refusal) = presented { return refusal }
    return nil
  }

  @Test func everyAccountEnds() async throws {
    let here = try Surroundings()
    let made = try await made(here)
    here.clock.advance(by: .seconds(90 * 86_400 - 1))
    #expect(here.control.authenticate(username: made.account.username, secret: made.secret.text) != nil)
    here.clock.advance(by: .seconds(1))
    #expect(refusal(here, made) == .expired)
    for lifetime in [Duration.zero, .seconds(367 * 86_400)] {
      await #expect(throws: AccessError.self) { try await self.made(here) { $0.lifetime = lifetime } }
    }
  }

  @Test func anAccountOfANetworkIsOfUseThereAlone() async throws {
    let here = try Surroundings()
    let networks = try ["10.1.0.0/16", "2001:db8::/32"].map { try #require(NetworkPrefix($0)) }
    let made = try await made(here) { $0.networks = networks }
    for address in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::5"] { #expect(refusal(here, made, from: address) == nil, "\(address)") }
    for address in ["10.2.0.1", "2001:db9::1", "nonsense", nil] {
      #expect(refusal(here, made, from: address) == .network, "\(address ?? "none")")
    }
    #expect(try here.reopened().serviceAccounts(of: nil).first?.networks == networks)
  }

  @Test func aRotationOverlapsAndEnds() async throws {
    let here = try Surroundings()
    let first = try await made(here)
    here.clock.advance(by: .seconds(50))
    let second = try await here.control.rotateServiceAccount(first.account.username, overlap: .seconds(3_600))
    here.clock.advance(by: .seconds(3_599))
    #expect(refusal(here, first) == nil && refusal(here, second) == nil)
    here.clock.advance(by: .seconds(1))
    #expect(refusal(here, first) == .replaced && refusal(here, second) == nil)
    let reopened = try here.reopened()
    if case .refused(_, .replaced) = reopened.present(username: first.account.username, secret: first.secret.text, from: nil) {
    } else {
      Issue.record("the replaced secret after a restart")
    }
    if case .accepted = reopened.present(secretAlone: second.secret.text, from: nil) {} else { Issue.record("the newest secret") }
  }

  @Test func aLeakedSecretIsRotatedWithoutOverlap() async throws {
    let here = try Surroundings()
    let first = try await made(here)
    let second = try await here.control.rotateServiceAccount(first.account.username, overlap: .zero)
    #expect(refusal(here, first) == .replaced && refusal(here, second) == nil)
  }

  @Test func aSecretThatWasReplacedTwiceIsKnownStill() async throws {
    let here = try Surroundings()
    let first = try await made(here)
    let name = first.account.username
    let second = try await here.control.rotateServiceAccount(name, overlap: .seconds(3_600))
    let third = try await here.control.rotateServiceAccount(name, overlap: .seconds(3_600))
    #expect(refusal(here, first) == .replaced && refusal(here, second) == nil && refusal(here, third) == nil)
    let reopened = try here.reopened()
    for presented in [
      reopened.present(username: name, secret: first.secret.text, from: nil), reopened.present(secretAlone: first.secret.text, from: nil),
    ] {
      guard case .refused(let account, .replaced) = presented else {
        Issue.record("the secret before the last one is a stranger's")
        continue
      }
      #expect(NewAlert.refused(account, .replaced)?.kind == .revokedCredentialUsed)
    }
    if case .accepted = reopened.present(username: name, secret: third.secret.text, from: nil) {} else { Issue.record("the newest secret") }
  }

  @Test func whatWasAcceptedWithAReplacedSecretEndsWithItsOverlap() async throws {
    let here = try Surroundings()
    let first = try await made(here)
    let name = first.account.username
    func accepted(_ made: NewServiceAccount) throws -> Authenticated {
      try #require(here.control.authenticate(username: name, secret: made.secret.text))
    }
    let before = try accepted(first)
    #expect(here.control.isStillGood(before))
    let second = try await here.control.rotateServiceAccount(name, overlap: .seconds(3_600))
    let after = try accepted(second)
    #expect(here.control.isStillGood(before) && here.control.isStillGood(after))
    here.clock.advance(by: .seconds(3_600))
    #expect(!here.control.isStillGood(before) && here.control.isStillGood(after))
    // It has leaked: at once.
    let third = try await here.control.rotateServiceAccount(name, overlap: .zero)
    let newest = try accepted(third)
    #expect(!here.control.isStillGood(before) && !here.control.isStillGood(after) && here.control.isStillGood(newest))
    // The one before the last is not good again by another overlap.
    _ = try await here.control.rotateServiceAccount(name, overlap: .seconds(3_600))
    #expect(!here.control.isStillGood(before) && !here.control.isStillGood(after))
  }

  @Test func aTrapOpensNothingAndSaysWhoseItIs() async throws {
    let here = try Surroundings()
    let made = try await made(here) { $0.isCanary = true }
    #expect(refusal(here, made) == .canary)
    await #expect(throws: AccessError.self) { try await here.control.rotateServiceAccount(made.account.username, overlap: .zero) }
    #expect(try here.reopened().serviceAccounts(of: nil).first?.isCanary == true)
  }

  @Test("beside any number of rotations a revocation stays", arguments: 0..<20)
  func revokedBesideRotations(round: Int) async throws {
    let here = try Surroundings()
    let made = try await made(here)
    let name = made.account.username
    let secrets = await withTaskGroup { group in
      for _ in 0..<4 { group.addTask { (try? await here.control.rotateServiceAccount(name, overlap: .seconds(60)))?.secret } }
      group.addTask {
        _ = try? await here.control.revokeServiceAccount(name)
        return nil
      }
      return await group.reduce(into: [made.secret]) { if let secret = $1 { $0.append(secret) } }
    }
    for secret in secrets { #expect(here.control.authenticate(username: name, secret: secret.text) == nil) }
    let before = here.control.serviceAccount(name)
    #expect(before?.isRevoked == true)
    #expect(try here.reopened().serviceAccount(name)?.isRevoked == true)
  }

  @Test func aRevokedOneIsToldFromAnUnknownOne() async throws {
    let here = try Surroundings()
    let made = try await made(here)
    let who = try #require(here.control.authenticate(username: made.account.username, secret: made.secret.text))
    #expect(try await here.control.isStillGood(who, for: .queryAggregates, in: made.account.project))
    try await here.control.expectGood(who.principal)
    _ = try await here.control.revokeServiceAccount(made.account.username)
    #expect(try await !here.control.isStillGood(who, for: .queryAggregates, in: made.account.project))
    let refused = await #expect(throws: LedgerError.self) { try await here.control.expectGood(who.principal) }
    #expect(refused?.code == .revoked)
    #expect(refusal(here, made) == .revoked)
    if case .unknown = here.control.present(username: made.account.username, secret: Secret.random(.serviceAccount).text, from: nil) {
    } else {
      Issue.record("a wrong secret")
    }
  }

  @Test(
    arguments: [
      ("10.0.0.0/8", "10.0.0.0/8"), ("10.20.30.40/8", "10.0.0.0/8"), ("192.0.2.1", "192.0.2.1"), ("2001:DB8::/32", "2001:db8::/32"),
      ("0.0.0.0/0", "0.0.0.0/0"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ])
  func networksAreWrittenInOneWay(text: String, written: String) throws {
    #expect(try #require(NetworkPrefix(text)).description == written)
  }

  @Test(arguments: [
    "", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08", "example.com", "2001:db8::/129", "1.2.3.4/8/8",
  ])
  func whatIsNoNetworkIsNone(text: String) { #expect(NetworkPrefix(text) == nil) }
}
