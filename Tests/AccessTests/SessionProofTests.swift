import Access
import Crypto
import Events
import Foundation
import Passkeys
import SoftAuthenticator
import TestSupport
import Testing

/// RFC 9449, section 4.3: what a proof must be, one refusal a rule.
struct SessionProofTests {
  static let address = "http://localhost:8000/subjects"

  /// The key and the thumbprint of the RFC's examples (sections 4.1 and 6.1).
  @Test func theThumbprintIsThatOfTheSpecification() throws {
    let key = try #require(
      SessionKey(x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"))
    #expect(Base64URL.encode(key.thumbprint) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")
  }

  @Test func aGoodProofIsTakenOnce() throws {
    let (book, browser, clock) = (ProofBook(), SoftBrowser(), MockClock())
    let proof = try browser.proof("GET", Self.address, nonce: book.nonce(at: clock.now))
    #expect(try book.take(proof, method: "GET", address: Self.address, at: clock.now).key.point == browser.point)
    #expect(throws: ProofBook.Refusal.replayed) { try book.take(proof, method: "GET", address: Self.address, at: clock.now) }
  }

  @Test func aProofIsForOneMethodAndAddress() throws {
    let (book, browser, clock) = (ProofBook(), SoftBrowser(), MockClock())
    let nonce = book.nonce(at: clock.now)
    for (method, address) in [("POST", Self.address), ("GET", "http://localhost:8000/"), ("GET", "https://localhost:8000/subjects")] {
      let proof = try browser.proof(method, address, nonce: nonce)
      #expect(throws: ProofBook.Refusal.forAnother) { try book.take(proof, method: "GET", address: Self.address, at: clock.now) }
    }
    // Query and fragment are not part of it (item 9).
    let proof = try browser.proof("GET", Self.address + "?q=s_12#top", nonce: nonce)
    #expect(throws: Never.self) { try book.take(proof, method: "GET", address: Self.address, at: clock.now) }
  }

  @Test func aNonceIsGoodForThreeMinutesAtMost() throws {
    let (book, browser, clock) = (ProofBook(), SoftBrowser(), MockClock())
    let nonce = book.nonce(at: clock.now)
    clock.advance(by: .seconds(179))
    let late = try browser.proof("GET", Self.address, nonce: nonce)
    #expect(throws: Never.self) { try book.take(late, method: "GET", address: Self.address, at: clock.now) }
    clock.advance(by: .seconds(1))
    for nonce in [nonce, "made-up", nil] {
      let proof = try browser.proof("GET", Self.address, nonce: nonce)
      #expect(throws: ProofBook.Refusal.stale) { try book.take(proof, method: "GET", address: Self.address, at: clock.now) }
    }
    #expect(book.nonce(at: clock.now) != nonce)
  }

  @Test("a proof that was seen stays seen for as long as its nonce is good")
  func replaysAreRememberedLongEnough() throws {
    let (book, browser, clock) = (ProofBook(), SoftBrowser(), MockClock())
    let proof = try browser.proof("GET", Self.address, nonce: book.nonce(at: clock.now))
    _ = try book.take(proof, method: "GET", address: Self.address, at: clock.now)
    for _ in 0..<17 {
      clock.advance(by: .seconds(10))
      _ = book.nonce(at: clock.now)
      #expect(throws: ProofBook.Refusal.replayed) { try book.take(proof, method: "GET", address: Self.address, at: clock.now) }
    }
    clock.advance(by: .seconds(10))
    #expect(throws: ProofBook.Refusal.stale) { try book.take(proof, method: "GET", address: Self.address, at: clock.now) }
  }

  @Test("what is not such a proof is none", arguments: malformed)
  func malformedProofs(name: String, header: String?, claims: String?) throws {
    let browser = SoftBrowser()
    #expect(SessionProof(reading: try browser.proof("GET", Self.address, nonce: "n", header: header, claims: claims)) == nil, "\(name)")
  }

  private static func jwk(_ more: String) -> String {
    let point = SoftBrowser().point
    return #"{"kty":"EC","crv":"P-256","x":"\#(Base64URL.encode(point[1..<33]))","y":"\#(Base64URL.encode(point[33...]))"\#(more)}"#
  }

  static let malformed: [(String, String?, String?)] = [
    ("another key than the signer's", #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(jwk(""))}"#, nil),
    ("a private key in the header", #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(jwk(#","d":"AAAA""#))}"#, nil),
    ("another type", #"{"typ":"JWT","alg":"ES256","jwk":\#(jwk(""))}"#, nil),
    ("no algorithm", #"{"typ":"dpop+jwt","alg":"none","jwk":\#(jwk(""))}"#, nil),
    ("a symmetric algorithm", #"{"typ":"dpop+jwt","alg":"HS256","jwk":\#(jwk(""))}"#, nil),
    ("another curve", #"{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}}"#, nil),
    ("no key", #"{"typ":"dpop+jwt","alg":"ES256"}"#, nil),
    ("no identifier", nil, #"{"htm":"GET","htu":"http://localhost:8000/subjects","iat":1763400000}"#),
    ("a short identifier", nil, #"{"jti":"1","htm":"GET","htu":"http://localhost:8000/subjects","iat":1763400000}"#),
    ("no time", nil, #"{"jti":"12345678","htm":"GET","htu":"http://localhost:8000/subjects"}"#),
    ("no method", nil, #"{"jti":"12345678","htu":"http://localhost:8000/subjects","iat":1763400000}"#),
    ("no address", nil, #"{"jti":"12345678","htm":"GET","iat":1763400000}"#),
    ("no object", nil, "[]"), ("no JSON", nil, "{"), ("an empty header", "", nil),
  ]

  @Test func oneFlippedCharacterMakesItNone() throws {
    let browser = SoftBrowser()
    let proof = Array(try browser.proof("GET", Self.address, nonce: "n").utf8)
    #expect(SessionProof(reading: String(decoding: proof, as: UTF8.self)) != nil)
    for index in proof.indices {
      var changed = proof
      changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(SessionProof(reading: String(decoding: changed, as: UTF8.self)) == nil, "at \(index)")
    }
  }

  @Test func alteredProofsNeverCrashTheReader() throws {
    let proof = Array(try SoftBrowser().proof("GET", Self.address, nonce: "n").utf8)
    var generator = Fuzzing.generator(0x9449)
    Fuzzing.rounds(2_000) { _ in
      var bytes = proof
      generator.alter(&bytes)
      if bytes != proof { #expect(SessionProof(reading: String(decoding: bytes, as: UTF8.self)) == nil) }
    }
  }
}
