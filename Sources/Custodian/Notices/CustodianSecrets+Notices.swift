internal import Crypto
internal import Foundation
internal import Ledger

extension CustodianSecrets {
  /// The name of the key that statements and dispatches are signed with. Its id tells custodians apart.
  static let noticeSignerName = "sealane.local/notices"

  /// The key that statements and dispatches are signed with: derived from the identity's seed, so that a backup has it.
  func noticeSigner() throws -> NoteSigner {
    guard let signer = NoteSigner(name: Self.noticeSignerName, seed: derivedFromIdentity("sealane custodian notice signer v1")) else {
      throw CustodianError.damagedStore("the identity key gives no key for notices")
    }
    return signer
  }

  /// Encrypts what is kept for notices, bound to the place where it stands.
  func seal(_ plaintext: Data, at place: String) throws -> Data {
    try ChaChaPoly.seal(plaintext, using: noticeKey, authenticating: Array(place.utf8)).combined
  }

  func open(_ sealed: Data, at place: String) throws -> Data {
    try ChaChaPoly.open(ChaChaPoly.SealedBox(combined: sealed), using: noticeKey, authenticating: Array(place.utf8))
  }

  /// What stands for an address, or for an address within an organization, in tables: says nothing to whoever has the database alone.
  func recipientKey(_ text: String) -> Data {
    Data(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: recipientNameKey).prefix(16))
  }

  /// The same for a subject, by number: no address is written like this.
  func subjectKey(_ number: UInt32) -> Data { recipientKey("subject \(number)") }

  /// For whoever was named to an organization.
  func listedKey(_ number: UInt32) -> Data { recipientKey("listed \(number)") }
}

extension CustodianSecrets {
  /// A policy that asks for this custodian's cosignature on the log's checkpoints: C2SP tlog-policy.
  func witnessPolicy(log: NoteKey) throws -> String {
    "log \(log)\nwitness custodian \(try witness().key)\nquorum custodian\n"
  }
}
