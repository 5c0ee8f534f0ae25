/// E-mail addresses, phone numbers and IP addresses in a text, found together.
enum Identities {
  static func find(in bytes: UnsafeBufferPointer<UInt8>, scan: TextScan, versionsExpected: Bool) -> Findings {
    var findings = Findings()
    if scan.mayHoldEmail { EmailDetector.find(in: bytes, into: &findings) }
    if scan.mayHoldAddress { AddressDetector.find(in: bytes, versionsExpected: versionsExpected, into: &findings) }
    if scan.mayHoldPhone { PhoneDetector.find(in: bytes, into: &findings) }
    return findings
  }

  /// Whether nothing but findings, spaces, brackets and separators stands there, or a name before an address in angle brackets:
  /// `Ann Example <ann@x.example>`.
  static func fill(_ bytes: UnsafeBufferPointer<UInt8>, _ findings: Findings) -> Bool {
    guard let last = findings.all.last else { return false }
    if bytes.at(last.range.lowerBound - 1) == .ascii("<"), bytes.at(last.range.upperBound) == .ascii(">") { return true }
    var position = 0
    for finding in findings.all {
      guard bytes[position..<finding.range.lowerBound].allSatisfy(isFrame) else { return false }
      position = finding.range.upperBound
    }
    return bytes[position...].allSatisfy(isFrame)
  }

  private static func isFrame(_ byte: UInt8) -> Bool {
    switch byte {
    case .ascii("<"), .ascii(">"), .ascii("("), .ascii(")"), .ascii("["), .ascii("]"), .ascii("{"), .ascii("}"), .ascii("\""), .ascii("'"),
      .ascii(","), .ascii(";"), .ascii("|"), .ascii("."):
      true
    default: byte.isSpace
    }
  }
}

extension Reason {
  /// The reason for a value that *is* what was found inside.
  var asWhole: Reason {
    switch self {
    case .emailInside: .email
    case .phoneInside: .phone
    case .addressInside: .address
    default: self
    }
  }

  /// What happened to a text of which a part was replaced for this reason.
  var treatmentOfPart: Decision.Treatment { step == .secrets || self == .linkCredentials ? .refused : .coarsened }
}
