/// The attestation object of a registration: a CBOR map of `fmt`, `attStmt` and `authData`. WebAuthn Level 3, section 6.5.4.
///
/// What an attestation by its maker would prove, the make of the authenticator, is not asked for here: such a statement is read, bounded, and
/// not believed, and the passkey counts as one without, as the note in section 7.1 allows. What the new key says about itself is verified.
struct AttestationObject: Sendable {
  let format: String
  let statement: [CBOR.Entry]
  let authenticatorData: [UInt8]

  static let limit = 32_768

  init(_ bytes: [UInt8]) throws(AttestationError) {
    guard bytes.count <= Self.limit else { throw AttestationError("it is too long") }
    let value: CBOR
    do { value = try CBORDecoder.decode(bytes) } catch { throw AttestationError(error.description) }
    guard case .map(let entries) = value, entries.count == 3, let format = value[.text("fmt")]?.text,
      case .map(let statement)? = value[.text("attStmt")], let data = value[.text("authData")]?.bytes
    else { throw AttestationError("it is not the three members fmt, attStmt and authData") }
    // Section 8.1: identifiers are at most 32 printable ASCII characters without backslash and quotation mark.
    guard (1...32).contains(format.utf8.count), format.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x5C && $0 != 0x22 }) else {
      throw AttestationError("the name of its format is none")
    }
    guard statement.allSatisfy({ if case .text = $0.key { true } else { false } }) else {
      throw AttestationError("its statement has members without names")
    }
    // Section 8.7: the format "none" states nothing.
    guard format != "none" || statement.isEmpty else { throw AttestationError("its format is none and yet it states something") }
    self.format = format
    self.statement = statement
    authenticatorData = data
  }
}

extension AttestationObject {
  /// What becomes of the statement at step 22 of section 7.1.
  enum Judgement: Sendable, Hashable {
    /// There is none, or one by the maker of the authenticator, whose roots are not kept here.
    case notBelieved
    /// Section 8.2, without `x5c`: the new key signed its own registration.
    case selfAttested
    case refused(String)
  }

  /// Section 8.2, "Verification procedure", for `packed` without `x5c`.
  ///
  /// - Parameter hash: SHA-256 of the client data.
  func judge(key: CredentialPublicKey, clientDataHash hash: [UInt8]) -> Judgement {
    func member(_ name: String) -> CBOR? { statement.first { $0.key == .text(name) }?.value }
    guard format == "packed" else { return .notBelieved }
    guard let signature = member("sig")?.bytes, let algorithm = member("alg") else { return .refused("it lacks “alg” or “sig”") }
    guard member("x5c") == nil else { return .notBelieved }
    guard algorithm == .integer(key.algorithm.rawValue) else { return .refused("its algorithm is not the one of the key") }
    guard key.isValid(signature: signature, of: authenticatorData + hash) else { return .refused("its signature is not the key's") }
    return .selfAttested
  }
}

struct AttestationError: Error, Sendable, Hashable {
  let what: String
  init(_ what: String) { self.what = what }
}
