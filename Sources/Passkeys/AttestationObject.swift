/// The attestation object of a registration: a CBOR map of `fmt`, `attStmt` and `authData`. WebAuthn Level 3, section 6.5.4.
///
/// What an attestation would prove, the make of the authenticator, is not asked for here, so its statement is read, bounded, and not
/// believed: the passkey counts as one without attestation, as the note in section 7.1 allows.
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

struct AttestationError: Error, Sendable, Hashable {
  let what: String
  init(_ what: String) { self.what = what }
}
