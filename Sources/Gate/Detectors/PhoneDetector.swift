/// Finds phone numbers by their shape: with a country code (`+49 151 …`, `0049 …`, `tel:`), North American groups of 3-3-4, and national
/// numbers that begin with 0 or an area code in parentheses and are grouped. Texts that are nothing but a number may also have one of the
/// shapes that national numbers are written in. A bare row of digits is one only under a name that says so (`PhoneNames`): otherwise it
/// cannot be told from an order number or a time.
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

  // MARK: Whole texts

  /// Seven to fifteen digits and nothing else. Times of our days, in seconds or milliseconds, are none.
  static func isBareNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard (7...15).contains(bytes.count), bytes.allSatisfy(\.isDigit) else { return false }
    let isTime = (bytes.count == 10 || bytes.count == 13) && bytes[0] == .ascii("1") && (.ascii("4") ... .ascii("9")).contains(bytes[1])
    return !isTime
  }

  static func isBareNumber(_ text: String) -> Bool { text.withBytes { isBareNumber($0) } }

  /// A number without country code, zero or parentheses, grouped by single spaces or hyphens as its country does. Only for whole texts:
  /// inside of others such groups are anything.
  static func isNational(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let start = bytes.firstIndex(where: { !$0.isSpace }), let last = bytes.lastIndex(where: { !$0.isSpace }) else { return false }
    let digits = bytes[start...last]
    guard digits.count <= 16, digits.allSatisfy({ $0.isDigit || $0 == 0x20 || $0 == .ascii("-") }) else { return false }
    let groups = digits.split(omittingEmptySubsequences: false) { !$0.isDigit }
    let isSpaced = !digits.contains(.ascii("-"))
    func begins(_ group: Int, _ range: ClosedRange<Unicode.Scalar>) -> Bool {
      groups[group].first.map { (UInt8.ascii(range.lowerBound)...UInt8.ascii(range.upperBound)).contains($0) } ?? false
    }
    switch groups.map(\.count) {
    case [3, 4, 4]: return begins(0, "1"..."1")
    case [5, 5]: return begins(0, "6"..."9")
    case [4, 4]: return isSpaced && begins(0, "2"..."9") && !groups[0].elementsEqual("20".utf8 + groups[0].suffix(2))
    case [3, 3, 3]: return isSpaced && begins(0, "5"..."9")
    case [2, 2, 2, 2]: return isSpaced && begins(0, "1"..."9")
    case [3, 2, 2, 2]: return begins(0, "5"..."9")
    case [2, 3, 2, 2], [3, 3, 2, 2], [2, 4, 4], [1, 2, 2, 2, 2]: return begins(0, "1"..."9")
    case [2, 5, 4]: return begins(1, "9"..."9")
    case [1, 4, 4]: return begins(0, "9"..."9")
    case [1, 3, 3, 2, 2]: return begins(0, "7"..."8")
    case [4, 6]: return isSpaced && begins(0, "7"..."7")
    default: return false
    }
  }

  // MARK: Numbers inside of texts

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
    /// Which group stands in parentheses, if it may be an area code.
    private var areaGroup: Int?
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
        index += bytes.at(index + 1) == 0x20 ? 2 : 1
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
        if bytes.at(index - 1) == .ascii("("), bytes.at(end) == .ascii(")"), (2...5).contains(end - index) { areaGroup = groupCount }
        groups[groupCount] = UInt8(end - index)
        ends[groupCount] = Int32(end)
        groupCount += 1
        skip = end
        index = end
        let gap = Self.separator(bytes, index, isInternational: hasPlus)
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
    /// In forms a plus stands for a space.
    private static func separator(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, isInternational: Bool) -> Int {
      var index = start
      var signs = 0
      while signs < 3 {
        switch bytes.at(index) {
        case 0x20, .ascii("-"), .ascii("."), .ascii("/"), .ascii("("), .ascii(")"): index += 1
        case .ascii("+") where isInternational: index += 1
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
      // A word may run into a whole international number (`WhatsApp+5491123456789`), a digit may not.
      let isGlued = hasPlus && before.isLetter && digitCount >= 10
      if !isCall, !isGlued, before.isAlphanumeric || before == .ascii("_") || before == .ascii("$") || before == .ascii("+") { return nil }
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
      if isNorthAmerican || isNational || hasAreaCode { return last }
      return nil
    }

    /// `(11) 91234-5678`, `8 (495) 123-45-67`.
    private var hasAreaCode: Bool {
      guard let areaGroup, areaGroup <= 1, areaGroup + 1 < groupCount else { return false }
      return (9...12).contains(digitCount) && (areaGroup == 0 || groups[0] == 1)
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
      // North America's way out of the country.
      if groups[0] == 3, firstDigits.1 == .ascii("1"), firstDigits.2 == .ascii("1") { return digitCount >= 11 && digitCount <= 18 }
      for index in 1..<max(groupCount, 1) where groups[index] == 1 { return false }
      if separators == 1, onlyDots { return false }
      if groupCount >= 3, groups[0] == 2, groups[1] == 2, groups[2] == 4 { return false }
      if firstDigits.1 == .ascii("0") { return digitCount >= 11 && digitCount <= 17 && firstDigits.2 != .ascii("0") }
      return digitCount <= 12
    }
  }
}
