/// A part of a message, which the message itself is too (RFC 2045, RFC 2046).
package struct MailPart: Sendable {
  package enum Content: Sendable {
    case bytes
    case parts([MailPart])
    /// message/rfc822.
    indirect case message(MailPart)
  }

  package let headers: MailHeaders
  /// `text/plain`, in lower case.
  package let type: String
  /// Of the content type, names in lower case.
  package let parameters: [String: String]
  /// `attachment`, `inline`, or empty.
  package let disposition: String
  /// As the sender wrote it: nothing to make a path of.
  package let fileName: String?
  /// The body as it came, encoded.
  package let body: ArraySlice<UInt8>
  package let content: Content

  /// The body without its transfer encoding.
  package func decoded() -> [UInt8] { decodedBody().bytes }

  func decodedBody() -> (bytes: [UInt8], finding: MailFinding?) {
    switch headers.first("content-transfer-encoding")?.unfolded[...].trimmed.token ?? "" {
    case "base64":
      let decoded = TransferEncoding.base64(body)
      return (decoded.bytes, decoded.isClean ? nil : .badEncoding)
    case "quoted-printable":
      let decoded = TransferEncoding.quotedPrintable(body)
      return (decoded.bytes, decoded.isClean ? nil : .badEncoding)
    case "", "7bit", "8bit", "binary": return (Array(body), nil)
    default: return (Array(body), .unknownEncoding)
    }
  }

  /// This part and those inside it, in order, those of enclosed messages not.
  package var leaves: [MailPart] {
    switch content {
    case .bytes, .message: [self]
    case .parts(let parts): parts.flatMap(\.leaves)
    }
  }
}

/// Takes messages apart, within bounds.
struct MailPartReader {
  let limits: MailLimits
  private(set) var findings: Set<MailFinding> = []
  private var parts = 0

  init(limits: MailLimits) { self.limits = limits }

  mutating func message(_ bytes: ArraySlice<UInt8>) -> MailPart { part(bytes, depth: 0, usual: "text/plain") }

  private mutating func part(_ bytes: ArraySlice<UInt8>, depth: Int, usual: String) -> MailPart {
    parts += 1
    let (headers, start) = MailHeaders.read(bytes, limits: limits, findings: &findings)
    let type = MailParameters(headers.first("content-type")?.unfolded ?? Array(usual.utf8))
    let disposition = MailParameters(headers.first("content-disposition")?.unfolded ?? [])
    let body = bytes[start...]
    let value = type.value.contains("/") ? type.value : "text/plain"
    var part = MailPart(
      headers: headers, type: value, parameters: type.parameters, disposition: disposition.value,
      fileName: disposition.parameters["filename"] ?? type.parameters["name"], body: body, content: .bytes)
    if value.hasPrefix("multipart/") {
      guard depth < limits.depth else { return unread(part, .nestedTooDeep) }
      guard let boundary = type.parameters["boundary"], !boundary.isEmpty else { return unread(part, .missingBoundary) }
      var inside: [MailPart] = []
      for piece in pieces(body, boundary: Array(boundary.utf8.prefix(200))) {
        guard parts < limits.parts else {
          findings.insert(.tooManyParts)
          break
        }
        inside.append(self.part(piece, depth: depth + 1, usual: value == "multipart/digest" ? "message/rfc822" : "text/plain"))
      }
      part = part.with(.parts(inside))
    } else if value == "message/rfc822" || value == "message/global" {
      guard depth < limits.depth else { return unread(part, .nestedTooDeep) }
      // Encoded, against RFC 2046, section 5.2.1, as some programs do when they forward.
      let (decoded, finding) = part.decodedBody()
      if let finding { findings.insert(finding) }
      part = part.with(.message(self.part(decoded[...], depth: depth + 1, usual: "text/plain")))
    }
    return part
  }

  private mutating func unread(_ part: MailPart, _ finding: MailFinding) -> MailPart {
    findings.insert(finding)
    return part
  }

  /// What stands between the boundary's lines (RFC 2046, section 5.1.1), at most as many as parts are allowed.
  private mutating func pieces(_ body: ArraySlice<UInt8>, boundary: [UInt8]) -> [ArraySlice<UInt8>] {
    let delimiter = [0x2D, 0x2D] + boundary
    var lines = MailLines(body)
    var found: [ArraySlice<UInt8>] = []
    var start: Int?
    // The line end before a delimiter belongs to the delimiter.
    var previousEnd = body.startIndex
    while let (line, next) = lines.next() {
      if body.starts(with: delimiter, at: line.lowerBound) {
        var rest = body[(line.lowerBound + delimiter.count)..<max(line.upperBound, line.lowerBound + delimiter.count)]
        let isLast = rest.starts(with: [0x2D, 0x2D], at: rest.startIndex)
        if isLast { rest = rest.dropFirst(2) }
        if rest.allSatisfy(\.isBlank) {
          if let start { found.append(body[start..<max(start, previousEnd)]) }
          if isLast { return found }
          guard found.count <= limits.parts else { return found }
          start = next
        }
      }
      previousEnd = line.upperBound
    }
    findings.insert(.unterminatedMultipart)
    if let start, start <= body.endIndex { found.append(body[start...]) }
    return found
  }
}

extension MailPart {
  fileprivate func with(_ content: Content) -> MailPart {
    MailPart(
      headers: headers, type: type, parameters: parameters, disposition: disposition, fileName: fileName, body: body, content: content)
  }
}
