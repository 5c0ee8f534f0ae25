import Access
import Events
import Testing

struct SessionTests {
  private func signIn(_ here: Surroundings) async throws -> NewSession {
    try await here.control.useSetupLink(try await here.control.createSetupLink().token.text)
  }

  @Test func aSetupLinkWorksOnceEvenForManyAtOnce() async throws {
    let here = try Surroundings()
    let link = try await here.control.createSetupLink()
    let wins = await withTaskGroup { group in
      for _ in 0..<40 {
        group.addTask { (try? await here.control.useSetupLink(link.token.text)) != nil ? 1 : 0 }
      }
      return await group.reduce(0, +)
    }
    #expect(wins == 1)
    #expect(try await here.control.sessions().count == 1)
    do {
      _ = try await here.control.useSetupLink(link.token.text)
      Issue.record("used twice")
    } catch {
      #expect(error.code == .linkNotValid)
    }
  }

  @Test func aSetupLinkEndsAfterAnHour() async throws {
    let here = try Surroundings()
    let early = try await here.control.createSetupLink()
    let late = try await here.control.createSetupLink()
    here.clock.advance(by: .seconds(3599))
    _ = try await here.control.useSetupLink(early.token.text)
    here.clock.advance(by: .seconds(1))
    await #expect(throws: AccessError.self) { try await here.control.useSetupLink(late.token.text) }
    await #expect(throws: AccessError.self) { try await here.control.useSetupLink(Secret.random(.setupLink).text) }
    await #expect(throws: AccessError.self) { try await here.control.useSetupLink("") }
  }

  @Test func aSessionEndsAfterAnIdleHour() async throws {
    let here = try Surroundings()
    let new = try await signIn(here)
    for _ in 0..<3 {
      here.clock.advance(by: .seconds(3599))
      #expect(try await here.control.session(cookie: new.cookie.text)?.session.id == new.session.session.id)
    }
    here.clock.advance(by: .seconds(3600))
    #expect(try await here.control.session(cookie: new.cookie.text) == nil)
    #expect(try await here.control.sessions().isEmpty)
  }

  @Test("a use within the minute that is not written down counts all the same")
  func idleTimeIsExact() async throws {
    let here = try Surroundings()
    let new = try await signIn(here)
    here.clock.advance(by: .seconds(59))
    _ = try await here.control.session(cookie: new.cookie.text)
    here.clock.advance(by: .seconds(3590))
    #expect(try await here.control.session(cookie: new.cookie.text) != nil)
  }

  @Test func aSessionEndsAfterTwelveHoursHoweverBusy() async throws {
    let here = try Surroundings()
    let new = try await signIn(here)
    for _ in 0..<23 {
      here.clock.advance(by: .seconds(1800))
      #expect(try await here.control.session(cookie: new.cookie.text) != nil)
    }
    here.clock.advance(by: .seconds(1800))
    #expect(try await here.control.session(cookie: new.cookie.text) == nil)
  }

  @Test func sessionsAreListedAndEnded() async throws {
    let here = try Surroundings()
    let first = try await signIn(here)
    here.clock.advance(by: .seconds(10))
    let second = try await signIn(here)
    #expect(try await here.control.sessions().map(\.id) == [second, first].map(\.session.session.id))
    #expect(try await here.control.endSession(first.session.session.id))
    #expect(try await here.control.endSession(first.session.session.id) == false)
    #expect(try await here.control.session(cookie: first.cookie.text) == nil)
    #expect(try await here.control.session(cookie: second.cookie.text) != nil)
    #expect(try await here.reopened().session(cookie: second.cookie.text) != nil)
  }

  @Test func theFormsTokenBelongsToItsCookie() async throws {
    let here = try Surroundings()
    let first = try await signIn(here)
    let second = try await signIn(here)
    let again = try #require(try await here.control.session(cookie: first.cookie.text))
    #expect(again.csrfToken == first.session.csrfToken)
    #expect(again.isValid(csrfToken: first.session.csrfToken))
    #expect(!again.isValid(csrfToken: second.session.csrfToken))
    #expect(!again.isValid(csrfToken: ""))
    #expect(!first.session.csrfToken.contains(first.cookie.text))
  }

  @Test func whatIsNotACookieIsNobody() async throws {
    let here = try Surroundings()
    _ = try await signIn(here)
    for cookie in ["", "slc_", Secret.random(.session).text, Secret.random(.serviceAccount).text, "' OR 1=1 --"] {
      #expect(try await here.control.session(cookie: cookie) == nil)
    }
  }
}
