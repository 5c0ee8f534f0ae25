/// Something that messages have which want to deceive. One alone is no verdict: an honest notice has some of them too.
package struct LureSign: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A link at all; one that shows another host than it leads to; one that a service shortens; one to an address in numbers; one to a
    /// name in punycode; one with a name and `@` before the host; one that runs something.
    case link
    case linkElsewhere = "link-elsewhere"
    case shortened
    case rawAddress = "raw-address"
    case punycode
    case nameInLink = "name-in-link"
    case runningLink = "running-link"
    /// A file that runs when it is opened; one that holds a page.
    case runningFile = "running-file"
    case pageFile = "page-file"
    /// What the reader is asked for.
    case password, code, key, card
    case remoteAccess = "remote-access"
    case seed
    /// What makes the reader hurry or afraid.
    case urgency, threat
    /// What it says that it is about.
    case billing, quota
    case suspiciousLogin = "suspicious-login"
    case keyRotation = "key-rotation"
    case suspension, refund, crypto

    /// Whether the reader is asked for something that nobody should ask for.
    package var asksForSecret: Bool { [.password, .code, .key, .card, .remoteAccess, .seed].contains(self) }
  }

  package let kind: Kind
  /// What gave rise to it, made harmless.
  package let words: String
}
