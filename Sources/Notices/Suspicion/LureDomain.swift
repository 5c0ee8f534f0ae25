/// A domain that customers are warned of, in the one spelling that DNS has.
package struct LureDomain: Sendable, Hashable {
  package let text: String
  private let name: String

  /// Nil for what is no name of a domain.
  package init?(_ typed: String) {
    let name = DomainName(typed)
    let ascii = Punycode.ascii(name.labels)
    let labels = ascii.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count >= 2, ascii.utf8.count <= 253, !typed.contains("/"), !typed.contains("@"), !typed.contains(" "),
      labels.allSatisfy({ (1...63).contains($0.utf8.count) && $0.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == 0x2D || $0 == 0x5F } }
      )
    else { return nil }
    text = ascii
    self.name = name.text
  }

  package func isOwn(by anchors: TrustAnchors) -> Bool {
    switch LookAlike(own: anchors.domains, brands: anchors.brands).judge(name) {
    case .own, .ownSubdomain: true
    case .lookAlike, .unrelated: false
    }
  }

  /// Whether many who have nothing to do with each other have it: an ending, a provider of mail, where anybody may put a page. A name in front of
  /// one may be somebody's.
  package var isOfMany: Bool {
    var labels = name.split(separator: ".").map(String.init)
    if let first = labels.first, labels.count > 2, Self.usual.contains(first) { labels.removeFirst() }
    let plain = labels.joined(separator: ".")
    if labels.count == 2, labels[1].utf8.count == 2, DomainName.secondLevels.union(Self.moreEndings).contains(labels[0]) { return true }
    return SharedHosts.contains(plain) || Self.mailProviders.contains(plain)
  }

  private static let usual: Set<String> = ["www", "mail", "m", "docs", "drive", "accounts", "login"]
  private static let moreEndings: Set<String> = [
    "ltd", "plc", "me", "gob", "nom", "govt", "nhs", "police", "ind", "firm", "gen", "mil", "sch",
  ]
  private static let mailProviders: Set<String> = [
    "gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "hotmail.co.uk", "live.com", "msn.com",
    "yahoo.com", "yahoo.fr", "yahoo.de", "yahoo.co.uk", "yahoo.co.jp", "ymail.com", "icloud.com", "me.com", "mac.com", "aol.com", "gmx.com",
    "gmx.net", "gmx.de", "web.de", "t-online.de", "freenet.de", "proton.me", "protonmail.com", "pm.me", "mail.com", "mail.ru", "yandex.ru",
    "yandex.com", "qq.com", "163.com", "126.com", "naver.com", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "bbox.fr",
    "libero.it", "zoho.com", "fastmail.com", "hey.com", "tutanota.com", "comcast.net", "verizon.net", "att.net", "btinternet.com",
    "bluewin.ch",
    "telenet.be", "ziggo.nl", "seznam.cz", "wp.pl", "onet.pl", "uol.com.br", "rediffmail.com",
  ]

  /// How people see a domain that DNS has in punycode; nil where that is the same.
  package static func shown(_ ascii: String) -> String? {
    let name = DomainName(ascii).text
    return name == ascii ? nil : name
  }
}
