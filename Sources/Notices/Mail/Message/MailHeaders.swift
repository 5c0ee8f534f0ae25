/// One header field, as it came.
package struct MailField: Sendable {
  /// In lower case.
  package let name: String
  /// From the first byte of the name to the last before the line end, folds included.
  package let raw: ArraySlice<UInt8>
  /// Where the value begins, behind the colon.
  let valueStart: Int

  /// The value without its folds (RFC 5322, section 2.2.3) and without blanks at either end.
  package var unfolded: [UInt8] {
    Array(raw[valueStart...].prefix(MailLimits.usual.fieldBytes).filter { $0 != 0x0D && $0 != 0x0A }[...].trimmed)
  }
  /// The value as people see it, encoded words decoded.
  package var text: String { EncodedWords.decode(unfolded[...]) }
}

/// The header fields of a message or part, in their order (RFC 5322, section 2.2).
package struct MailHeaders: Sendable {
  package private(set) var fields: [MailField] = []

  init() {}

  package func all(_ name: String) -> [MailField] { fields.filter { $0.name == name } }
  package func first(_ name: String) -> MailField? { fields.first { $0.name == name } }
  /// The text of the first field of that name.
  package func text(_ name: String) -> String? { first(name)?.text }

  /// Reads up to the empty line.
  ///
  /// - Returns: the fields, and where the body begins.
  static func read(
    _ bytes: ArraySlice<UInt8>, limits: MailLimits, findings: inout Set<MailFinding>
  ) -> (headers: MailHeaders, body: Int) {
    var headers = MailHeaders()
    var lines = MailLines(bytes)
    var open: (start: Int, colon: Int, end: Int)?
    func close() {
      guard let field = open else { return }
      open = nil
      guard headers.fields.count < limits.fields else {
        findings.insert(.tooManyFields)
        return
      }
      let name = bytes[field.start..<field.colon].trimmed.token
      headers.fields.append(MailField(name: name, raw: bytes[field.start..<field.end], valueStart: field.colon + 1))
    }
    while let (line, next) = lines.next() {
      if line.isEmpty {
        close()
        return (headers, next)
      }
      if bytes[line].firstPlace(of: 0x0D, from: line.lowerBound) != nil { findings.insert(.bareCarriageReturn) }
      let first = bytes[line.lowerBound]
      if first == 0x20 || first == 0x09 {
        if open != nil { open?.end = line.upperBound } else { findings.insert(.malformedField) }
        continue
      }
      close()
      if let colon = colon(in: bytes[line]) {
        open = (line.lowerBound, colon, line.upperBound)
      } else if !(line.lowerBound == bytes.startIndex && bytes.starts(with: Array("From ".utf8), at: line.lowerBound)) {
        findings.insert(.malformedField)
      }
    }
    close()
    return (headers, bytes.endIndex)
  }

  /// Of a name of printable characters (RFC 5322, section 2.2), blanks behind it allowed as ever (section 4.5).
  private static func colon(in line: ArraySlice<UInt8>) -> Int? {
    var blank = false
    for (offset, byte) in line.prefix(256).enumerated() {
      if byte == 0x3A { return offset == 0 ? nil : line.startIndex + offset }
      if byte == 0x20 || byte == 0x09 { blank = true } else if blank || !(33...126).contains(byte) { return nil }
    }
    return nil
  }
}
