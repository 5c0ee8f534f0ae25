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

  /// How people see a domain that DNS has in punycode; nil where that is the same.
  package static func shown(_ ascii: String) -> String? {
    let name = DomainName(ascii).text
    return name == ascii ? nil : name
  }
}
