import Crypto
import Foundation

/// The ledger's secrets: what signs checkpoints and what encrypts details. Does not print.
package struct LedgerKeys: Sendable {
  package static let signingFile = "ledger-signing.key"
  package static let setsFile = "ledger-sets.key"

  let signer: NoteSigner
  let sets: SymmetricKey

  /// - Parameters:
  ///   - origin: the log's name on its checkpoints, such as `analytics.example.com/ledger`; never changed once published.
  ///   - signingSeed: 32 bytes, Ed25519.
  ///   - setsKey: 32 bytes.
  package init(origin: String, signingSeed: [UInt8], setsKey: [UInt8]) throws(LedgerError) {
    guard let signer = NoteSigner(name: origin, seed: signingSeed) else {
      throw LedgerError(
        .refused, "The ledger's signing key is not 32 bytes, or its origin \"\(origin)\" is empty or holds a space or a plus sign.")
    }
    guard setsKey.count == 32 else { throw LedgerError(.refused, "The ledger's set-encryption key is \(setsKey.count) bytes, not 32.") }
    self.signer = signer
    sets = SymmetricKey(data: setsKey)
  }

  /// Reads both keys from the key directory.
  package init(origin: String, directory: URL) throws(LedgerError) {
    try self.init(
      origin: origin, signingSeed: Self.read(directory.appendingPathComponent(Self.signingFile)),
      setsKey: Self.read(directory.appendingPathComponent(Self.setsFile)))
  }

  /// Makes both keys in an existing key directory (mode 0600) and returns them. Refuses to replace any.
  package static func create(origin: String, directory: URL) throws(LedgerError) -> LedgerKeys {
    for name in [signingFile, setsFile] {
      let file = directory.appendingPathComponent(name)
      guard !FileManager.default.fileExists(atPath: file.path) else {
        throw LedgerError(
          .refused, "There is a key in \(file.path) already; it is not replaced, since the ledger could not be read any more.")
      }
      let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
      guard FileManager.default.createFile(atPath: file.path, contents: bytes, attributes: [.posixPermissions: 0o600]) else {
        throw LedgerError(.unwritable, "The key file \(file.path) cannot be written.")
      }
    }
    return try LedgerKeys(origin: origin, directory: directory)
  }

  /// What outsiders verify checkpoints with: `origin+id+base64`.
  package var publicKey: NoteKey { signer.key }

  private static func read(_ file: URL) throws(LedgerError) -> [UInt8] {
    let mode = (try? FileManager.default.attributesOfItem(atPath: file.path))?[.posixPermissions] as? Int ?? 0
    guard mode & 0o077 == 0 else {
      throw LedgerError(.refused, "The key file \(file.path) is open to other users; run chmod 600 on it.")
    }
    guard let data = try? Data(contentsOf: file) else {
      throw LedgerError(.unreadable, "The key file \(file.path) cannot be read; the ledger does not open without it.")
    }
    return [UInt8](data)
  }
}

extension LedgerKeys: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<keys of \(signer.key.name)>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
