/// Finds bank account numbers: an IBAN's country, its length there, and check digits (ISO 13616, ISO/IEC 7064 MOD 97-10), in one piece or in
/// groups of four.
enum AccountDetector {
  /// Characters of an IBAN by country, from the IBAN registry.
  private static let lengths: [String: Int] = [
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28, "CH": 21, "CR": 22,
    "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22,
    "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30,
    "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27,
    "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31,
    "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
  ]

  static func find(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    var index = 0
    while index + 15 <= bytes.count {
      if bytes[index + 2].isDigit, bytes[index + 3].isDigit, bytes[index].isLetter, bytes[index + 1].isLetter, bytes.isTokenStart(index),
        let end = end(in: bytes, at: index)
      {
        findings.add(Finding(range: index..<end, replacement: SecretDetector.replacement(.bankAccount), reason: .bankAccount))
        index = end
      } else {
        index += 1
      }
    }
  }

  private static func end(in bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    let country = String(decoding: bytes[start..<start + 2], as: UTF8.self).uppercased()
    guard let length = lengths[country] else { return nil }
    var end = start
    var count = 0
    // The first four characters count last.
    var head = 0
    var rest = 0
    while count < length {
      var byte = bytes.at(end)
      if byte == 0x20 || byte == .ascii("-"), count > 0, count % 4 == 0 {
        end += 1
        byte = bytes.at(end)
      }
      guard byte.isAlphanumeric else { return nil }
      let value = byte.isDigit ? Int(byte - 0x30) : Int(byte.lowercased - .ascii("a")) + 10
      if count < 4 { head = (head * (value > 9 ? 100 : 10) + value) % 97 } else { rest = (rest * (value > 9 ? 100 : 10) + value) % 97 }
      count += 1
      end += 1
    }
    guard !bytes.at(end).isAlphanumeric else { return nil }
    // Behind the rest stand two letters, of two digits each, and two digits.
    return (rest * 1_000_000 + head) % 97 == 1 ? end : nil
  }
}
