/// The two canonical forms of headers and bodies (RFC 6376, section 3.4), each in one pass.
enum DKIMCanonical {
  enum Form: String, Sendable, Hashable, CaseIterable {
    case simple, relaxed
  }

  /// A field with its line end. A line end without CR counts as one with it, since files are kept so.
  static func field(_ field: MailField, _ form: Form) -> [UInt8] { self.field(field.raw, valueStart: field.valueStart, form) }

  static func field(_ raw: ArraySlice<UInt8>, valueStart: Int, _ form: Form) -> [UInt8] {
    guard form == .relaxed else { return crlf(raw) + [0x0D, 0x0A] }
    var result = Array(raw[..<(valueStart - 1)].trimmed.map(\.lowercased))
    result.append(0x3A)
    var isBlankDue = false
    var hasValue = false
    for byte in raw[valueStart...] where byte != 0x0D && byte != 0x0A {
      if byte == 0x20 || byte == 0x09 {
        isBlankDue = hasValue
        continue
      }
      if isBlankDue { result.append(0x20) }
      isBlankDue = false
      hasValue = true
      result.append(byte)
    }
    return result + [0x0D, 0x0A]
  }

  static func body(_ body: ArraySlice<UInt8>, _ form: Form) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(body.count + 64)
    var lines = MailLines(body)
    // Empty lines at the end are none.
    var empty = 0
    while let (line, _) = lines.next() {
      let isEmpty = form == .relaxed ? body[line].allSatisfy { $0 == 0x20 || $0 == 0x09 } : line.isEmpty
      if isEmpty {
        empty += 1
        continue
      }
      for _ in 0..<empty { result += [0x0D, 0x0A] }
      empty = 0
      if form == .relaxed { appendRelaxed(body[line], to: &result) } else { result += body[line] }
      result += [0x0D, 0x0A]
    }
    return result.isEmpty && form == .simple ? [0x0D, 0x0A] : result
  }

  private static func appendRelaxed(_ line: ArraySlice<UInt8>, to result: inout [UInt8]) {
    var isBlankDue = false
    for byte in line {
      if byte == 0x20 || byte == 0x09 {
        isBlankDue = true
        continue
      }
      if isBlankDue { result.append(0x20) }
      isBlankDue = false
      result.append(byte)
    }
  }

  private static func crlf(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes {
      if byte == 0x0A, result.last != 0x0D { result.append(0x0D) }
      result.append(byte)
    }
    return result
  }

  /// A signature's own field, with nothing as the value of `b` and without its line end (section 3.7).
  static func unsigned(_ field: MailField, _ form: Form) -> [UInt8] {
    var bytes = Array(field.raw[..<field.valueStart])
    for (index, piece) in field.raw[field.valueStart...].split(separator: 0x3B, omittingEmptySubsequences: false).enumerated() {
      if index > 0 { bytes.append(0x3B) }
      if let equals = piece.firstIndex(of: 0x3D), piece[..<equals].trimmed.elementsEqual([0x62]) {
        bytes += piece[...equals]
      } else {
        bytes += piece
      }
    }
    return self.field(bytes[...], valueStart: field.valueStart - field.raw.startIndex, form).dropLast(2)
  }

  /// The signed fields, each name taking the last field that none before it took (section 5.4.2), and the signature's own.
  static func headers(_ headers: MailHeaders, signed names: [String], form: Form, own: MailField) -> [UInt8] {
    signedFields(headers.fields.filter { $0.raw.startIndex != own.raw.startIndex }, names, form) + unsigned(own, form)
  }

  static func signedFields(_ fields: [MailField], _ names: [String], _ form: Form) -> [UInt8] {
    var waiting: [String: [MailField]] = [:]
    for field in fields { waiting[field.name, default: []].append(field) }
    var result: [UInt8] = []
    for name in names { if let field = waiting[name]?.popLast() { result += self.field(field, form) } }
    return result
  }
}
