internal import Crypto
internal import CryptoExtras
internal import Foundation

/// Signs messages (RFC 6376, section 5): relaxed/relaxed, the whole body, and fields so that none can be added above the signed ones.
package struct DKIMSigner: Sendable {
  private enum Private: Sendable {
    case rsa(_RSA.Signing.PrivateKey)
    case ed25519(Curve25519.Signing.PrivateKey)
  }

  package struct InvalidKey: Error, Sendable {}

  package let domain: String
  package let selector: String
  private let key: Private

  /// Signed where they are there, and signed as absent behind that.
  package static let fields = [
    "from", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "content-type",
    "content-transfer-encoding", "mime-version",
  ]

  /// - Parameter rsaPEM: a private key of 2,048 bits or more, as PEM.
  package init(domain: String, selector: String, rsaPEM: String) throws {
    guard let read = try? _RSA.Signing.PrivateKey(pemRepresentation: rsaPEM) else { throw InvalidKey() }
    self.domain = domain
    self.selector = selector
    key = .rsa(read)
  }

  /// - Parameter ed25519Seed: the 32 bytes of a private key.
  package init(domain: String, selector: String, ed25519Seed: [UInt8]) throws {
    guard let read = try? Curve25519.Signing.PrivateKey(rawRepresentation: ed25519Seed) else { throw InvalidKey() }
    self.domain = domain
    self.selector = selector
    key = .ed25519(read)
  }

  /// The TXT record that `selector._domainkey.domain` must have.
  package var record: String {
    switch key {
    case .rsa(let key): "v=DKIM1; k=rsa; p=\(key.publicKey.derRepresentation.base64EncodedString())"
    case .ed25519(let key): "v=DKIM1; k=ed25519; p=\(key.publicKey.rawRepresentation.base64EncodedString())"
    }
  }

  /// The DKIM-Signature field, with its line end, that is to stand before the message.
  ///
  /// - Parameters:
  ///   - message: as it will be sent, with CRLF line ends.
  ///   - time: seconds since 1970.
  package func field(for message: [UInt8], at time: Int, expiresAt: Int? = nil) throws -> String {
    let read = MailMessage(message, limits: Self.limits)
    let names = Self.fields.flatMap { name in Array(repeating: name, count: read.headers.all(name).count + 1) }
    let bodyHash = Data(SHA256.hash(data: DKIMCanonical.body(read.root.body, .relaxed))).base64EncodedString()
    let algorithm =
      switch key {
      case .rsa: DKIMSignature.Algorithm.rsa
      case .ed25519: DKIMSignature.Algorithm.ed25519
      }
    var text = "DKIM-Signature: v=1; a=\(algorithm.rawValue); c=relaxed/relaxed; d=\(domain);\r\n s=\(selector); t=\(time);"
    if let expiresAt { text += " x=\(expiresAt);" }
    text += "\r\n h=" + Self.folded(names.map { "\($0):" }).dropLast() + ";\r\n bh=\(bodyHash);\r\n b="
    let bytes = Array(text.utf8)
    let own = MailField(name: "dkim-signature", raw: bytes[...], valueStart: "DKIM-Signature:".utf8.count)
    // The own field is no field of the message yet, and could have the place of none of them.
    let signed = DKIMCanonical.signedFields(read.headers.fields, names, .relaxed) + DKIMCanonical.unsigned(own, .relaxed)
    let signature = try self.signature(for: SHA256.hash(data: signed)).base64EncodedString()
    let lines = stride(from: 0, to: signature.utf8.count, by: 72).map { start in signature.dropFirst(start).prefix(72) }
    return text + lines.joined(separator: "\r\n ") + "\r\n"
  }

  private static let limits: MailLimits = {
    var limits = MailLimits()
    limits.bytes = .max
    return limits
  }()

  private func signature(for digest: SHA256.Digest) throws -> Data {
    switch key {
    case .rsa(let key): try key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation
    case .ed25519(let key): try key.signature(for: Data(digest))
    }
  }

  /// Lines of some seventy characters.
  private static func folded(_ words: [String]) -> String {
    var result = ""
    var column = 0
    for word in words {
      if column + word.utf8.count > 70 {
        result += "\r\n  "
        column = 0
      }
      result += word
      column += word.utf8.count
    }
    return result
  }
}
