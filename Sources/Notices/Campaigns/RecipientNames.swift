/// Words by which a message calls whoever got it or reported it, taken from its own headers: they are of nobody's business.
struct RecipientNames {
  private(set) var words: Set<String> = []

  private static let fields = ["to", "cc", "delivered-to", "x-original-to", "resent-to", "resent-from"]
  private static let shortest = 3

  /// - Parameters:
  ///   - besides: names of the company itself, which stay.
  ///   - withSender: whether its sender is somebody who passes it on.
  init(_ message: MailMessage, withSender: Bool, besides: [String]) {
    let kept = Set(besides.flatMap { Self.words(in: $0) }).union(LureWords.inDomains)
    for address in (Self.fields + (withSender ? ["from", "sender"] : [])).flatMap(message.addresses) {
      let local = String(address.address.prefix { $0 != "@" })
      words.formUnion(Self.words(in: address.name) + Self.words(in: local))
      if !kept.contains(Self.bare(local)) { words.insert(Self.bare(local)) }
    }
    words = words.filter { $0.count >= Self.shortest && !kept.contains($0) }
  }

  mutating func formUnion(_ other: RecipientNames) { words.formUnion(other.words) }

  private static func words(in text: String) -> [String] {
    text.split { !$0.isLetter && !$0.isNumber }.prefix(50).map { bare(String($0)) }
  }

  /// As it is compared: lower case, without what stands around it.
  static func bare(_ word: String) -> String {
    let core = word.drop { !$0.isLetter && !$0.isNumber }
    guard let end = core.lastIndex(where: { $0.isLetter || $0.isNumber }) else { return "" }
    return core[...end].lowercased()
  }
}
