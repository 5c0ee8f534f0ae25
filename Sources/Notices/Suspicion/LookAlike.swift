internal import Foundation

/// Judges domains by how much they look like a company's own.
///
/// Without the public suffix list: the registrable part is the last two labels, or three where the last but one is `co`, `com` or the like
/// under a country.
package struct LookAlike: Sendable {
  private struct Brand: Sendable {
    /// What it stands for: an own domain or the word.
    var of: String
    var name: String
    var folded: [UInt8]
    /// Names of four letters are too near to too many words.
    var allowsEdits: Bool { folded.count >= 5 }
    var allowsAnyWord: Bool { folded.count >= 6 }
  }

  private let own: [String]
  private let brands: [Brand]

  /// - Parameters:
  ///   - own: domains of the company, as registered.
  ///   - brands: words that people know it by; shorter than four letters they are left out.
  package init(own: [String], brands: [String] = []) {
    self.own = own.map { DomainName($0).text }
    var found: [Brand] = []
    for domain in own {
      let name = DomainName(domain)
      if let label = name.registrableLabel { found.append(Brand(of: name.text, name: label, folded: Array(Skeleton.fold(label).utf8))) }
    }
    for word in brands {
      let name = word.lowercased().filter { !$0.isWhitespace }
      guard name.count >= 4, !found.contains(where: { $0.name == name }) else { continue }
      found.append(Brand(of: self.own.first ?? name, name: name, folded: Array(Skeleton.fold(name).utf8)))
    }
    self.brands = found
  }

  /// - Parameter domain: in any case, Unicode or punycode, with or without a dot at its end.
  package func judge(_ domain: String) -> DomainVerdict {
    let name = DomainName(domain)
    if own.contains(name.text) { return .own }
    if own.contains(where: { name.text.hasSuffix(".\($0)") }) { return .ownSubdomain }
    guard let label = name.registrableLabel else { return .unrelated }
    let folded = Array(Skeleton.fold(label).utf8)
    for brand in brands {
      if label == brand.name { return .lookAlike(.otherTopLevel, of: brand.of) }
      if folded == brand.folded { return .lookAlike(Skeleton.mixesScripts(label) ? .mixedScripts : .skeleton, of: brand.of) }
    }
    // As written before as it looks: of one letter a skeleton may make two.
    for candidate in [Array(label.utf8), folded] {
      for brand in brands {
        let name = candidate == folded ? brand.folded : Array(brand.name.utf8)
        if let reason = Self.near(candidate, name, brand) { return .lookAlike(reason, of: brand.of) }
      }
    }
    for brand in brands {
      if Self.holds(folded, brand) { return .lookAlike(.brandAndWord, of: brand.of) }
    }
    for brand in brands {
      if Array(Skeleton.fold(name.labels.dropLast(name.suffixLength).joined()).utf8) == brand.folded {
        return .lookAlike(.dotted, of: brand.of)
      }
      for part in name.subdomainLabels {
        let part = Array(Skeleton.fold(part).utf8)
        if part == brand.folded || Self.holds(part, brand) || Self.near(part, brand.folded, brand) != nil {
          return .lookAlike(.brandInSubdomain, of: brand.of)
        }
      }
    }
    if name.labels.contains(where: Skeleton.mixesScripts) { return .lookAlike(.mixedScripts, of: own.first ?? "") }
    return .unrelated
  }

  private static func near(_ label: [UInt8], _ name: [UInt8], _ brand: Brand) -> LookAlikeReason? {
    if label.contains(0x2D), label.filter({ $0 != 0x2D }) == name.filter({ $0 != 0x2D }) { return .hyphenation }
    return brand.allowsEdits ? SingleEdit.between(name, label) : nil
  }

  /// Whether a label is a brand's name and something beside it.
  private static func holds(_ folded: [UInt8], _ brand: Brand) -> Bool {
    guard folded.count > brand.folded.count else { return false }
    let words = folded.split(separator: 0x2D)
    if words.count > 1 {
      if words.contains(where: { $0.elementsEqual(brand.folded) }) { return true }
      // The name itself written with hyphens, and one more word.
      let near = words.firstIndex { brand.allowsAnyWord && SingleEdit.between(brand.folded, Array($0)) != nil }
      if let near,
        words.enumerated().contains(where: {
          $0.offset != near && LureWords.inDomains.contains(String(decoding: $0.element, as: UTF8.self))
        })
      {
        return true
      }
    }
    let joined = folded.filter { $0 != 0x2D }
    if joined.starts(with: brand.folded) || joined.reversed().starts(with: brand.folded.reversed()) {
      let rest = joined.starts(with: brand.folded) ? joined.dropFirst(brand.folded.count) : joined.dropLast(brand.folded.count)
      return brand.allowsAnyWord || LureWords.inDomains.contains(String(decoding: rest, as: UTF8.self))
    }
    return brand.folded.count >= 8 && joined.contains(brand.folded)
  }
}

/// A domain taken apart: lower case, punycode decoded.
struct DomainName {
  let labels: [String]
  static let secondLevels: Set<String> = ["co", "com", "org", "net", "ac", "gov", "edu", "gouv", "asso", "or", "ne", "go"]

  init(_ domain: String) {
    // No name is longer (RFC 1035, section 2.3.4), decoded or not.
    let seen = domain.unicodeScalars.prefix(2_000).filter { !CanonicalWords.isIgnored($0) && !CanonicalWords.isBlank($0) }.prefix(260)
    let text = String(String.UnicodeScalarView(seen)).precomposedStringWithCompatibilityMapping.lowercased()
    // By code points: a dot with a mark on it is a dot.
    labels = text.unicodeScalars.split { $0 == "." || $0 == "\u{3002}" || $0 == "\u{FF61}" }.suffix(40).map { scalars in
      let label = String(String.UnicodeScalarView(scalars))
      return label.hasPrefix("xn--") ? Punycode.decode(label.dropFirst(4))?.lowercased() ?? label : label
    }
  }

  var text: String { labels.joined(separator: ".") }

  var suffixLength: Int {
    guard labels.count >= 3, let last = labels.last, last.utf8.count == 2, Self.secondLevels.contains(labels[labels.count - 2]) else {
      return 1
    }
    return 2
  }

  /// The label in front of the ending.
  var registrableLabel: String? { labels.count > suffixLength ? labels[labels.count - suffixLength - 1] : nil }
  var subdomainLabels: ArraySlice<String> { labels.dropLast(suffixLength + 1) }
}
