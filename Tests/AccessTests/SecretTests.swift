import Access
import Testing

struct SecretTests {
  @Test("a secret has its prefix, its checksum and 256 bits of its own", arguments: Secret.Kind.allCases)
  func form(kind: Secret.Kind) {
    let secrets = (0..<100).map { _ in Secret.random(kind).text }
    #expect(Set(secrets).count == 100)
    for text in secrets {
      #expect(text.hasPrefix(kind.rawValue))
      #expect(text.utf8.count == 64)
      #expect(Secret(text, kind: kind) != nil)
      for other in Secret.Kind.allCases where other != kind { #expect(Secret(text, kind: other) == nil) }
    }
  }

  @Test("the vector of docs/FORMATS.md is read")
  func vector() {
    #expect(Secret("sls_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa5ccd3hdg", kind: .serviceAccount) != nil)
  }

  @Test func anyTypingErrorFailsTheChecksum() {
    let text = Array(Secret.random(.serviceAccount).text.utf8)
    for position in text.indices {
      var wrong = text
      wrong[position] = wrong[position] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
      #expect(Secret(String(decoding: wrong, as: UTF8.self), kind: .serviceAccount) == nil)
    }
    for length in 0..<text.count { #expect(Secret(String(decoding: text[..<length], as: UTF8.self), kind: .serviceAccount) == nil) }
  }

  @Test func secretsDoNotPrintAndDigestsAreNotCompared() {
    let secret = Secret.random(.session)
    var shown = "\(secret) \(String(reflecting: secret)) \(String(describing: [secret])) "
    dump(secret, to: &shown)
    #expect(!shown.contains(secret.text.dropFirst(4)) && Mirror(reflecting: secret).children.isEmpty)
    #expect(secret.digest.matches(secret))
    #expect(!secret.digest.matches(Secret.random(.session)))
    #expect(!(SecretDigest.self is any Equatable.Type), "== would stop at the first difference")
  }

  @Test func constantTimeComparisonComparesEveryByte() {
    let bytes = [UInt8](0..<32)
    #expect(ConstantTime.equal(bytes, bytes))
    for position in 0..<32 {
      var other = bytes
      other[position] ^= 1
      #expect(!ConstantTime.equal(bytes, other))
    }
    #expect(!ConstantTime.equal(bytes, Array(bytes.dropLast())))
    #expect(ConstantTime.equal([], []))
  }
}
