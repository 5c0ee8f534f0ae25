package import Crypto
package import Events
internal import Foundation
package import Vault

/// A record key as it came out of a parcel. Does not print.
package struct OpenedKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  package let sequence: UInt32
  package let subject: Pseudonym
  /// First 16 bytes of SHA-256 of the wrapped key: tells a repetition from a contradiction after the wrapped key is gone.
  package let digest: [UInt8]
  package let recordKey: SymmetricKey

  package var description: String { "<record key \(sequence)>" }
  package var debugDescription: String { description }
}

/// A parcel with the keys that came out of it, and those that are set aside since the alarm about them was settled.
package struct JudgedParcel: Sendable {
  package let parcel: Parcel
  package let keys: [OpenedKey]
  package var refused: [(sequence: UInt32, ciphertext: [UInt8])] = []
  /// The settled alarm that `refused` belong to.
  package var alarm: Alarm?

  package init(parcel: Parcel, keys: [OpenedKey], refused: [(sequence: UInt32, ciphertext: [UInt8])] = [], alarm: Alarm? = nil) {
    self.parcel = parcel
    self.keys = keys
    self.refused = refused
    self.alarm = alarm
  }
}

/// Opens the wrapped keys of parcels with the custodian's HPKE private key. docs/FORMATS.md, "Key parcel".
package enum ParcelOpener {
  /// Opens every key of a parcel, in its order. Throws at the first that does not open; nothing of the parcel may be kept then.
  package static func open(_ parcel: Parcel, with privateKey: SecretKey) throws(ParcelFault) -> [OpenedKey] {
    try open(parcel, with: privateKey) { fault throws(ParcelFault) in throw fault }
  }

  /// The same, but `refusing` says of each key that does not open whether the others are opened still.
  static func open(
    _ parcel: Parcel, with privateKey: SecretKey, refusing: (ParcelFault) throws(ParcelFault) -> Void
  ) throws(ParcelFault) -> [OpenedKey] {
    let wrappingKey: SymmetricKey
    do {
      let secret = try privateKey.withUnsafeBytes { try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: $0) }
      let encapsulated = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: parcel.epoch.encapsulatedKey)
      guard Sealing.isContributory(secret, encapsulated) else { throw CryptoKitError.incorrectParameterSize }
      let recipient = try HPKE.Recipient(
        privateKey: secret, ciphersuite: Sealing.suite, info: Sealing.info(project: parcel.project),
        encapsulatedKey: Data(parcel.epoch.encapsulatedKey))
      wrappingKey = try recipient.exportSecret(context: Sealing.exporterContext, outputByteCount: 32)
    } catch {
      try refusing(ParcelFault(.unopenable, parcel, "The encapsulated key of an epoch is not usable."))
      return []
    }
    let header = parcel.epoch.bytes(project: parcel.project)
    var opened: [OpenedKey] = []
    opened.reserveCapacity(parcel.keys.count)
    for key in parcel.keys {
      do {
        let box = try ChaChaPoly.SealedBox(
          nonce: ChaChaPoly.Nonce(data: Sealing.wrappingNonce(sequence: key.sequence)), ciphertext: key.ciphertext.dropLast(16),
          tag: key.ciphertext.suffix(16))
        var plaintext = try ChaChaPoly.open(box, using: wrappingKey, authenticating: header)
        defer { plaintext.resetBytes(in: 0..<plaintext.count) }
        guard plaintext.count == 48 else {
          throw ParcelFault(.unopenable, parcel, "Wrapped key \(key.sequence) does not hold a pseudonym and a record key.")
        }
        let subject = plaintext.withUnsafeBytes { Pseudonym(bigEndianBytes: $0) }
        let recordKey = SymmetricKey(data: plaintext.dropFirst(16))
        let digest = Array(SHA256.hash(data: key.ciphertext).prefix(16))
        opened.append(OpenedKey(sequence: key.sequence, subject: subject, digest: digest, recordKey: recordKey))
      } catch let fault as ParcelFault {
        try refusing(fault)
      } catch {
        try refusing(
          ParcelFault(
            .unopenable, parcel, "Wrapped key \(key.sequence) of an epoch does not open: it was altered, moved or sealed with another key.")
        )
      }
    }
    return opened
  }
}

/// What is wrong with what the server offered. Each is an alarm; nothing of the bundle that it was in is kept.
package struct ParcelFault: Error, Sendable, Hashable {
  /// The words of docs/FORMATS.md, "Custodian and server over HTTP".
  package enum Kind: String, Sendable, Hashable, Codable {
    case unknownRecipient = "unknown_recipient"
    case retiredRecipient = "retired_recipient"
    case unopenable
    case contradiction
    case malformed
    case swappedKey = "swapped_key"
    /// The ledger has fewer entries than were cosigned here.
    case shrunkLedger = "shrunk_ledger"
    /// The ledger does not continue what was cosigned here.
    case forkedLedger = "forked_ledger"
    /// The ledger is of another name, or signed by a key that nobody handed it over to.
    case foreignLedger = "foreign_ledger"

    /// Whether it is about the ledger, not about keys: the server goes on sealing, and shows nothing about single subjects.
    package var isOfLedger: Bool { Self.ofLedger.contains(self) }
    package static let ofLedger: Set<Kind> = [.shrunkLedger, .forkedLedger, .foreignLedger]
  }

  package let kind: Kind
  package let project: ProjectID?
  package let epoch: UInt64?
  package let recipient: UInt64?
  package let sentence: String

  package init(_ kind: Kind, project: ProjectID? = nil, epoch: UInt64? = nil, recipient: UInt64? = nil, sentence: String) {
    self.kind = kind
    self.project = project
    self.epoch = epoch
    self.recipient = recipient
    self.sentence = sentence
  }

  /// Whether both are the same trouble, though perhaps with another key of the epoch.
  func isSame(as other: ParcelFault) -> Bool {
    kind == other.kind && project == other.project && epoch == other.epoch && recipient == other.recipient
  }

  init(_ kind: Kind, _ parcel: Parcel, _ sentence: String) {
    self.init(
      kind, project: parcel.project, epoch: parcel.epoch.id, recipient: parcel.epoch.recipientKeyID, sentence: sentence)
  }
}
