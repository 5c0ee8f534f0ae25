internal import Crypto
internal import Foundation

/// A short text that the custodian's identity key signs: announcements, settlements and receipts are such texts. docs/FORMATS.md has each.
///
/// ```
/// <title>
/// identity <64 hexadecimal digits: the Ed25519 public key>
/// <name> <value>            one line for each name of the form, in its order
/// signature <128 hexadecimal digits: Ed25519 over all lines before this one, LF included>
/// ```
///
/// Each line ends with LF. Only the one spelling that is written is read: what was signed is what is parsed. So reading has two steps:
/// `init(reading:as:)` takes the lines apart, whoever knows what the values mean parses them, and `verify(spelling:)` holds the text
/// against how they would be written and checks the signature. Nothing that was read may be believed before.
struct SignedLines: Sendable {
  /// What kind of text it is: its first line, and the names of its values.
  struct Form: Sendable {
    let title: String
    let names: [String]
  }

  enum Fault: Error, Sendable, Hashable {
    case malformed
    case badSignature
  }

  static let longestText = 1024

  let identity: CustodianIdentity
  /// Those of the form, in its order; as they stand there, not verified.
  let values: [String]
  let text: String
  private let form: Form
  private let signature: [UInt8]

  /// Writes the values and signs them. A value may hold no line end.
  init(_ form: Form, _ values: [String], signedBy key: Curve25519.Signing.PrivateKey) throws(Fault) {
    identity = CustodianIdentity(key.publicKey)
    let body = Self.body(form, identity, values)
    do { signature = Array(try key.signature(for: Data(body.utf8))) } catch { throw .badSignature }
    self.form = form
    self.values = values
    text = Self.text(body, signature)
  }

  init(reading text: String, as form: Form) throws(Fault) {
    guard text.utf8.count <= Self.longestText else { throw .malformed }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == form.names.count + 4, lines.removeLast().isEmpty, lines[0] == form.title else { throw .malformed }
    var values: [String] = []
    for (line, name) in zip(lines.dropFirst(), ["identity"] + form.names + ["signature"]) {
      guard line.hasPrefix(name + " ") else { throw .malformed }
      values.append(String(line.dropFirst(name.count + 1)))
    }
    guard let signature = [UInt8](hexadecimal: values.removeLast()), let key = [UInt8](hexadecimal: values.removeFirst()),
      let identity = CustodianIdentity(bytes: key)
    else { throw .malformed }
    self.identity = identity
    self.values = values
    self.text = text
    self.form = form
    self.signature = signature
  }

  /// - Parameter values: what was parsed, as it would be written.
  func verify(spelling values: [String]) throws(Fault) {
    let body = Self.body(form, identity, values)
    guard text == Self.text(body, signature) else { throw .malformed }
    guard identity.isValid(signature: signature, of: Array(body.utf8)) else { throw .badSignature }
  }

  private static func body(_ form: Form, _ identity: CustodianIdentity, _ values: [String]) -> String {
    var body = "\(form.title)\nidentity \(identity.bytes.hexadecimal)\n"
    for (name, value) in zip(form.names, values) { body += "\(name) \(value)\n" }
    return body
  }

  private static func text(_ body: String, _ signature: [UInt8]) -> String { body + "signature \(signature.hexadecimal)\n" }
}
