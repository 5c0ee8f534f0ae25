package import Foundation

/// `DIR.keys`: the secrets of the analytics server, beside the data and never in a backup of it. Mode 0700, every file 0600.
package struct KeyDirectory: Sendable {
  /// The names of the files, 32 bytes each.
  package enum File: String, CaseIterable, Sendable {
    case pseudonym = "pseudonym.key"
    case tag = "tag.key"
    case ledgerSigning = "ledger-signing.key"
    case ledgerSets = "ledger-sets.key"
  }

  /// Makes pseudonyms out of ids as sent, after derivation for the project.
  package let pseudonym: SecretKey
  /// Makes equality tags of sealed values, after derivation for the project.
  package let tag: SecretKey
  /// The seed of the Ed25519 key that signs the ledger's checkpoints.
  package let ledgerSigning: SecretKey
  /// Encrypts the details and subject sets beside the ledger.
  package let ledgerSets: SecretKey

  /// Makes the directory and four fresh keys in it. It must not exist, or be empty. A crash midway leaves a directory that `load`
  /// refuses and that can be removed: nothing was made with those keys yet.
  package static func create(at directory: URL) throws(SecretFileError) -> KeyDirectory {
    try SecretFile.createDirectory(directory)
    for file in File.allCases { try SecretKey().write(to: directory.appendingPathComponent(file.rawValue)) }
    return try load(from: directory)
  }

  /// Reads the four keys; refuses a directory or a file that is open to others.
  package static func load(from directory: URL) throws(SecretFileError) -> KeyDirectory {
    try SecretFile.checkDirectory(directory)
    func key(_ file: File) throws(SecretFileError) -> SecretKey { try SecretKey(reading: directory.appendingPathComponent(file.rawValue)) }
    return KeyDirectory(
      pseudonym: try key(.pseudonym), tag: try key(.tag), ledgerSigning: try key(.ledgerSigning), ledgerSets: try key(.ledgerSets))
  }
}

extension KeyDirectory: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<key directory>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
