/// A property that may rest on disk and be shown: what the gate made of a `Property`.
package struct StoredProperty: Sendable, Hashable {
  package var name: String
  package var value: StoredValue

  package init(_ name: String, _ value: StoredValue) {
    self.name = name
    self.value = value
  }
}

/// A value behind the gate. `pseudonym` stands for an id that was sent, `sealed` for a value that only the custodian can open.
package enum StoredValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case number(Double)
  case string(String)
  case list([StoredValue])
  case object([StoredProperty])
  case pseudonym(Pseudonym)
  case sealed(SealedValue)
}

/// An AEAD ciphertext under a record key that the server forgets at the end of its epoch. Bytes as in docs/FORMATS.md, "Sealed value".
///
/// `tag` is a keyed hash of the plaintext under the project's tag key, so that equal values of one field can be told equal
/// (`$union`, `$remove`, filters) without opening them.
package struct SealedValue: Sendable, Hashable {
  package let bytes: [UInt8]
  package let tag: Pseudonym

  /// How a tag is shown, and how a filter names it: `t_` and 32 lower-case hexadecimal digits.
  package var tagText: String { Self.text(ofTag: tag) }

  package static func text(ofTag tag: Pseudonym) -> String { "t_\(tag)" }

  /// Reads the text form of a tag. Nil for anything else.
  package static func tag(ofText text: String) -> Pseudonym? {
    text.utf8.count == 34 && text.hasPrefix("t_") ? Pseudonym(text.dropFirst(2)) : nil
  }

  package init(bytes: [UInt8], tag: Pseudonym) {
    self.bytes = bytes
    self.tag = tag
  }
}

extension SealedValue: CustomStringConvertible, CustomDebugStringConvertible {
  package var description: String { "<sealed>" }
  package var debugDescription: String { description }
}

extension StoredValue {
  /// Every pseudonym that this value shows.
  package var pseudonyms: [Pseudonym] {
    switch self {
    case .pseudonym(let pseudonym): [pseudonym]
    case .list(let values): values.flatMap(\.pseudonyms)
    case .object(let members): members.flatMap(\.value.pseudonyms)
    case .null, .boolean, .number, .string, .sealed: []
    }
  }
}

extension StoredValue {
  /// How large it is as text, about: what a quota of bytes counts on pages.
  package var textBytes: Int {
    switch self {
    case .null, .boolean: 4
    case .number: 8
    case .string(let text): text.utf8.count
    case .pseudonym: 34
    case .sealed: 40
    case .list(let values): values.reduce(2) { $0 + $1.textBytes }
    case .object(let members): members.reduce(2) { $0 + $1.name.utf8.count + $1.value.textBytes }
    }
  }
}
