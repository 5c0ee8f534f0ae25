import Foundation

/// A text with signature lines below it: C2SP signed-note. Parsing says nothing about who signed; `verify` does.
package struct SignedNote: Sendable, Hashable {
  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case malformed(String)
    case invalidSignature(name: String)
    case noKnownSignature

    package var description: String {
      switch self {
      case .malformed(let reason): "This is not a signed note: \(reason)"
      case .invalidSignature(let name): "The signature of \(name) does not fit the text: it was altered, or signed with another key."
      case .noKnownSignature: "None of the note's signatures is by a key that is known here."
      }
    }
  }

  package struct Signature: Sendable, Hashable {
    package let name: String
    package let keyID: UInt32
    /// What stands behind the key id; its form is the key type's.
    package let bytes: [UInt8]

    var idBytes: [UInt8] { withUnsafeBytes(of: keyID.bigEndian) { Array($0) } }

    /// As it stands in a note, LF included.
    package var line: String {
      "\u{2014} \(name) \(Data(idBytes + bytes).base64EncodedString())\n"
    }
  }

  package static let maximumSignatures = 100
  package static let maximumBytes = 1_000_000

  /// Ends with LF.
  package let text: String
  package let signatures: [Signature]

  init(text: String, signatures: [Signature]) {
    self.text = text
    self.signatures = signatures
  }

  package init(_ note: some Collection<UInt8>) throws(Failure) {
    guard note.count <= Self.maximumBytes else { throw .malformed("it is longer than \(Self.maximumBytes) bytes.") }
    guard let whole = String(validating: note, as: UTF8.self) else { throw .malformed("it is not UTF-8.") }
    guard note.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }) else { throw .malformed("it holds a control character.") }
    // The last empty line divides: the text may hold empty lines of its own. Bytes, not characters, since LF joins with others.
    let bytes = Array(whole.utf8)
    guard let division = (1..<max(bytes.count, 1)).last(where: { bytes[$0] == 0x0A && bytes[$0 - 1] == 0x0A }) else {
      throw .malformed("there is no empty line between text and signatures.")
    }
    text = String(decoding: bytes[..<division], as: UTF8.self)
    let block = bytes[(division + 1)...]
    guard block.last == 0x0A else { throw .malformed("its last signature line is not ended.") }
    var found: [Signature] = []
    for line in block.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
      guard found.count < Self.maximumSignatures else { throw .malformed("it has more than \(Self.maximumSignatures) signatures.") }
      found.append(try Self.signature(String(decoding: line, as: UTF8.self)))
    }
    signatures = found
  }

  private static func signature(_ line: String) throws(Failure) -> Signature {
    let parts = line.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "\u{2014}", NoteKey.isName(String(parts[1])), let data = Data(base64Encoded: String(parts[2])),
      data.count > 4, data.base64EncodedString() == parts[2]
    else { throw .malformed("a signature line is not of the form \"\u{2014} name base64\".") }
    return Signature(
      name: String(parts[1]), keyID: data.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }, bytes: [UInt8](data.dropFirst(4)))
  }

  /// The known keys that signed. Signatures by unknown keys are ignored; one by a known key that fails rejects the note.
  ///
  /// - Throws: `invalidSignature`, or `noKnownSignature` where no known key signed.
  package func verify(_ known: [NoteKey]) throws(Failure) -> Set<NoteKey> {
    var signers: Set<NoteKey> = []
    for signature in signatures {
      guard let key = known.first(where: { $0.name == signature.name && $0.id == signature.keyID }) else { continue }
      guard key.isValid(signature.bytes[...], text: text) else { throw .invalidSignature(name: key.name) }
      signers.insert(key)
    }
    if signers.isEmpty { throw .noKnownSignature }
    return signers
  }

  /// This note with the signatures of others under the same text; one of a key that is on it already takes that one's place.
  package func joined(with others: [Signature]) -> String {
    var all = signatures
    for signature in others {
      all.removeAll { $0.name == signature.name && $0.keyID == signature.keyID }
      all.append(signature)
    }
    return text + "\n" + all.map(\.line).joined()
  }
}
