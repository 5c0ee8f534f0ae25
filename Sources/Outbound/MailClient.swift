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
  /// Whether recipients may have letters beyond ASCII before the at sign (RFC 6531). A server that does not announce it refuses them.
  package var isInternational: Bool
  /// A PEM file to trust instead of the system's certificates.
  package var certificateAuthority: String?

  package init(
    host: String, port: Int, security: Security, username: String? = nil, password: String? = nil, from: String, recipients: [String],
    message: [UInt8], isInternational: Bool = false, certificateAuthority: String? = nil
  ) {
    self.host = host
    self.port = port
    self.security = security
    self.username = username
    self.password = password
    self.from = from
    self.recipients = recipients
    self.message = message
    self.isInternational = isInternational
    self.certificateAuthority = certificateAuthority
  }
}

/// What became of one mail.
package enum MailOutcome: Sendable, Hashable {
  case accepted
  /// The server will not take it, now or later (5xx).
  case refused(reason: String)
  /// Nothing was taken; another time it may be (4xx, no connection, no trust in the connection).
  case notTaken(reason: String)
  /// The server had the message, or part of it, and its answer did not come: it may be delivered.
  case answerLost(reason: String)
}

/// Hands mail to a server by SMTP (RFC 5321), with libcurl, on threads of its own. All recipients take it, or it counts as refused.
package enum MailClient {
  private static let queue = DispatchQueue(label: "sealane.mail", attributes: .concurrent)

  /// - Throws: `OutboundError`; `rejected` is the server's own word.
  package static func send(_ mail: OutboundMail, deadline: Duration = .seconds(60)) async throws(OutboundError) {
    try check(mail)
    let result: Result<Void, OutboundError> = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: perform(mail, deadline, on: nil).result) }
    }
    try result.get()
  }

  fileprivate static func check(_ mail: OutboundMail) throws(OutboundError) {
    guard HTTPClient.isStarted else { throw OutboundError(code: .other, reason: "libcurl could not start.") }
    guard isAddress(mail.from), mail.recipients.allSatisfy({ isAddress($0, isInternational: mail.isInternational) }) else {
      throw OutboundError(code: .invalid, reason: "An address is none that SMTP can carry.")
    }
  }

  /// Whether SMTP can carry this address, as it must stand on the wire (RFC 5321, sections 4.1.2 and 4.5.3.1): a domain in A-labels or an address
  /// literal, and before it a word or a quoted one, of ASCII. Where dots stand before the at sign is left to the server: some have such mailboxes.
  ///
  /// - Parameter isInternational: letters beyond ASCII may stand before the at sign (RFC 6531, section 3.3).
  package static func isAddress(_ text: String, isInternational: Bool = false) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count <= 254, let at = bytes.lastIndex(of: UInt8(ascii: "@")), (1...64).contains(at) else { return false }
    let local = bytes[..<at]
    let isQuoted = at > 2 && local.first == UInt8(ascii: "\"") && local.last == UInt8(ascii: "\"")
    let word = isQuoted ? local.dropFirst().dropLast() : local
    return word.allSatisfy { byte in
      if byte >= 0x80 { return isInternational }
      return isQuoted ? byte > 0x20 && byte < 0x7F && !"\"\\<>".utf8.contains(byte) : isAtom(byte) || byte == UInt8(ascii: ".")
    } && isDomain(bytes[(at + 1)...])
  }

  private static func isDomain(_ bytes: ArraySlice<UInt8>) -> Bool {
    if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"), bytes.count > 2 {
      return bytes.dropFirst().dropLast().allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }
    return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }

  /// RFC 5322, section 3.2.3.
  private static func isAtom(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte) }

  /// One attempt, as libcurl tells of it.
  fileprivate struct Attempt {
    let code: Int32
    /// The server's last reply.
    let status: Int
    let stage: Int32
    let reason: String

    var result: Result<Void, OutboundError> {
      guard Int(code) != SEALANE_CURL_OK else { return .success(()) }
      return .failure(OutboundError(code: OutboundError.Code(curl: code), reason: status >= 400 ? "status \(status)" : reason))
    }

    var outcome: MailOutcome {
      guard Int(code) != SEALANE_CURL_OK else { return .accepted }
      let words = status >= 400 ? "status \(status)" : reason
      switch Int(stage) {
      // A reply to the message itself; 354 only asked for it.
      case SEALANE_MAIL_MESSAGE where status >= 500: return .refused(reason: words)
      case SEALANE_MAIL_MESSAGE where status >= 400: return .notTaken(reason: words)
      case SEALANE_MAIL_MESSAGE: return .answerLost(reason: words)
      case SEALANE_MAIL_RECIPIENT where status >= 500: return .refused(reason: words)
      default: return .notTaken(reason: words)
      }
    }
  }

  fileprivate static func perform(_ mail: OutboundMail, _ deadline: Duration, on handle: UnsafeMutableRawPointer?) -> Attempt {
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
    var stage: Int32 = 0
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
        return sealane_curl_send_mail(handle, &call, &status, &stage, &reason, reason.count)
      }
    }
    let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Attempt(code: code, status: status, stage: stage, reason: text)
  }
}

/// A connection to a relay that is kept from one mail to the next. One mail at a time; others wait their turn.
package final class MailSession: Sendable {
  private let queue = DispatchQueue(label: "sealane.mail.session")
  private let handle: Handle

  package init() { handle = Handle() }

  /// - Throws: `OutboundError` `invalid` where the mail itself cannot be sent by anybody.
  package func deliver(_ mail: OutboundMail, deadline: Duration = .seconds(60)) async throws(OutboundError) -> MailOutcome {
    try MailClient.check(mail)
    return await withCheckedContinuation { continuation in
      queue.async { [handle] in continuation.resume(returning: MailClient.perform(mail, deadline, on: handle.pointer).outcome) }
    }
  }

  /// Used on the session's queue alone, and ended when nobody has the session any more.
  private final class Handle: @unchecked Sendable {
    let pointer = HTTPClient.isStarted ? sealane_curl_open() : nil
    deinit { if let pointer { sealane_curl_close(pointer) } }
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
