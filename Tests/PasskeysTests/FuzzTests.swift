import Foundation
import Passkeys
import SoftAuthenticator
import TestSupport
import Testing

/// Bytes from the network, altered in every way that a seeded fuzzer finds: an error, never a trap, and never another passkey.
/// `SEALANE_FUZZ_SECONDS` makes it last.
struct FuzzTests {
  static let challenge = [UInt8](repeating: 9, count: 32)
  static let relyingParty = RelyingParty(id: "example.org", origins: ["https://example.org"])

  /// Calls `round` for some seconds, and some thousand times at least.
  static func forAWhile(_ round: () throws -> Void) rethrows {
    let seconds = Double(ProcessInfo.processInfo.environment["SEALANE_FUZZ_SECONDS"] ?? "") ?? 1
    let end = ContinuousClock.now + .seconds(seconds)
    repeat { for _ in 0..<2_000 { try round() } } while ContinuousClock.now < end
  }

  @Test func `registrations`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    let ceremony = RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
    var authenticator = SoftAuthenticator()
    authenticator.attestation = (
      "packed", .map([.init(.text("alg"), .integer(-7)), .init(.text("sig"), .bytes([1])), .init(.text("x5c"), .array([.bytes([1, 2])]))])
    )
    let sound = authenticator.register(Self.challenge)
    let expected = try ceremony.verify(sound) { _ in false }
    try Self.forAWhile {
      var response = sound
      if Bool.random(using: &random) {
        random.alter(&response.attestationObject, telling: Self.heads)
      } else {
        random.alter(&response.clientDataJSON, telling: Self.heads)
      }
      do {
        let record = try ceremony.verify(response) { _ in false }
        // What may change unseen is not signed, and nothing is concluded from it: the statement, the AAGUID, key and counter of
        // whoever registers.
        #expect(record.id == expected.id, "seed \(seed)")
      } catch is PasskeyError {}
    }
  }

  @Test func `assertions`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    var authenticator = SoftAuthenticator(userHandle: [1])
    let record = try RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
      .verify(authenticator.register(Self.challenge)) { _ in false }
    let ceremony = AuthenticationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge, user: .unidentified)
    let sound = try authenticator.assert(Self.challenge)
    _ = try ceremony.verify(sound, record: record, owner: [1])
    Self.forAWhile {
      var response = sound
      switch Int.random(in: 0...2, using: &random) {
      case 0: random.alter(&response.clientDataJSON, telling: Self.heads)
      case 1: random.alter(&response.authenticatorData, telling: Self.heads)
      default: random.alter(&response.signature, telling: Self.heads)
      }
      guard response != sound else { return }
      #expect(throws: PasskeyError.self, "seed \(seed)") { try ceremony.verify(response, record: record, owner: [1]) }
    }
  }

  @Test("client data of any shape is an error or what it says, and deep nesting ends")
  func clientData() throws {
    var authenticator = SoftAuthenticator()
    let ceremony = RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
    let head = #"{"type":"webauthn.create","challenge":"\#(Base64URL.encode(Self.challenge))","origin":"https:\/\/example.org""#
    func result(_ text: String) -> PasskeyError? {
      authenticator.clientData = text
      do {
        _ = try ceremony.verify(authenticator.register(Self.challenge)) { _ in false }
        return nil
      } catch { return error as? PasskeyError }
    }
    #expect(result(head + "}") == nil)
    #expect(result("\u{FEFF}" + head + "}") == nil)
    #expect(result(head + #","x":[1,-2.5e+3,{"a":null,"b":[true,"\ud83d\ude00"]}]}"#) == nil)
    #expect(result(head.replacingOccurrences(of: "webauthn.create", with: #"webauthn\u002ecreate"#) + "}") == nil)
    for rest in [
      "", ",}", #","x":01}"#, #","x":1.}"#, #","x":"\ud83d"}"#, #","x":"\x"}"#, #","x":"\u12g4"}"#, "} {", #","x":nul}"#, #","x":'a'}"#,
      #","crossOrigin":"false"}"#, #","topOrigin":null}"#, ",\"x\":\"\u{1}\"}", #","x":}"#, #","x" 1}"#,
      ",\"x\":" + String(repeating: "[", count: 3_000) + String(repeating: "]", count: 3_000) + "}",
      ",\"x\":\"" + String(repeating: "a", count: 8_192) + "\"}",
    ] {
      #expect(result(head + rest)?.step == 6, "\(rest.prefix(40))")
    }
  }

  /// Heads of CBOR items of every kind.
  static let heads: [UInt8] = [0, 0x17, 0x18, 0x1B, 0x5F, 0x7F, 0x80, 0x9B, 0xBF, 0xFF]
}

struct Base64URLTests {
  @Test("RFC 4648, section 10, without padding, and the two other digits")
  func published() {
    for (plain, text) in [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ] {
      #expect(Base64URL.encode(Array(plain.utf8)) == text)
      #expect(Base64URL.decode(text) == Array(plain.utf8))
    }
    #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8" && Base64URL.decode("-_8") == [0xFB, 0xFF])
    // Another spelling, padding, the other alphabet, half a byte.
    for bad in ["Zh", "Zg==", "+/8", "Z", "Zm9", "Zg\n", "Zm9v Zm9v", "é"] { #expect(Base64URL.decode(bad) == nil, "\(bad)") }
  }
}
