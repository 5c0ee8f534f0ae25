internal import Crypto
package import Foundation
internal import Notices
internal import Vault

/// Who answers those who ask on the trust pages: `answers.json` of the custodian's directory, made by `sealane-custodian answers`. Without it no
/// question is taken, and the trust anchors have no key for any.
package struct AnswerSettings: Sendable, Hashable, Codable {
  /// The company's name.
  package var organization: String
  /// Whom to ask further, in one line; no link.
  package var contact: String

  package static let file = "answers.json"

  package init(organization: String, contact: String) throws {
    self.organization = organization
    self.contact = contact
    try check()
  }

  private func check() throws {
    for text in [organization, contact] {
      guard PlainText.isShown(text, limit: 200), LetterCheck.link(in: text) == nil else {
        throw CustodianError.badOption("--organization and --contact are one line of 1 to 200 bytes each, without a link.")
      }
    }
  }

  /// Nil where none are made. - Throws: where the file cannot be used.
  package static func read(in directory: URL) throws -> AnswerSettings? {
    let file = directory.appendingPathComponent(Self.file)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    guard let settings = try? JSONDecoder().decode(AnswerSettings.self, from: Data(SecretFile.read(file, limit: 65_536))) else {
      throw CustodianError.badOption("\(file.path) cannot be read; make it anew with sealane-custodian answers.")
    }
    try settings.check()
    return settings
  }

  package func write(in directory: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    try SecretFile.replace(directory.appendingPathComponent(Self.file), bytes: Array(encoder.encode(self)) + [0x0A])
  }

  package static func remove(in directory: URL) throws {
    let file = directory.appendingPathComponent(file)
    if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
  }
}

extension CustodianSecrets {
  /// The key that questions are sealed to: derived from the identity's seed, so that a backup has it.
  func questionKey() throws -> P256.KeyAgreement.PrivateKey {
    // A derived number that is none below the group's order is as good as impossible; the next one is taken.
    for attempt in 1...8 {
      let seed = derivedFromIdentity("sealane custodian questions v\(attempt)").withUnsafeBytes { Data($0) }
      if let key = try? P256.KeyAgreement.PrivateKey(rawRepresentation: seed) { return key }
    }
    throw CustodianError.damagedStore("the identity key gives no key for questions")
  }

  /// Names whose question was answered, in tables: says nothing to whoever has the database alone.
  func answeredKey(_ address: String) -> Data { recipientKey("answered \(address)") }
}
