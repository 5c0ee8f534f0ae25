import Access
import Events
import Foundation
import Ledger
import Testing

struct ServiceAccountTests {
  @Test func aSecretWorksUntilItIsRevoked() async throws {
    let here = try Surroundings()
    let project = try await here.control.createProject(name: "One").id
    let made = try await here.control.createServiceAccount(name: "importer", project: project, scopes: [.send])
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
      try await here.control.createServiceAccount(name: "x", project: ProjectID(9), scopes: [.send])
    }
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
    let session = try await here.control.useSetupLink(link.token.text)
    let custodian = try await here.control.issueCustodianToken()
    for file in here.files {
      let bytes = try Data(contentsOf: file)
      for secret in [account.secret, link.token, session.cookie, custodian] {
        #expect(bytes.range(of: Data(secret.text.dropFirst(4).dropLast(8).utf8)) == nil, "\(file.lastPathComponent)")
      }
    }
  }
}
