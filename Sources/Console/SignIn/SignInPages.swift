import Access
import HTTPTypes
import Hummingbird
import Ledger
import Web

/// How one gets in: by a link that registers a passkey, and from then on by the passkey.
extension Console {
  /// `/setup#TOKEN` for a first owner, `/join#TOKEN` for whoever was invited or is let in again. What stands behind the `#` never reaches
  /// a server or a log by itself.
  func linkPage(_ request: Request, isFirst: Bool) -> Response {
    guard let problem = unusable(request) else { return .html(linkPage(isFirst: isFirst)) }
    return problem
  }

  private func linkPage(isFirst: Bool) -> HTML {
    let name: HTML =
      isFirst
      ? "<label class=\"field\"><span>Your name, as your colleagues know you</span><input type=\"text\" name=\"name\" maxlength=\"\(StaffMember.longestName)\" autocomplete=\"name\" required></label>"
      : ""
    let demo: HTML =
      isFirst && services.staff.isDemo
      ? """
      <section class="panel"><h2>Just looking?</h2><p>This is the demo: its company and its people are made up, and it listens on this machine alone. Here, and nowhere else, the link is enough.</p>\
      <form data-demo id="demo"><input type="hidden" name="link" data-from-address><button>Look around without a passkey</button><p role="status" hidden></p></form></section>
      """ : ""
    let content: HTML = """
      <h1>\(isFirst ? "Become the first owner" : "Join Sealane")</h1><p>You sign in with a passkey: there is no password that anybody could ask you for. \
      It stays on your device or in your key manager, and works at this address only.</p>\
      <form class="panel" data-passkey data-session data-begin="/enrol/begin" data-finish="/enrol/finish" id="enrol">\(name)\
      <label class="field"><span>Link, or the part of it after #</span><input type="text" name="link" data-from-address autocomplete="off" spellcheck="false" required></label>\
      <button class="primary">Register a passkey and sign in</button><p role="status" hidden></p></form>\(demo)\(Self.noScripts)\
      <p class="sub">The link works once. The ledger remembers that it was used: if it is used up and you did not use it, somebody else did. Say so at once.</p>
      """
    return Page(
      title: isFirst ? "Become the first owner" : "Join", content: content, scripts: [.session, .passkeys], nonce: services.staff.nonce
    ).document()
  }

  static let noScripts: HTML = """
    <noscript><div class="notice warning"><p>Passkeys need scripts. Allow them for this site; it loads none from elsewhere.</p></div></noscript>
    """

  func signInPage(_ request: Request) -> Response { unusable(request) ?? signedOut(status: .ok) }

  /// In place of a page whose session is over, or whose cookie is: the script asks for the next cookie and for the page again; where there
  /// is no session any more, it offers to sign in.
  func signedOut(status: HTTPResponse.Status = .unauthorized) -> Response {
    let content: HTML = """
      <div data-renew></div><div data-else hidden><h1>Sign in</h1><p>A session ends after an hour without use, after twelve hours in any case, and when you sign out.</p>\
      <form class="panel" data-passkey data-session\(status == .ok ? "" as HTML : " data-stay") data-begin="/sign-in/begin" data-finish="/sign-in/finish" id="sign-in">\
      <button class="primary">Sign in with a passkey</button><p role="status" hidden></p></form>\
      <p class="sub">Nobody of Sealane ever asks for a code, a password or a link. Lost your passkey? Use another of yours; without one, two admins let you in again. \
      No owner yet? Run this on the machine where Sealane runs:</p><pre>\(services.configuration.setupLinkCommand)</pre></div>\(Self.noScripts)
      """
    return RefusalMark.step.put(
      on: .html(
        Page(title: "Sign in", content: content, scripts: [.session, .passkeys], nonce: services.staff.nonce).document(), status: status))
  }

  /// In place of a page that shows rows, or acts, and was asked for without a proof of the browser's key.
  func proofNeeded(_ request: Request) -> Response {
    let isPage = request.method == .get || request.method == .head
    let prove: HTML = isPage ? "<div data-prove></div>" : ""
    let content: HTML = """
      \(prove)<div data-else\(isPage ? " hidden" as HTML : "")><h1>Not proven to be your browser</h1>\
      <p>What this page shows, or does, needs a signature by the key that your browser made when you signed in. This request had none: \
      scripts are off, it was sent again by hand, or it comes from a copy of your cookie. Nothing was shown and nothing was changed.</p>\
      <p>Go back, reload, and try again. If that does not help, <a href="/sign-in">sign in</a> anew.</p></div>\(Self.noScripts)
      """
    let response = Response.html(
      Page(title: "One moment", content: content, scripts: [.session, .passkeys], nonce: services.staff.nonce).document(),
      status: .unauthorized)
    return isPage ? RefusalMark.step.put(on: response) : response
  }

  func signOut(_ request: Request) async -> Response {
    await visit(request, from: nil, isUse: false) { visit in
      let id = visit.session.session.id
      _ = try await services.control.endSession(id)
      try await services.ledger.record(.sessionEnded(session: id), by: visit.principal)
      return Self.over(
        "You are signed out",
        "<p>The session is over on the server too: its cookie opens nothing any more, and its key gets no other one.</p>")
    }
  }

  /// A page that ends this browser's session.
  static func over(_ title: String, _ text: HTML) -> Response {
    Response.html(
      Page(title: title, content: "<h1>\(title)</h1>\(text)<p><a class=\"button\" href=\"/sign-in\">Sign in</a></p>").document()
    )
    .settingCookie(Cookies.header(Cookies.session, "", isStrict: false, seconds: 0))
  }

  /// What keeps one from signing in at this address at all.
  func unusable(_ request: Request) -> Response? {
    if !Cookies.areKept(isSecure: services.configuration.isSecure, authority: request.head.authority) { return insecure }
    if services.staff.relyingParty == nil {
      return ErrorPage(
        .forbidden, "No passkeys at this address",
        "Browsers have passkeys only at https:// and a host name, or at http://localhost on the same machine. Sealane was told that its address is `\(services.staff.origin)`.",
        next: "<p>Start it with <code>--origin https://…</code>, the name by which people reach it.</p>"
      ).response
    }
    return nil
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
