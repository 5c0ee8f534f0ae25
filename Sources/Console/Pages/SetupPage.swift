import Access
import HTTPTypes
import Hummingbird
import Ledger
import Web

/// `/setup#TOKEN`: the link that makes its bearer the owner, once. What stands behind the `#` never reaches a server or a log by itself.
extension Console {
  func setupPage(_ request: Request) -> Response {
    guard Cookies.areKept(isSecure: services.configuration.isSecure, authority: request.head.authority) else { return insecure }
    let token = FormToken(cookieHeader: request.headers[.cookie]) ?? .random()
    let content: HTML = """
      <h1>Sign in to Sealane</h1><p id="setup-state">The sign-in link is being checked.</p>\
      <form id="setup" class="panel" method="post" action="/setup" hidden>\(token.field)<label class="field"><span>Sign-in link or the part of it after #</span>\
      <input type="text" name="token" autocomplete="off" spellcheck="false" required></label><button class="primary">Sign in</button></form>\
      <noscript><div class="notice warning"><p>Scripts are off, so the page cannot read the part of the link after <code>#</code>. Allow scripts for this site; all other pages work without.</p></div></noscript>\
      <p class="sub">The link works once and for an hour. It is used up by this page, and the ledger remembers that it was.</p>
      """
    return Response.html(Page(title: "Sign in", content: content).document()).settingCookie(token.cookie)
  }

  func useSetupLink(_ request: Request) async -> Response {
    await guarded {
      guard Cookies.areKept(isSecure: services.configuration.isSecure, authority: request.head.authority) else { return insecure }
      let fields = try await form(request)
      guard let token = FormToken(cookieHeader: request.headers[.cookie]), token.matches(fields["form-token"]), Self.isSameSite(request)
      else {
        return ErrorPage.forbidden.response
      }
      let sent = fields.text("token")
      let secret = sent.split(separator: "#").last.map(String.init) ?? sent
      do {
        let session = try await services.control.useSetupLink(secret)
        try await services.ledger.record(.setupLinkUsed(session: session.session.session.id), by: session.session.who.principal)
        let cookie = Cookies.header(
          Cookies.session, session.cookie.text, isStrict: false, seconds: Int(Session.absoluteLimit.components.seconds))
        return Response.seeOther(Address("/")).settingCookie(cookie)
      } catch let error as AccessError where error.code == .linkNotValid {
        return ErrorPage(
          .gone, "This sign-in link is used up",
          "A link works once and for an hour. This one was used before, is too old, or was not copied whole. Nothing was changed.",
          next: """
            <p>If you have a session in this browser, <a href="/">go on with it</a>. If you did not use it yourself, somebody else may \
            have: the ledger has the entry <code>setup_link_used</code> with its time. To make a new link, run this on the machine where Sealane runs:</p><pre>\(services.configuration.setupLinkCommand)</pre>
            """
        ).response
      }
    }
  }

  func signOut(_ request: Request) async -> Response {
    await visit(request) { visit in
      let id = visit.session.session.id
      _ = try await services.control.endSession(id)
      try await services.ledger.record(.sessionEnded(session: id), by: visit.principal)
      let content: HTML = """
        <h1>You are signed out</h1><p>The session is over on the server too: its cookie opens nothing any more.</p>\
        <p>To sign in again, make a new link on the machine where Sealane runs:</p><pre>\(services.configuration.setupLinkCommand)</pre>
        """
      return Response.html(Page(title: "Signed out", content: content).document())
        .settingCookie(Cookies.header(Cookies.session, "", isStrict: false, seconds: 0))
    }
  }

  private var insecure: Response {
    ErrorPage(
      .forbidden, "Not over this connection",
      "This page was opened over plain HTTP from another machine. A session would travel where others can read it, so none is begun. Nothing was changed.",
      next: """
        <p>Reach the console over HTTPS (TLS files or a proxy, and <code>--origin</code>), or through a tunnel, and open the link at \
        <code>http://localhost:8000</code>:</p><pre>ssh -L 8000:localhost:8000 your-server</pre>
        """
    ).response
  }
}
