/// Finds phone numbers by their shape: with a country code (`+49 151 …`, `0049 …`, `tel:`), North American groups of 3-3-4, and national
/// numbers that begin with 0 and are grouped. A bare row of digits is not one: it cannot be told from an order number or a time.
enum PhoneDetector {
  static func find(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      guard byte.isDigit || byte == .ascii("+") || byte == .ascii("(") else {
        index += 1
        continue
      }
      var run = Run(bytes, at: index)
      if let end = run.phoneEnd(bytes) {
        let start = bytes.has("tel:", at: run.start - 4) ? run.start - 4 : run.start
        findings.add(Finding(range: start..<end, replacement: "[phone]", reason: .phoneInside))
        index = end
      } else {
        index = max(run.skip, index + 1)
      }
    }
  }

  /// Digits in groups, with what may stand between the groups of a phone number.
  private struct Run {
    let start: Int
    /// Where to go on if it is no phone number.
    private(set) var skip: Int
    /// Lengths and ends of the groups, without arrays: most runs are dates and ids, and every one is looked at.
    private var groups = SIMD16<UInt8>()
    private var ends = SIMD16<Int32>()
    private var groupCount = 0
    private var digitCount = 0
    private var firstDigits: (UInt8, UInt8, UInt8) = (0, 0, 0)
    private var hasPlus = false
    private var hasParenthesis = false
    private var separators = 0
    private var onlyDots = true

    init(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) {
      self.start = start
      var index = start
      if bytes[index] == .ascii("(") {
        hasParenthesis = true
        index += 1
      }
      if bytes.at(index) == .ascii("+") {
        hasPlus = true
        index += 1
      }
      if bytes.at(index) == .ascii("("), hasPlus {
        hasParenthesis = true
        index += 1
      }
      skip = index
      while groupCount < 12 {
        var end = index
        while bytes.at(end).isDigit, digitCount < 24 {
          switch digitCount {
          case 0: firstDigits.0 = bytes[end]
          case 1: firstDigits.1 = bytes[end]
          case 2: firstDigits.2 = bytes[end]
          default: break
          }
          digitCount += 1
          end += 1
        }
        guard end > index else { break }
        groups[groupCount] = UInt8(end - index)
        ends[groupCount] = Int32(end)
        groupCount += 1
        skip = end
        index = end
        let gap = Self.separator(bytes, index)
        guard gap > 0, bytes.at(index + gap).isDigit else { break }
        separators += 1
        for byte in bytes[index..<(index + gap)] {
          if byte != .ascii(".") { onlyDots = false }
          if byte == .ascii("(") || byte == .ascii(")") { hasParenthesis = true }
        }
        index += gap
      }
      while bytes.at(skip).isDigit { skip += 1 }
    }

    /// Up to three bytes of space, hyphen, dot, slash and parentheses; no-break spaces and dashes of Unicode count as one.
    private static func separator(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
      var index = start
      var signs = 0
      while signs < 3 {
        switch bytes.at(index) {
        case 0x20, .ascii("-"), .ascii("."), .ascii("/"), .ascii("("), .ascii(")"): index += 1
        case 0xC2 where bytes.at(index + 1) == 0xA0: index += 2
        case 0xE2 where bytes.at(index + 1) == 0x80 && ((0x90...0x95).contains(bytes.at(index + 2)) || bytes.at(index + 2) == 0xAF):
          index += 3
        default: return index - start
        }
        signs += 1
      }
      return index - start
    }

    /// Where the phone number ends; nil if it is none.
    mutating func phoneEnd(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
      guard groupCount > 0 else { return nil }
      let last = Int(ends[groupCount - 1])
      let before = bytes.at(start - 1)
      let isCall = bytes.has("tel:", at: start - 4)
      if !isCall, before.isAlphanumeric || before == .ascii("_") || before == .ascii("$") || before == .ascii("+") { return nil }
      if before == .ascii("."), bytes.at(start - 2).isDigit { return nil }
      if before == .ascii("-"), bytes.at(start - 2).isAlphanumeric, !hasPlus { return nil }
      let after = bytes.at(last)
      let isOpen = after.isAlphanumeric || after == .ascii("_")
      if hasPlus || isCall {
        // Digits that follow after a number's end are something else: the longest row of groups that a number may have.
        var total = digitCount
        for count in stride(from: groupCount, to: 0, by: -1) {
          if count < groupCount { total -= Int(groups[count]) }
          if count == groupCount, isOpen { continue }
          if total <= 15, total >= (isCall ? 4 : 8) { return Int(ends[count - 1]) }
        }
        return nil
      }
      guard !isOpen, separators > 0 else { return nil }
      if isNorthAmerican || isNational { return last }
      return nil
    }

    private var isNorthAmerican: Bool {
      if hasParenthesis, are(3, 7) { return true }
      return are(3, 3, 4) || (are(1, 3, 3, 4) && firstDigits.0 == .ascii("1"))
    }

    private func are(_ lengths: UInt8...) -> Bool {
      groupCount == lengths.count && lengths.indices.allSatisfy { groups[$0] == lengths[$0] }
    }

    /// Begins with 0, or 00 and a country code. Dates, ISBNs, decimals and zero-padded numbers do not pass.
    private var isNational: Bool {
      guard firstDigits.0 == .ascii("0"), digitCount >= 9, groups[0] >= 2, groups[0] <= 6 else { return false }
      for index in 1..<max(groupCount, 1) where groups[index] == 1 { return false }
      if separators == 1, onlyDots { return false }
      if groupCount >= 3, groups[0] == 2, groups[1] == 2, groups[2] == 4 { return false }
      if firstDigits.1 == .ascii("0") { return digitCount >= 11 && digitCount <= 17 && firstDigits.2 != .ascii("0") }
      return digitCount <= 12
    }
  }
}
