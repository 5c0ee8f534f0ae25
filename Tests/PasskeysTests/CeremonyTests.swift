import Crypto
import Passkeys
import SoftAuthenticator
import Testing

/// One refusal for each step of WebAuthn Level 3, sections 7.1 and 7.2, each beside the sound ceremony that differs in this alone.
struct CeremonyTests {
  static let relyingParty = RelyingParty(id: "example.org", origins: ["https://example.org"])
  static let challenge = [UInt8](repeating: 7, count: 32)
  static let handle: [UInt8] = [1, 2, 3]

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let step: Int
    let reason: PasskeyError.Reason
    let change: @Sendable (inout SoftAuthenticator) -> Void
    var testDescription: String { name }

    init(_ name: String, _ step: Int, _ reason: PasskeyError.Reason, _ change: @escaping @Sendable (inout SoftAuthenticator) -> Void) {
      self.name = name
      self.step = step
      self.reason = reason
      self.change = change
    }
  }

  // MARK: Registration

  static let registrations: [Case] = [
    Case("client data that is no JSON", 6, .malformedClientData("it is no JSON object")) { $0.clientData = "[]" },
    Case("a sign-in in the place of a registration", 7, .wrongType) { $0.createType = "webauthn.get" },
    Case("another challenge", 8, .wrongChallenge) {
      $0.clientData = #"{"type":"webauthn.create","challenge":"AAAA","origin":"https://example.org"}"#
    },
    Case("another origin", 9, .wrongOrigin) { $0.origin = "https://example.org.attacker.example" },
    Case("a host below", 9, .wrongOrigin) { $0.origin = "https://login.example.org" },
    Case("plain http", 9, .wrongOrigin) { $0.origin = "http://example.org" },
    Case("another port", 9, .wrongOrigin) { $0.origin = "https://example.org:8443" },
    Case("a frame of another site", 10, .crossOrigin) { $0.crossOrigin = true },
    Case("a framed page", 11, .topOrigin) { $0.topOrigin = "https://example.com" },
    Case("a page that frames itself by its own word", 11, .topOrigin) { $0.topOrigin = "https://example.org" },
    Case("an attestation of no format", 13, .malformedAttestation("the name of its format is none")) { $0.attestation.format = "" },
    Case("no attestation that states something", 13, .malformedAttestation("its format is none and yet it states something")) {
      $0.attestation.statement = .map([.init(.text("sig"), .bytes([1]))])
    },
    Case("a new key that did not sign what it says about itself", 22, .malformedAttestation("its signature is not the key's")) {
      $0.selfAttestation = (-7, [0])
    },
    Case("a statement of another algorithm than the key's", 22, .malformedAttestation("its algorithm is not the one of the key")) {
      $0.selfAttestation = (-8, [])
    },
    Case("a packed statement without its signature", 22, .malformedAttestation("it lacks “alg” or “sig”")) {
      $0.attestation = ("packed", .map([.init(.text("alg"), .integer(-7))]))
    },
    Case("extensions that are no map", 13, .malformedAuthenticatorData("its extensions are no map")) { $0.extensions = .unsigned(1) },
    Case("another RP id", 14, .wrongRelyingParty) { $0.relyingParty = "org" },
    Case("nobody there", 15, .userNotPresent) { $0.flags = 0x04 },
    Case("nobody verified", 16, .userNotVerified) { $0.flags = 0x01 },
    Case("backed up without being able to", 17, .inconsistentBackup) { $0.flags = 0x15 },
    Case("no credential id", 25, .credentialIDTooLong) { $0.credentialID = [] },
    Case("a credential id of 1,024 bytes", 25, .credentialIDTooLong) { $0.credentialID = .init(repeating: 1, count: 1_024) },
  ]

  @Test("a registration is refused for", arguments: registrations)
  func refusedRegistration(of it: Case) throws {
    var authenticator = SoftAuthenticator()
    let ceremony = RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
    _ = try ceremony.verify(authenticator.register(Self.challenge)) { _ in false }
    it.change(&authenticator)
    let response = authenticator.register(Self.challenge)
    #expect(throws: PasskeyError(.registration, step: it.step, it.reason)) { try ceremony.verify(response) { _ in false } }
  }

  @Test("what is unusual and allowed registers")
  func allowedRegistrations() throws {
    let changes: [(inout SoftAuthenticator) -> Void] = [
      { $0.crossOrigin = nil }, { $0.flags = 0x0D }, { $0.flags = 0x1D }, { $0.counter = 4_000_000_000 },
      { $0.extensions = .map([.init(.text("credProtect"), .unsigned(2))]) },
      { $0.selfAttestation = (-7, []) },
      {
        $0 = SoftAuthenticator(.edDSA(Curve25519.Signing.PrivateKey()))
        $0.selfAttestation = (-8, [])
      },
      // A maker's, which is not asked for and not believed.
      {
        $0.attestation = (
          "packed",
          .map([.init(.text("alg"), .integer(-7)), .init(.text("sig"), .bytes([1, 2, 3])), .init(.text("x5c"), .array([.bytes([1])]))])
        )
      },
      { $0.credentialID = .init(repeating: 1, count: 1_023) }, { $0 = SoftAuthenticator(.edDSA(Curve25519.Signing.PrivateKey())) },
    ]
    let ceremony = RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
    for change in changes {
      var authenticator = SoftAuthenticator()
      change(&authenticator)
      let record = try ceremony.verify(authenticator.register(Self.challenge)) { _ in false }
      #expect(record.signatureCounter == authenticator.counter)
      #expect(record.isBackupEligible == (authenticator.flags & 8 != 0) && record.isBackedUp == (authenticator.flags & 16 != 0))
    }
  }

  @Test("keys that are none are refused, each with its reason")
  func badKeys() throws {
    let ceremony = RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
    var authenticator = SoftAuthenticator()
    guard case .map(let sound) = authenticator.coseKey else { return }
    func key(_ label: CBOR, _ value: CBOR?) -> CBOR {
      .map(sound.compactMap { $0.key == label ? value.map { CBOR.Entry(label, $0) } : $0 })
    }
    let cases: [(CBOR, PasskeyError.Reason)] = [
      (.unsigned(1), .malformedKey("it is no COSE key")), (key(.unsigned(3), nil), .malformedKey("it names no algorithm")),
      (key(.unsigned(3), .integer(-257)), .algorithmNotOffered),
      (key(.unsigned(1), .unsigned(1)), .malformedKey("its type is not the one of its algorithm")),
      (key(.integer(-1), .unsigned(2)), .malformedKey("it is not on P-256")),
      (key(.integer(-3), .boolean(true)), .malformedKey("it is not two coordinates of 32 bytes")),
      (key(.integer(-2), .bytes(.init(repeating: 1, count: 31))), .malformedKey("it is not two coordinates of 32 bytes")),
      (key(.integer(-2), .bytes(.init(repeating: 0xFF, count: 32))), .malformedKey("it is no point of P-256")),
      (.map(sound + [.init(.integer(-4), .bytes([1]))]), .malformedKey("it is not two coordinates of 32 bytes")),
    ]
    for (key, reason) in cases {
      let response = authenticator.register(Self.challenge, key: key)
      #expect(throws: PasskeyError(.registration, step: 20, reason)) { try ceremony.verify(response) { _ in false } }
    }
    let only = RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge, algorithms: [.edDSA])
    let response = authenticator.register(Self.challenge)
    #expect(throws: PasskeyError(.registration, step: 20, .algorithmNotOffered)) { try only.verify(response) { _ in false } }
  }

  @Test func `a credential is registered once`() throws {
    var authenticator = SoftAuthenticator()
    let response = authenticator.register(Self.challenge)
    #expect(throws: PasskeyError(.registration, step: 26, .credentialAlreadyRegistered)) {
      try RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge).verify(response) { $0 == response.credentialID }
    }
  }

  @Test func `the browser cannot name another credential than the authenticator`() throws {
    var authenticator = SoftAuthenticator()
    var response = authenticator.register(Self.challenge)
    response.credentialID[0] ^= 1
    let error = #expect(throws: PasskeyError.self) {
      try RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge).verify(response) { _ in false }
    }
    #expect(error?.step == 13)
  }

  // MARK: Authentication

  static let assertions: [Case] = [
    Case("a credential that was not listed", 5, .unknownCredential) { $0.credentialID = [9] },
    Case("the handle of somebody else", 6, .wrongUser) { $0.userHandle = [9] },
    Case("client data that is cut off", 9, .malformedClientData("its JSON is broken")) { $0.clientData = #"{"type":"webauthn.get""# },
    Case("a member twice", 9, .malformedClientData("a member of its JSON occurs twice")) {
      $0.clientData = #"{"type":"webauthn.get","type":"webauthn.get"}"#
    },
    Case("a registration in the place of a sign-in", 10, .wrongType) { $0.getType = "webauthn.create" },
    Case("another challenge", 11, .wrongChallenge) {
      $0.clientData = #"{"type":"webauthn.get","challenge":"AAAA","origin":"https://example.org","crossOrigin":false}"#
    },
    Case("a phishing origin", 12, .wrongOrigin) { $0.origin = "https://examp1e.org" },
    Case("a frame of another site", 13, .crossOrigin) { $0.crossOrigin = true },
    Case("a framed page", 14, .topOrigin) { $0.topOrigin = "https://example.com" },
    Case("another RP id", 15, .wrongRelyingParty) { $0.relyingParty = "example.com" },
    Case("nobody there", 16, .userNotPresent) { $0.flags = 0x04 },
    Case("nobody verified", 17, .userNotVerified) { $0.flags = 0x01 },
    Case("backed up without being able to", 18, .inconsistentBackup) { $0.flags = 0x15 },
    Case("suddenly able to be backed up", 19, .changedBackupEligibility) { $0.flags = 0x0D },
    Case("another key", 21, .badSignature) { $0.key = .es256(P256.Signing.PrivateKey()) },
    Case("a counter that stands still", 22, .clonedCounter) { $0.counter -= 1 },
    Case("a counter that goes back", 22, .clonedCounter) { $0.counter = 3 },
    Case("a counter that is gone", 22, .clonedCounter) { $0.counter = 0 },
  ]

  @Test("an assertion is refused for", arguments: assertions)
  func refusedAssertion(of it: Case) throws {
    var authenticator = SoftAuthenticator(userHandle: Self.handle)
    authenticator.counter = 40
    let registration = RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
    var record = try registration.verify(authenticator.register(Self.challenge)) { _ in false }
    let ceremony = AuthenticationCeremony(
      relyingParty: Self.relyingParty, challenge: Self.challenge, allowedCredentials: [record.id], user: .identified(handle: Self.handle))
    record = try ceremony.verify(authenticator.assert(Self.challenge), record: record, owner: Self.handle)
    #expect(record.signatureCounter == 42)
    it.change(&authenticator)
    let response = try authenticator.assert(Self.challenge)
    #expect(throws: PasskeyError(.authentication, step: it.step, it.reason)) {
      try ceremony.verify(response, record: record, owner: Self.handle)
    }
  }

  @Test func `without a name only the handle says who it is`() throws {
    var authenticator = SoftAuthenticator(userHandle: Self.handle)
    let record = try RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
      .verify(authenticator.register(Self.challenge)) { _ in false }
    let ceremony = AuthenticationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge, user: .unidentified)
    let response = try authenticator.assert(Self.challenge)
    _ = try ceremony.verify(response, record: record, owner: Self.handle)
    var nameless = response
    nameless.userHandle = nil
    #expect(throws: PasskeyError(.authentication, step: 6, .wrongUser)) {
      try ceremony.verify(nameless, record: record, owner: Self.handle)
    }
    #expect(throws: PasskeyError(.authentication, step: 6, .unknownCredential)) {
      try ceremony.verify(response, record: nil, owner: nil)
    }
    #expect(throws: PasskeyError(.authentication, step: 6, .wrongUser)) {
      try AuthenticationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge, user: .identified(handle: [8]))
        .verify(response, record: record, owner: Self.handle)
    }
  }

  @Test func `a counter may start late and then only rises`() throws {
    var authenticator = SoftAuthenticator(userHandle: Self.handle)
    var record = try RegistrationCeremony(relyingParty: Self.relyingParty, challenge: Self.challenge)
      .verify(authenticator.register(Self.challenge)) { _ in false }
    let ceremony = AuthenticationCeremony(
      relyingParty: Self.relyingParty, challenge: Self.challenge, user: .identified(handle: Self.handle))
    for counter: UInt32 in [0, 0, 5, 6, 4_294_967_294] {
      authenticator.counter = counter
      record = try ceremony.verify(authenticator.assert(Self.challenge), record: record, owner: Self.handle)
      #expect(record.signatureCounter == (counter == 0 ? 0 : counter + 1))
    }
  }

  // MARK: Whom it is for

  @Test("the RP id is the full host name of the origin")
  func origins() {
    #expect(RelyingParty(origin: "https://custodian.example.com")?.id == "custodian.example.com")
    #expect(RelyingParty(origin: "https://custodian.example.com:8443")?.id == "custodian.example.com")
    #expect(RelyingParty(origin: "http://custodian.localhost:8002")?.id == "custodian.localhost")
    for bad in [
      "http://custodian.example.com", "https://127.0.0.1", "https://[::1]", "https://a/", "https://a:443", "http://localhost:80",
      "https://a:08443", "https://a:99999", "HTTPS://a", "https://A.example", "https://a..example", "https://-a.example", "https://", "a",
      "https://a@b", "https://a.example/path", "ftp://a", "https://a\u{0}b",
    ] {
      #expect(RelyingParty(origin: bad) == nil, "\(bad)")
    }
  }
}
