/// Names under which credentials come. Whatever stands there is refused; a flag (`has_password: true`) stays.
struct SecretNames: NameStep {
  static let whole: Set<String> = ["token", "auth", "otp", "cvv", "cvc", "csc", "jwt", "bearer", "headers", "pin"]

  /// Ends of names, as words.
  static let ends: [String] = [
    "password", "passwords", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "api key", "api keys", "apikey", "apikeys",
    "access key", "secret key", "private key", "signing key", "encryption key", "service key", "access token", "refresh token", "id token",
    "auth token", "session token", "bearer token", "api token", "csrf token", "xsrf token", "device token", "push token",
    "authorization", "credential", "credentials", "cookie", "cookies", "session key", "accesstoken", "refreshtoken",
    "card number", "credit card", "card pan", "security code", "recovery code", "backup code", "one time code", "webhook secret",
  ]

  func rule(for name: String, words: NameWords) -> NameRule? {
    let isSecret = words.isOne(of: Self.whole) || words.ends(withOneOf: Self.ends)
    return isSecret ? NameRule(action: .removeAllButFlags, reason: .secretName) : nil
  }
}
