internal import Crypto
package import Events
package import Foundation
internal import Ledger
package import Vault

/// The secrets of `DIR.custodian` but for the HPKE private keys, which come and go.
package struct CustodianSecrets: Sendable {
  package let directory: URL
  /// The bearer token for the server. Never logged.
  package let serverToken: String

  private let identityKey: SecretKey
  private let lookUpKey: SymmetricKey
  private let storeKey: SymmetricKey
  /// Encrypts what is kept for notices, and names their recipients in tables.
  let noticeKey: SymmetricKey
  let recipientNameKey: SymmetricKey

  package init(directory: URL) throws {
    try SecretFile.checkDirectory(directory)
    let announcement = directory.appendingPathComponent(CustodianDirectory.announcement)
    guard FileManager.default.fileExists(atPath: announcement.path) else {
      throw SecretFileError.malformed(
        path: directory.path, what: "it holds no \(CustodianDirectory.announcement), so it is no finished custodian directory")
    }
    self.directory = directory
    identityKey = try SecretKey(reading: directory.appendingPathComponent(CustodianDirectory.identityKey))
    let store = try SecretKey(reading: directory.appendingPathComponent(CustodianDirectory.storeKey))
    lookUpKey = Self.derive(store, "sealane custodian look-up v1")
    storeKey = Self.derive(store, "sealane custodian store v1")
    noticeKey = Self.derive(store, "sealane custodian notices v1")
    recipientNameKey = Self.derive(store, "sealane custodian recipients v1")
    let tokenFile = directory.appendingPathComponent(CustodianDirectory.serverToken)
    let token = String(decoding: try SecretFile.read(tokenFile, limit: 512), as: UTF8.self)
    serverToken = token.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !serverToken.isEmpty, serverToken.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
      throw SecretFileError.malformed(path: tokenFile.path, what: "a token is one word of printable characters")
    }
  }

  package var identity: CustodianIdentity {
    get throws { CustodianIdentity(try signingKey().publicKey) }
  }

  /// The announcement with which the directory was made.
  func firstAnnouncement() throws -> CustodianKeyAnnouncement {
    let file = directory.appendingPathComponent(CustodianDirectory.announcement)
    let first = try CustodianKeyAnnouncement(text: String(decoding: try SecretFile.read(file, limit: 1024), as: UTF8.self))
    guard try first.identity == identity else {
      throw SecretFileError.malformed(path: file.path, what: "it was signed by another identity than the one beside it")
    }
    return first
  }

  /// The name of the key with which checkpoints are cosigned. Its id tells custodians apart.
  static let witnessName = "sealane.local/custodian"

  /// The key with which checkpoints are cosigned: derived from the identity's seed, so that a backup has it and it needs no file.
  func witness() throws -> NoteSigner {
    let seed = Self.derive(identityKey, "sealane custodian witness v1")
    guard let signer = NoteSigner(name: Self.witnessName, kind: .cosignature, seed: seed) else {
      throw CustodianError.damagedStore("the identity key gives no witness key")
    }
    return signer
  }

  /// Signs which key that is.
  func announceWitness() throws -> CustodianWitnessAnnouncement {
    try CustodianWitnessAnnouncement(key: witness().key.description, signedBy: signingKey())
  }

  /// Signs the announcement of an HPKE key.
  package func announce(_ key: CustodianPublicKey, previous: UInt64?, at time: Timestamp) throws -> CustodianKeyAnnouncement {
    try CustodianKeyAnnouncement(key: key, previous: previous, madeAt: time.milliseconds, signedBy: signingKey())
  }

  /// Signs that an alarm is settled, and which key is to be sealed to from then on.
  func settle(_ alarm: Alarm, reason: String, key: CustodianPublicKey, at time: Timestamp) throws -> CustodianSettlement {
    try CustodianSettlement(
      alarm: alarm.id, kind: alarm.fault.kind.rawValue, key: key, settledAt: time.milliseconds, reason: reason, signedBy: signingKey())
  }

  /// Signs that the keys of an erasure's subjects are destroyed.
  func receipt(of order: ErasureOrder, keys: Int, at time: Timestamp, copiesUntil: Int64) throws -> ErasureReceipt {
    try ErasureReceipt(
      project: order.project.rawValue, entry: order.entry, commitment: order.commitment, keys: keys, erasedAt: time.milliseconds,
      copiesUntil: copiesUntil,
      signedBy: signingKey())
  }

  /// Under which name the database knows a subject: says nothing to whoever has the database alone.
  func lookUp(project: ProjectID, subject: Pseudonym) -> [UInt8] {
    var message: [UInt8] = []
    message.append(littleEndian: project.rawValue)
    message.append(contentsOf: subject.bytes)
    return Array(HMAC<SHA256>.authenticationCode(for: message, using: lookUpKey).prefix(16))
  }

  /// Encrypts a record key for the database, bound to its row.
  func encrypt(_ recordKey: SymmetricKey, for row: RecordKeyRow) throws -> Data {
    try recordKey.withUnsafeBytes { try ChaChaPoly.seal($0, using: storeKey, authenticating: row.authenticatedData).combined }
  }

  func decrypt(_ sealed: Data, for row: RecordKeyRow) throws -> SymmetricKey {
    var plaintext = try ChaChaPoly.open(ChaChaPoly.SealedBox(combined: sealed), using: storeKey, authenticating: row.authenticatedData)
    defer { plaintext.resetBytes(in: 0..<plaintext.count) }
    return SymmetricKey(data: plaintext)
  }

  private func signingKey() throws -> Curve25519.Signing.PrivateKey {
    try identityKey.withUnsafeBytes { try Curve25519.Signing.PrivateKey(rawRepresentation: $0) }
  }

  func derivedFromIdentity(_ label: String) -> SymmetricKey { Self.derive(identityKey, label) }

  private static func derive(_ key: SecretKey, _ label: String) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(inputKeyMaterial: key.symmetricKey, salt: [UInt8](), info: Array(label.utf8), outputByteCount: 32)
  }
}

extension CustodianSecrets: Silent {
  package var description: String { "<custodian's secrets>" }
}

/// Where a record key stands in the database.
struct RecordKeyRow {
  let project: ProjectID
  let epoch: UInt64
  let sequence: UInt32
  let lookUp: [UInt8]

  var epochBytes: Data {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: epoch)
    return Data(bytes)
  }

  var authenticatedData: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: project.rawValue)
    bytes.append(littleEndian: epoch)
    bytes.append(littleEndian: sequence)
    bytes.append(contentsOf: lookUp)
    return bytes
  }
}
