internal import Crypto
package import Foundation

/// `DIR.custodian` and what is in it. This room makes it; only `Custodian` opens anything with it.
package enum CustodianDirectory {
  /// The seed of the Ed25519 identity key, 32 bytes.
  package static let identityKey = "identity.key"
  /// Encrypts the record keys in the custodian's own database, 32 bytes.
  package static let storeKey = "store.key"
  /// The bearer token with which it comes to the server, one line.
  package static let serverToken = "server.token"
  /// The announcement of the first HPKE key.
  package static let announcement = "announcement.txt"
  /// Copies for look-ups by e-mail or account id.
  package static let pseudonymKey = KeyDirectory.File.pseudonym.rawValue
  package static let tagKey = KeyDirectory.File.tag.rawValue
  package static let database = "custodian.sqlite"
  /// The digests of the first approvers' setup links, until the custodian has taken them into its database.
  package static let setupLinks = "setup-links"
  /// How many approvers enrol by links that nobody approved.
  package static let firstApprovers = 3
  /// For how long such a link is good, in milliseconds: three people have to be reached.
  package static let setupLinkLifetime: Int64 = 7 * 86_400_000

  /// The private key of an HPKE key pair, 32 bytes.
  package static func privateKey(id: UInt64) -> String {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: id)
    return "hpke-\(bytes.hexadecimal).key"
  }

  /// What the server needs to know of a custodian that was just made.
  package struct Created: Sendable {
    package let announcement: CustodianKeyAnnouncement
    /// What `server.token` holds until a token that the server issued takes its place.
    package let serverToken: String
    package var publicKey: CustodianPublicKey { announcement.key }
    package var identity: CustodianIdentity { announcement.identity }
  }

  /// Makes the directory (mode 0700) with fresh keys. It must not exist, or be empty.
  ///
  /// The last file written is the announcement: a directory without it was not finished and can be removed.
  package static func create(at directory: URL, lookUpKeys: KeyDirectory?, madeAt: Int64) throws -> Created {
    try SecretFile.createDirectory(directory)
    let identity = SecretKey()
    try identity.write(to: directory.appendingPathComponent(identityKey))
    try SecretKey().write(to: directory.appendingPathComponent(storeKey))
    let token = makeToken()
    try SecretFile.create(directory.appendingPathComponent(serverToken), bytes: Array((token + "\n").utf8))
    if let lookUpKeys {
      try lookUpKeys.pseudonym.write(to: directory.appendingPathComponent(pseudonymKey))
      try lookUpKeys.tag.write(to: directory.appendingPathComponent(tagKey))
    }
    let publicKey = try makeKeyPair(in: directory)
    let signing = try identity.withUnsafeBytes { try Curve25519.Signing.PrivateKey(rawRepresentation: $0) }
    let first = try CustodianKeyAnnouncement(key: publicKey, previous: nil, madeAt: madeAt, signedBy: signing)
    try SecretFile.create(directory.appendingPathComponent(announcement), bytes: Array(first.text.utf8))
    return Created(announcement: first, serverToken: token)
  }

  /// Notes which setup links are good until when: a line each, the SHA-256 of the link's secret in hexadecimal and the end in
  /// milliseconds since 1970. The secrets themselves are kept nowhere.
  package static func write(setupLinks digests: [[UInt8]], expiresAt: Int64, in directory: URL) throws(SecretFileError) {
    let lines = digests.map { "\($0.hexadecimal) \(expiresAt)\n" }.joined()
    try SecretFile.create(directory.appendingPathComponent(setupLinks), bytes: Array(lines.utf8))
  }

  /// Makes an HPKE key pair, writes its private half durably, and gives the public one.
  package static func makeKeyPair(in directory: URL) throws -> CustodianPublicKey {
    let pair = Curve25519.KeyAgreement.PrivateKey()
    let publicKey = CustodianPublicKey(pair.publicKey)
    try SecretFile.create(directory.appendingPathComponent(privateKey(id: publicKey.id)), bytes: Array(pair.rawRepresentation))
    return publicKey
  }

  /// 32 random bytes in hexadecimal.
  private static func makeToken() -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }.hexadecimal
  }
}
