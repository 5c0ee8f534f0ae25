/// What the authenticator itself says, and signs. WebAuthn Level 3, section 6.1.
///
/// ```
/// offset size
///      0   32  SHA-256 of the RP id
///     32    1  flags
///     33    4  signature counter, big-endian
///     37    …  attested credential data, if AT is set:
///                16 AAGUID, 2 length n of the credential id (big-endian), n the id, the public key as a COSE_Key
///      …    …  extensions, if ED is set: one CBOR map
/// ```
struct AuthenticatorData: Sendable {
  struct Flags: OptionSet, Sendable, Hashable {
    let rawValue: UInt8
    static let userPresent = Flags(rawValue: 1)
    static let userVerified = Flags(rawValue: 1 << 2)
    static let backupEligible = Flags(rawValue: 1 << 3)
    static let backupState = Flags(rawValue: 1 << 4)
    static let attestedCredentialData = Flags(rawValue: 1 << 6)
    static let extensionData = Flags(rawValue: 1 << 7)
  }

  /// Section 6.5.1.
  struct AttestedCredential: Sendable {
    let aaguid: [UInt8]
    let id: [UInt8]
    /// Not yet looked at: whether it is a key that is used here is another step.
    let publicKey: CBOR
    let coseKey: [UInt8]
  }

  let relyingPartyHash: [UInt8]
  let flags: Flags
  let signatureCounter: UInt32
  let attested: AttestedCredential?

  static let limit = 16_384

  /// Throws a few words on what is wrong.
  init(_ bytes: [UInt8]) throws(AuthenticatorDataError) {
    guard bytes.count >= 37 else { throw AuthenticatorDataError("it is shorter than 37 bytes") }
    guard bytes.count <= Self.limit else { throw AuthenticatorDataError("it is too long") }
    relyingPartyHash = Array(bytes[0..<32])
    flags = Flags(rawValue: bytes[32])
    signatureCounter = bytes[33..<37].reduce(0) { $0 << 8 | UInt32($1) }
    var position = 37
    if flags.contains(.attestedCredentialData) {
      guard bytes.count >= position + 18 else { throw AuthenticatorDataError("its credential is cut off") }
      let aaguid = Array(bytes[position..<(position + 16)])
      let length = Int(bytes[position + 16]) << 8 | Int(bytes[position + 17])
      position += 18
      guard bytes.count >= position + length else { throw AuthenticatorDataError("its credential is cut off") }
      let id = Array(bytes[position..<(position + length)])
      position += length
      var decoder = CBORDecoder(bytes, from: position)
      do {
        let key = try decoder.value()
        attested = AttestedCredential(aaguid: aaguid, id: id, publicKey: key, coseKey: Array(bytes[position..<decoder.position]))
      } catch { throw AuthenticatorDataError("of its public key \(error)") }
      position = decoder.position
    } else {
      attested = nil
    }
    if flags.contains(.extensionData) {
      var decoder = CBORDecoder(bytes, from: position)
      do {
        // Extensions are ignored, which steps 28 and 23 allow, but they must be what they claim.
        guard case .map = try decoder.value() else { throw AuthenticatorDataError("its extensions are no map") }
      } catch let error as AuthenticatorDataError {
        throw error
      } catch { throw AuthenticatorDataError("of its extensions \(error)") }
      position = decoder.position
    }
    guard position == bytes.count else { throw AuthenticatorDataError("bytes follow it") }
  }
}

struct AuthenticatorDataError: Error, Sendable, Hashable {
  let what: String
  init(_ what: String) { self.what = what }
}
