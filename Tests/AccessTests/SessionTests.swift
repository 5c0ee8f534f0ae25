import Access
import Events
import SoftAuthenticator
import Testing

struct SessionTests {
  private func signIn(_ here: Surroundings) async throws -> NewSession {
    var person = SoftPerson()
    return try await person.enrol(try await here.control.createSetupLink(), at: try here.desk())
  }

  @Test("a cookie opens nothing after five minutes, and its session goes on under the next one")
  func aCookieLivesFiveMinutes() async throws {
    let here = try Surroundings()
    let new = try await signIn(here)
    here.clock.advance(by: .seconds(299))
    #expect(try await here.control.session(cookie: new.cookie.text)?.session.id == new.session.session.id)
    here.clock.advance(by: .seconds(1))
    #expect(try await here.control.session(cookie: new.cookie.text) == nil)
    let next = try #require(try await here.control.renewSession(key: new.session.key))
    #expect(next.session.session.id == new.session.session.id && next.cookie.text != new.cookie.text)
    #expect(try await here.control.session(cookie: next.cookie.text) != nil)
    #expect(try await here.control.session(cookie: new.cookie.text) == nil)
  }

  @Test func requestsUnderWayKeepTheCookieBeforeForAMoment() async throws {
    let here = try Surroundings()
    let new = try await signIn(here)
    here.clock.advance(by: .seconds(100))
    _ = try await here.control.renewSession(key: new.session.key)
    here.clock.advance(by: .seconds(14))
    #expect(try await here.control.session(cookie: new.cookie.text) != nil)
    here.clock.advance(by: .seconds(1))
    #expect(try await here.control.session(cookie: new.cookie.text) == nil)
  }

  @Test("the overlap does not lengthen a cookie's five minutes")
  func theOverlapEndsWithTheCookie() async throws {
    let here = try Surroundings()
    let new = try await signIn(here)
    here.clock.advance(by: .seconds(295))
    _ = try await here.control.renewSession(key: new.session.key)
    here.clock.advance(by: .seconds(5))
    #expect(try await here.control.session(cookie: new.cookie.text) == nil)
  }

  @Test func aSessionEndsAfterAnIdleHourHoweverOftenItIsRenewed() async throws {
    let here = try Surroundings()
    var new = try await signIn(here)
    for _ in 0..<14 {
      here.clock.advance(by: .seconds(250))
      new = try #require(try await here.control.renewSession(key: new.session.key))
      // What a page asks by itself does not count as use.
      _ = try await here.control.session(cookie: new.cookie.text, isUse: false)
    }
    here.clock.advance(by: .seconds(100))
    #expect(try await here.control.renewSession(key: new.session.key) == nil)
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
    #expect(try await here.control.renewSession(key: new.session.key) != nil)
  }

  @Test func aSessionEndsAfterTwelveHoursHoweverBusy() async throws {
    let here = try Surroundings()
    var new = try await signIn(here)
    for _ in 0..<23 {
      here.clock.advance(by: .seconds(1800))
      new = try #require(try await here.control.renewSession(key: new.session.key))
      #expect(try await here.control.session(cookie: new.cookie.text) != nil)
    }
    here.clock.advance(by: .seconds(1800))
    #expect(try await here.control.renewSession(key: new.session.key) == nil)
    #expect(try await here.control.session(cookie: new.cookie.text) == nil)
  }

  @Test func sessionsAreListedAndEnded() async throws {
    let here = try Surroundings()
    let first = try await signIn(here)
    here.clock.advance(by: .seconds(10))
    let second = try await here.control.beginSession(
      ControlDatabase.newSessionID(), of: first.session.session.staff, key: try #require(SessionKey(point: SoftBrowser().point)),
      client: "Chrome on Windows")
    #expect(try await here.control.sessions().map(\.id) == [second, first].map(\.session.session.id))
    #expect(try await here.control.sessions(of: .random()).isEmpty)
    #expect(try await here.control.endSession(first.session.session.id))
    #expect(try await here.control.endSession(first.session.session.id) == false)
    #expect(try await here.control.session(cookie: first.cookie.text) == nil)
    #expect(try await here.control.renewSession(key: first.session.key) == nil)
    #expect(try await here.control.session(cookie: second.cookie.text) != nil)
    #expect(try await here.reopened().session(cookie: second.cookie.text) != nil)
  }

  @Test func theFormsTokenBelongsToItsSession() async throws {
    let here = try Surroundings()
    let first = try await signIn(here)
    let second = try await here.control.beginSession(
      ControlDatabase.newSessionID(), of: first.session.session.staff, key: try #require(SessionKey(point: SoftBrowser().point)), client: ""
    )
    let renewed = try #require(try await here.control.renewSession(key: first.session.key))
    #expect(renewed.session.formToken == first.session.formToken)
    #expect(renewed.session.isValid(formToken: first.session.formToken))
    #expect(!renewed.session.isValid(formToken: second.session.formToken))
    #expect(!renewed.session.isValid(formToken: ""))
  }

  @Test func whatIsNotACookieIsNobody() async throws {
    let here = try Surroundings()
    _ = try await signIn(here)
    for cookie in ["", "slc_", Secret.random(.session).text, Secret.random(.serviceAccount).text, "' OR 1=1 --"] {
      #expect(try await here.control.session(cookie: cookie) == nil)
    }
    #expect(try await here.control.renewSession(key: try #require(SessionKey(point: SoftBrowser().point))) == nil)
  }
}
