import CCurl
import Foundation

/// One mail as it is handed to a server.
package struct OutboundMail: Sendable {
  package enum Security: String, Sendable, Hashable, CaseIterable {
    /// The session begins in the clear and must turn to TLS before anything is said.
    case startTLS = "starttls"
    /// TLS from the first byte.
    case tls
    /// For a relay on this machine.
    case none
  }

  package var host: String
  package var port: Int
  package var security: Security
  package var username: String?
  package var password: String?
  package var from: String
  package var recipients: [String]
  /// Headers and body, with CRLF line ends.
  package var message: [UInt8]
  /// A PEM file to trust instead of the system's certificates.
  package var certificateAuthority: String?

  package init(
    host: String, port: Int, security: Security, username: String? = nil, password: String? = nil, from: String, recipients: [String],
    message: [UInt8], certificateAuthority: String? = nil
  ) {
    self.host = host
    self.port = port
    self.security = security
    self.username = username
    self.password = password
    self.from = from
    self.recipients = recipients
    self.message = message
    self.certificateAuthority = certificateAuthority
  }
}

/// Hands mail to a server by SMTP (RFC 5321), with libcurl, on threads of its own. All recipients take it, or it counts as refused.
package enum MailClient {
  private static let queue = DispatchQueue(label: "sealane.mail", attributes: .concurrent)

  /// - Throws: `OutboundError`; `rejected` is the server's own word.
  package static func send(_ mail: OutboundMail, deadline: Duration = .seconds(60)) async throws(OutboundError) {
    guard HTTPClient.isStarted else { throw OutboundError(code: .other, reason: "libcurl could not start.") }
    for address in mail.recipients + [mail.from] where !isAddress(address) {
      throw OutboundError(code: .invalid, reason: "An address holds a character that no address has.")
    }
    let result: Result<Void, OutboundError> = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: perform(mail, deadline)) }
    }
    try result.get()
  }

  /// Nothing that ends a command or an address.
  package static func isAddress(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") } && text.contains("@")
      && text.utf8.count <= 254
  }

  private static func perform(_ mail: OutboundMail, _ deadline: Duration) -> Result<Void, OutboundError> {
    let host = mail.host.contains(":") ? "[\(mail.host)]" : mail.host
    let url = "\(mail.security == .tls ? "smtps" : "smtp")://\(host):\(mail.port)"
    let words: [String] = [url, "<\(mail.from)>"] + mail.recipients.map { "<\($0)>" }
    let texts: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    let secrets: [String?] = [mail.username, mail.password, mail.certificateAuthority]
    let optional: [UnsafeMutablePointer<CChar>?] = secrets.map { text in text.flatMap { strdup($0) } }
    defer {
      for text in texts { free(text) }
      for text in optional {
        // A password must not stay behind in freed memory.
        if let text {
          memset(text, 0, strlen(text))
          free(text)
        }
      }
    }
    var status = 0
    var reason = [CChar](repeating: 0, count: 256)
    let code = mail.message.withUnsafeBytes { body in
      let recipients: [UnsafePointer<CChar>?] = texts.dropFirst(2).map { UnsafePointer($0) }
      return recipients.withUnsafeBufferPointer { recipients in
        var call = sealane_curl_mail()
        call.url = UnsafePointer(texts[0])
        call.require_tls = mail.security == .none ? 0 : 1
        call.username = UnsafePointer(optional[0])
        call.password = UnsafePointer(optional[1])
        call.from = UnsafePointer(texts[1])
        call.recipients = recipients.baseAddress
        call.recipient_count = recipients.count
        call.body = body.bindMemory(to: CChar.self).baseAddress
        call.body_size = body.count
        call.certificate_authority = UnsafePointer(optional[2])
        call.timeout_milliseconds = max(1, Int(deadline / .milliseconds(1)))
        return sealane_curl_send_mail(&call, &status, &reason, reason.count)
      }
    }
    guard Int(code) != SEALANE_CURL_OK else { return .success(()) }
    let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return .failure(OutboundError(code: OutboundError.Code(curl: code), reason: status >= 400 ? "status \(status)" : text))
  }
}

/// Whether an IP address is of this machine, of a private network or for a special purpose; nil for what is no address.
package func isInternalAddress(_ text: String) -> Bool? {
  switch sealane_curl_is_internal(text) {
  case 1: true
  case 0: false
  default: nil
  }
}
