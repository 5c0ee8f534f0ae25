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
      var groups: [Range<Int>] = []
      var end = index
      while true {
        let start = end
        while bytes.at(end).isDigit { end += 1 }
        groups.append(start..<end)
        guard bytes.at(end) == 0x20 || bytes.at(end) == .ascii("-"), bytes.at(end + 1).isDigit else { break }
        end += 1
      }
      findCards(in: groups, of: bytes, into: &findings)
      index = end
    }
  }

  /// Looks at every row of groups that could be one card: other numbers may stand before and behind it.
  private static func findCards(in groups: [Range<Int>], of bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    for first in groups.indices {
      for length in [1, 3, 4] where first + length <= groups.count {
        let row = groups[first..<(first + length)]
        guard length == 1 || cardGroups.contains(row.map(\.count)), let start = row.first?.lowerBound, let end = row.last?.upperBound,
          end - start <= 19, isFree(start..<end, in: bytes)
        else { continue }
        if isCard(bytes[start..<end].filter(\.isDigit).map { $0 - 0x30 }) {
          findings.add(Finding(range: start..<end, replacement: "[redacted: card]", reason: .card))
        }
      }
    }
  }

  private static let cardGroups: Set<[Int]> = [[4, 4, 4, 4], [4, 6, 5], [4, 6, 4]]

  private static func isFree(_ range: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let before = bytes.at(range.lowerBound - 1)
    return bytes.isTokenStart(range.lowerBound) && before != .ascii(".") && before != .ascii("_")
      && !bytes.at(range.upperBound).isAlphanumeric
      && !(bytes.at(range.upperBound) == .ascii(".") && bytes.at(range.upperBound + 1).isDigit)
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
