package import Events
internal import Foundation

/// A letter, or an answer, as it is handed to a relay: a plain text and the proof beside it, and nothing else (RFC 5322, RFC 2045).
package struct LetterMail: Sendable, Hashable {
  package let from: String
  package let fromName: String
  package let to: String
  /// With its brackets.
  package let messageID: String
  package let date: Timestamp
  package let subject: String
  package let body: String
  package let language: LetterLanguage
  package let proof: [UInt8]
  /// How often this message may have been delivered before, without our knowing.
  package let copies: Int

  package init(
    from: String, fromName: String, to: String, messageID: String, date: Timestamp, subject: String, body: String,
    language: LetterLanguage, proof: [UInt8], copies: Int
  ) {
    self.from = from
    self.fromName = fromName
    self.to = to
    self.messageID = messageID
    self.date = date
    self.subject = subject
    self.body = body
    self.language = language
    self.proof = proof
    self.copies = copies
  }

  /// Says that this message went out before, and that the server's answer was lost. Its number counts from 2.
  package static let copyHeader = "Sealane-Copy"

  package var bytes: [UInt8] {
    let boundary = "=_\(messageID.filter { $0.isLetter || $0.isNumber }.prefix(32))"
    var headers = [
      "From: \(Self.encoded(fromName)) <\(from)>", "To: <\(to)>", "Subject: \(Self.encoded(subject))",
      "Date: \(Self.date(date))", "Message-ID: \(messageID)", "MIME-Version: 1.0", "Content-Language: \(language.rawValue)",
      // Nobody's holiday answer is wanted (RFC 3834).
      "Auto-Submitted: auto-generated", "Content-Type: multipart/mixed; boundary=\"\(boundary)\"",
    ]
    if copies > 0 { headers.append("\(Self.copyHeader): \(copies + 1)") }
    let lines =
      headers + [
        "", "--\(boundary)", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "",
        Self.quotedPrintable(body), "--\(boundary)", "Content-Type: application/json; name=\"\(ProofFile.name)\"",
        "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=\"\(ProofFile.name)\"", "",
        Data(proof).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]),
        "--\(boundary)--", "",
      ]
    return Array(lines.joined(separator: "\r\n").utf8)
  }

  /// RFC 2047: what is not plain ASCII in encoded words of 45 bytes at most, folded.
  static func encoded(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), !text.contains("=?") {
      let isAtoms = text.utf8.allSatisfy { $0 == 0x20 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
      return isAtoms || text.contains(":") ? text : "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
    var words: [String] = []
    var piece: [UInt8] = []
    for character in text {
      let bytes = Array(String(character).utf8)
      if piece.count + bytes.count > 42 {
        words.append(Data(piece).base64EncodedString())
        piece = []
      }
      piece += bytes
    }
    words.append(Data(piece).base64EncodedString())
    return words.map { "=?utf-8?B?\($0)?=" }.joined(separator: "\r\n ")
  }

  /// RFC 5322, section 3.3, in UTC.
  package static func date(_ time: Timestamp) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "EEE, d MMM yyyy HH:mm:ss '+0000'"
    return formatter.string(from: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
  }

  /// RFC 2045, section 6.7; lines of the text end with CRLF.
  static func quotedPrintable(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var result: [UInt8] = []
      var width = 0
      let bytes = Array(line.utf8)
      for (place, byte) in bytes.enumerated() {
        let isLast = place == bytes.count - 1
        // A dot at the start of a line and “From ” are left alone by few; a blank at the end by nobody.
        let isPlain =
          byte >= 33 && byte <= 126 && byte != UInt8(ascii: "=")
          && !(width == 0 && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: "F")))
          || byte == 0x20 && !isLast
        let piece = isPlain ? [byte] : [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        if width + piece.count > 75 {
          result += Array("=\r\n".utf8)
          width = 0
        }
        result += piece
        width += piece.count
      }
      return String(decoding: result, as: UTF8.self)
    }.joined(separator: "\r\n")
  }
}
