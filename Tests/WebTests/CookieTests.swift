import Testing
import Web

struct CookieTests {
  @Test func cookiesAreBoundToThisHost() {
    let header = Cookies.header(Cookies.session, "v", isStrict: false, seconds: 60)
    #expect(header == "__Host-session=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60")
    #expect(Cookies.value(of: Cookies.session, in: "a=b; __Host-session=xyz; c=d") == "xyz")
    #expect(Cookies.value(of: Cookies.session, in: "x__Host-session=xyz") == nil)
  }

  @Test(arguments: [
    ("localhost:8000", true), ("127.0.0.1:8000", true), ("[::1]:8000", true), ("custodian.localhost:8002", true),
    ("192.168.1.4:8000", false),
    ("localhost.evil.example", false), ("evil-localhost", false), ("", false),
  ])
  func withoutTLSOnlyThisMachineGetsASession(_ authority: String, _ isKept: Bool) {
    #expect(Cookies.areKept(isSecure: false, authority: authority) == isKept)
    #expect(Cookies.areKept(isSecure: true, authority: authority))
  }

  @Test func formTokensMatchThemselvesOnly() {
    let token = FormToken.random()
    #expect(token.matches(token.text) && !token.matches(nil) && !token.matches("") && !token.matches(FormToken.random().text))
    #expect(FormToken(cookieHeader: "__Host-form=\(token.text)") == token)
    #expect(FormToken(cookieHeader: "__Host-form=short") == nil)
  }
}
