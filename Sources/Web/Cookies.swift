/// Reading and writing the cookies of a console. All are `__Host-` cookies: Secure, for this host and all its paths only.
///
/// Browsers keep them over HTTPS and on `localhost`; over plain HTTP from elsewhere they do not, and signing in there is refused with an
/// explanation rather than done with a cookie that anyone on the way could read.
package enum Cookies {
  package static let session = "__Host-session"
  package static let form = "__Host-form"
  /// Written by the page's script for the one request that follows: a proof of the browser's key (`Asset.session`).
  package static let proof = "__Host-proof"

  /// The value of the first cookie of that name.
  package static func value(of name: String, in header: String?) -> String? {
    guard let header else { return nil }
    for pair in header.split(separator: ";") {
      let trimmed = FormFields.trimmed(pair)
      if trimmed.hasPrefix(name + "=") { return String(trimmed.dropFirst(name.count + 1)) }
    }
    return nil
  }

  /// - Parameter seconds: until it ends; nil: with the browser's session; 0: now.
  package static func header(_ name: String, _ value: String, isStrict: Bool, seconds: Int? = nil) -> String {
    let end = seconds.map { "; Max-Age=\($0)" } ?? ""
    return "\(name)=\(value); Path=/; Secure; HttpOnly; SameSite=\(isStrict ? "Strict" : "Lax")\(end)"
  }

  /// Whether a browser keeps a Secure cookie that was set over this connection.
  ///
  /// - Parameter authority: the `Host` header, such as `localhost:8000`.
  package static func areKept(isSecure: Bool, authority: String?) -> Bool {
    if isSecure { return true }
    guard let authority else { return false }
    let host: Substring =
      authority.hasPrefix("[") ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
    let name = host.lowercased()
    return name == "localhost" || name.hasSuffix(".localhost") || name == "127.0.0.1" || name == "::1"
  }
}

/// A random value in a strict cookie and again in each form: a page of another site can send neither.
package struct FormToken: Sendable, Hashable {
  package let text: String
  private init(text: String) { self.text = text }

  package static func random() -> FormToken {
    var generator = SystemRandomNumberGenerator()
    let parts = (0..<2).map { _ in String(generator.next() | 1 << 63, radix: 16) }
    return FormToken(text: parts.joined())
  }

  /// The browser's own, if it has a well-formed one.
  package init?(cookieHeader: String?) {
    guard let text = Cookies.value(of: Cookies.form, in: cookieHeader), text.utf8.count == 32,
      text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 59 })
    else { return nil }
    self.text = text
  }

  package var field: HTML { "<input type=\"hidden\" name=\"form-token\" value=\"\(value: text)\">" }
  package var cookie: String { Cookies.header(Cookies.form, text, isStrict: true) }

  /// In time that does not depend on where they differ.
  package func matches(_ sent: String?) -> Bool {
    guard let sent, sent.utf8.count == text.utf8.count else { return false }
    return zip(sent.utf8, text.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
