package import Foundation
internal import Notices
internal import Outbound
internal import Vault

/// How the custodian's mail leaves: `mail.json` of its directory, made by `sealane-custodian mail`. The password is a file of its own.
package struct MailSettings: Sendable, Hashable, Codable {
  package var host: String
  package var port: Int
  /// `starttls`, `tls`, or `none` for a relay on this machine.
  package var security: String
  package var username: String?
  /// The address that mail is from, and the name beside it.
  package var from: String
  package var fromName: String
  /// Where what comes back goes; nil: the address above.
  package var bounces: String?
  package var messagesPerMinute: Int
  package var connections: Int
  /// A PEM file to trust instead of the system's certificates.
  package var certificateAuthority: String?
  /// The relay takes addresses with letters beyond ASCII (SMTPUTF8, RFC 6531); nil: it does not.
  package var smtpUTF8: Bool?
  /// Nil: mail leaves as it is, for the relay to sign.
  package var dkim: DKIM?

  /// As whom mail is signed.
  package struct DKIM: Sendable, Hashable, Codable {
    package let domain: String
    /// Of both keys, each with the name of its algorithm behind it.
    package let selector: String

    package init(domain: String, selector: String) {
      self.domain = domain
      self.selector = selector
    }
  }

  package enum CodingKeys: String, CodingKey {
    case host, port, security, username, from, bounces, connections, dkim
    case smtpUTF8 = "smtputf8"
    case fromName = "from_name"
    case messagesPerMinute = "messages_per_minute"
    case certificateAuthority = "ca"
  }

  package static let file = "mail.json"
  package static let passwordFile = "mail-password"

  package init(
    host: String, port: Int, security: String, username: String?, from: String, fromName: String, bounces: String?, messagesPerMinute: Int,
    connections: Int, certificateAuthority: String?, smtpUTF8: Bool = false, dkim: DKIM? = nil
  ) throws {
    self.host = host
    self.port = port
    self.security = security
    self.username = username
    self.from = from
    self.fromName = fromName
    self.bounces = bounces
    self.messagesPerMinute = messagesPerMinute
    self.connections = connections
    self.certificateAuthority = certificateAuthority
    self.smtpUTF8 = smtpUTF8 ? true : nil
    self.dkim = dkim
    try check()
  }

  package func check() throws {
    guard !host.isEmpty, host.utf8.count <= 253, (1...65_535).contains(port) else {
      throw CustodianError.badOption("Name the relay by host and port.")
    }
    guard let security = OutboundMail.Security(rawValue: security) else {
      throw CustodianError.badOption("--security is starttls, tls or none.")
    }
    guard security != .none || ["127.0.0.1", "::1", "localhost"].contains(host) else {
      throw CustodianError.badOption("Mail leaves this machine by TLS only: --security starttls or tls.")
    }
    guard MailClient.isAddress(from), bounces.map({ MailClient.isAddress($0) }) ?? true else {
      throw CustodianError.badOption("--from takes an address such as security@orrery.example.")
    }
    guard PlainText.isShown(fromName, limit: 100) else { throw CustodianError.badOption("--from-name is one line of 1 to 100 bytes.") }
    guard (1...100_000).contains(messagesPerMinute), (1...16).contains(connections) else {
      throw CustodianError.badOption("--rate is 1 to 100000 messages a minute, --connections 1 to 16.")
    }
    if let dkim { try check(dkim) }
  }

  private func check(_ dkim: DKIM) throws {
    func isLabel(_ label: Substring, limit: Int) -> Bool {
      (1...limit).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.unicodeScalars.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-" }
    }
    guard isLabel(dkim.selector[...], limit: 40) else {
      throw CustodianError.badOption("--dkim-selector is 1 to 40 lower-case letters, digits and hyphens.")
    }
    guard dkim.domain.utf8.count <= 180,
      dkim.domain.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ isLabel($0, limit: 63) })
    else { throw CustodianError.badOption("--dkim-domain is a domain in lower case, in A-labels.") }
    // Otherwise nobody would see that it is the sender who signed.
    guard domain == dkim.domain || domain.hasSuffix(".\(dkim.domain)") else {
      throw CustodianError.badOption("--dkim-domain is the domain of --from (\(domain)), or one above it.")
    }
  }

  /// That of the sender's address.
  package var domain: String { from.split(separator: "@").last.map { $0.lowercased() } ?? "localhost" }

  var isInternational: Bool { smtpUTF8 ?? false }

  /// Nil where the relay signs. - Throws: where mail is to be signed here and the keys cannot be read.
  package func signer(in directory: URL) throws -> MailSigner? { try dkim.map { try MailSigner($0, in: directory) } }

  /// Makes keys under another selector, unless they are there, has mail signed with them, and destroys those of before. Nil: has nothing signed here.
  package mutating func sign(as new: DKIM?, in directory: URL) throws {
    let old = dkim
    dkim = new
    try check()
    // A crash behind any of these leaves settings whose keys are there.
    if let new { try MailSigner.makeKeys(new.selector, in: directory) }
    try write(in: directory)
    if let old, old.selector != new?.selector { try MailSigner.destroyKeys(old.selector, in: directory) }
  }

  /// Nil where none are made. - Throws: where the file cannot be used.
  package static func read(in directory: URL) throws -> MailSettings? {
    let file = directory.appendingPathComponent(Self.file)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    guard let settings = try? JSONDecoder().decode(MailSettings.self, from: Data(SecretFile.read(file, limit: 65_536))) else {
      throw CustodianError.badOption("\(file.path) cannot be read; make it anew with sealane-custodian mail.")
    }
    try settings.check()
    return settings
  }

  /// - Parameter passwordFile: the password, of which a copy is kept; nil: none is.
  package func write(in directory: URL, passwordFile: URL?) throws {
    let password = directory.appendingPathComponent(Self.passwordFile)
    if let passwordFile {
      let bytes = try Data(contentsOf: passwordFile)
      guard bytes.count <= 1_024 else { throw CustodianError.badOption("\(passwordFile.path) is longer than any password.") }
      try SecretFile.replace(password, bytes: [UInt8](bytes))
    } else if FileManager.default.fileExists(atPath: password.path) {
      try SecretFile.destroy(password)
    }
    try write(in: directory)
  }

  private func write(in directory: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    try SecretFile.replace(directory.appendingPathComponent(Self.file), bytes: Array(encoder.encode(self)) + [0x0A])
  }

  package static func remove(in directory: URL) throws {
    // Whatever mail.json says, and whether or not it can be read: no key to sign with is left.
    try MailSigner.destroyAllKeys(in: directory)
    for name in [file, passwordFile] {
      let file = directory.appendingPathComponent(name)
      if FileManager.default.fileExists(atPath: file.path) { try SecretFile.destroy(file) }
    }
  }

  /// Hands a short message to the relay. - Throws: `CustodianError` with the relay's word.
  package func test(to address: String, in directory: URL) async throws {
    guard let security = OutboundMail.Security(rawValue: security) else {
      throw CustodianError.badOption("--security is starttls, tls or none.")
    }
    let now = CustodianService.wallClock()
    // As addresses of letters are.
    let address = StatementName(.email, address)?.value ?? address
    let lines = [
      "From: <\(from)>", "To: <\(address)>", "Subject: A test of the relay for notices", "Date: \(LetterMail.date(now))",
      "Message-ID: <\(UUID().uuidString.lowercased())@\(domain)>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
      "Auto-Submitted: auto-generated", "", "This relay takes mail from the Sealane custodian.", "",
    ]
    let message = Array(lines.joined(separator: "\r\n").utf8)
    do {
      try await MailClient.send(
        OutboundMail(
          host: host, port: port, security: security, username: username, password: Self.password(in: directory), from: bounces ?? from,
          recipients: [address], message: signer(in: directory)?.signed(message, at: now) ?? message, isInternational: isInternational,
          certificateAuthority: certificateAuthority))
    } catch let error as OutboundError { throw CustodianError.badOption("The relay did not take it. \(error)") }
  }

  /// What `mail-password` holds. Never logged.
  static func password(in directory: URL) throws -> String? {
    let file = directory.appendingPathComponent(passwordFile)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return String(decoding: try SecretFile.read(file, limit: 1024), as: UTF8.self).trimmingCharacters(in: .newlines)
  }
}
