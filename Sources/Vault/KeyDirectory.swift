internal import Events
package import Foundation

/// `DIR.keys`: the secrets of the analytics server, beside the data and never in a backup of it. Mode 0700, every file 0600.
/// Where they come from a command instead (`KeySource`), the same names and bytes.
package struct KeyDirectory: Sendable {
  /// The names of the files that every key directory has, 32 bytes each.
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
  /// Encrypt the details and subject sets beside the ledger: number 1 first, the one in force last. A replaced one stays, to read with.
  package let ledgerSets: [SecretKey]

  /// More rotations than anybody makes; bounds what is read.
  package static let setsLimit = 999

  /// Of the ledger's set-encryption key of a number: `ledger-sets.key`, `ledger-sets-2.key`, …
  package static func setsFile(_ number: Int) -> String {
    number == 1 ? File.ledgerSets.rawValue : "ledger-sets-\(number).key"
  }

  /// Makes the directory and four fresh keys in it. It must not exist, or be empty. A crash midway leaves a directory that `load`
  /// refuses and that can be removed: nothing was made with those keys yet.
  package static func create(at directory: URL) throws(SecretFileError) -> KeyDirectory {
    try SecretFile.createDirectory(directory)
    for file in File.allCases { try SecretKey().write(to: directory.appendingPathComponent(file.rawValue)) }
    return try load(from: directory)
  }

  /// Reads the keys; refuses a directory or a file that is open to others.
  package static func load(from directory: URL) throws(SecretFileError) -> KeyDirectory {
    try SecretFile.checkDirectory(directory)
    var keys: [String: SecretKey] = [:]
    for file in File.allCases {
      keys[file.rawValue] = try SecretKey(reading: directory.appendingPathComponent(file.rawValue))
    }
    for number in 2...setsLimit {
      let file = directory.appendingPathComponent(setsFile(number))
      guard FileManager.default.fileExists(atPath: file.path) else { break }
      keys[setsFile(number)] = try SecretKey(reading: file)
    }
    do { return try KeyDirectory(keys) } catch { throw .malformed(path: directory.path, what: error.what) }
  }

  /// The files of a key directory by name.
  init(_ keys: [String: SecretKey]) throws(KeyBundleError) {
    func key(_ file: File) throws(KeyBundleError) -> SecretKey {
      guard let key = keys[file.rawValue] else { throw KeyBundleError("\(file.rawValue) is missing") }
      return key
    }
    pseudonym = try key(.pseudonym)
    tag = try key(.tag)
    ledgerSigning = try key(.ledgerSigning)
    var sets = [try key(.ledgerSets)]
    while let next = keys[Self.setsFile(sets.count + 1)] { sets.append(next) }
    ledgerSets = sets
    guard keys.count == File.allCases.count + sets.count - 1 else {
      throw KeyBundleError("it holds a name that is not one of a key directory, or skips a number of ledger-sets")
    }
  }

  private init(pseudonym: SecretKey, tag: SecretKey, ledgerSigning: SecretKey, ledgerSets: [SecretKey]) {
    self.pseudonym = pseudonym
    self.tag = tag
    self.ledgerSigning = ledgerSigning
    self.ledgerSets = ledgerSets
  }

  /// The same keys with another one to sign the ledger's checkpoints.
  package func replacing(ledgerSigning key: SecretKey) -> KeyDirectory {
    KeyDirectory(pseudonym: pseudonym, tag: tag, ledgerSigning: key, ledgerSets: ledgerSets)
  }

  /// The same keys with a further one, which is in force, to encrypt the ledger's details.
  package func adding(ledgerSets key: SecretKey) -> KeyDirectory {
    KeyDirectory(pseudonym: pseudonym, tag: tag, ledgerSigning: ledgerSigning, ledgerSets: ledgerSets + [key])
  }

  /// The same by name, in the order in which they are written.
  package var files: [(name: String, key: SecretKey)] {
    [(File.pseudonym.rawValue, pseudonym), (File.tag.rawValue, tag), (File.ledgerSigning.rawValue, ledgerSigning)]
      + ledgerSets.enumerated().map { (Self.setsFile($0 + 1), $1) }
  }

  /// Writes the keys as a directory that is not there yet: what `sealane keys unpack` does.
  package func write(to directory: URL) throws(SecretFileError) {
    try SecretFile.createDirectory(directory)
    for (name, key) in files { try key.write(to: directory.appendingPathComponent(name)) }
  }
}

extension KeyDirectory: Silent {
  package var description: String { "<key directory>" }
}
