/// Finds payment card numbers: an issuer's first digits, a length of that issuer, ISO/IEC 7812's check digit (Luhn), and either no
/// separators or those of a card (4-4-4-4, 4-6-5, 4-6-4).
enum CardDetector {
  static func find(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    var index = 0
    while index < bytes.count {
      guard bytes[index].isDigit else {
        index += 1
        continue
      }
      var digits: [UInt8] = []
      var groups: [Int] = []
      var end = index
      while digits.count <= 20 {
        let start = end
        while bytes.at(end).isDigit, digits.count <= 20 {
          digits.append(bytes[end] - 0x30)
          end += 1
        }
        groups.append(end - start)
        guard bytes.at(end) == 0x20 || bytes.at(end) == .ascii("-"), bytes.at(end + 1).isDigit else { break }
        end += 1
      }
      let before = bytes.at(index - 1)
      let isFree = bytes.isTokenStart(index) && before != .ascii(".") && before != .ascii("_") && !bytes.at(end).isAlphanumeric
        && !(bytes.at(end) == .ascii(".") && bytes.at(end + 1).isDigit)
      if isFree, groups.count == 1 || [[4, 4, 4, 4], [4, 6, 5], [4, 6, 4]].contains(groups), isCard(digits) {
        findings.add(Finding(range: index..<end, replacement: "[redacted: card]", reason: .card))
      }
      index = end
    }
  }

  /// Digits as numbers 0 to 9.
  static func isCard(_ digits: [UInt8]) -> Bool {
    guard digits.count >= 14, digits.count <= 16 else { return false }
    let four = digits[..<4].reduce(0) { $0 * 10 + Int($1) }
    let fits =
      switch four {
      case 4000...4999: digits.count == 16
      case 5100...5599, 2221...2720: digits.count == 16
      case 3400...3499, 3700...3799: digits.count == 15
      case 6011, 6440...6599, 3528...3589, 6200...6299: digits.count == 16
      case 3000...3059, 3600...3699, 3800...3899: digits.count == 14
      default: false
      }
    guard fits else { return false }
    var sum = 0
    for (offset, digit) in digits.reversed().enumerated() {
      let doubled = offset % 2 == 1 ? Int(digit) * 2 : Int(digit)
      sum += doubled > 9 ? doubled - 9 : doubled
    }
    return sum % 10 == 0
  }
}
