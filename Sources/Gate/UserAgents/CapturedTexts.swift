/// The texts that the first group of an expression can match, as far as they are written in it: literals, alternatives of literals, what may
/// be left out, and small classes (`[Bb]ot`). Whatever lets the sender choose freely (`.`, `\w`, large classes, repetitions) yields nothing
/// unless it may match nothing: `Googlebot(?:-[a-z]{1,30}|)` is `Googlebot`.
struct CapturedTexts {
  /// More than this many texts for a part of an expression are none: nobody has written them out.
  static let most = 1000
  private static let largestClass = 26
  private static let mostRepetitions = 2

  private var rest: ArraySlice<UInt8>
  private var groups = 0
  private var captured: [[UInt8]]?

  static func of(_ pattern: String) -> [String] {
    var reader = CapturedTexts(rest: Array(pattern.utf8)[...])
    _ = reader.alternatives()
    // A closing bracket that nobody opened ends the reading early; RE2 does not take such an expression.
    return (reader.captured ?? []).map { String(decoding: $0, as: UTF8.self) }
  }

  private init(rest: ArraySlice<UInt8>) { self.rest = rest }

  /// Up to the bracket that closes the group, or the end.
  private mutating func alternatives() -> [[UInt8]] {
    var all: [[UInt8]] = []
    while true {
      all += sequence()
      guard rest.first == .ascii("|") else { break }
      rest.removeFirst()
    }
    return all.count > Self.most ? [] : all
  }

  private mutating func sequence() -> [[UInt8]] {
    var all: [[UInt8]] = [[]]
    while let first = rest.first, first != .ascii("|"), first != .ascii(")") {
      let piece = repeated(piece())
      all = all.count * piece.count > Self.most ? [] : all.flatMap { head in piece.map { head + $0 } }
    }
    return all
  }

  private mutating func piece() -> [[UInt8]] {
    switch rest.popFirst() {
    case .ascii("("): return group()
    case .ascii("["): return characterClass()
    case .ascii("."): return []
    case .ascii("^"), .ascii("$"): return [[]]
    case .ascii("\\"): return escaped()
    case let byte?: return [[byte]]
    case nil: return []
    }
  }

  private mutating func group() -> [[UInt8]] {
    var number = 0
    if rest.first == .ascii("?") {
      // `(?:`, or flags: which letters are large is the file's affair in any case.
      while let byte = rest.popFirst(), byte != .ascii(":") { if byte == .ascii(")") { return [[]] } }
    } else {
      groups += 1
      number = groups
    }
    let inside = alternatives()
    if rest.first == .ascii(")") { rest.removeFirst() }
    if number == 1 { captured = inside }
    return inside
  }

  private mutating func escaped() -> [[UInt8]] {
    guard let byte = rest.popFirst() else { return [] }
    if byte == .ascii("b") || byte == .ascii("B") { return [[]] }
    // Letters and digits stand for classes, others for themselves.
    return byte.isAlphanumeric ? [] : [[byte]]
  }

  private mutating func characterClass() -> [[UInt8]] {
    var members: [UInt8] = []
    var isOpen = false
    if rest.first == .ascii("^") { isOpen = true }
    var isFirst = true
    while let byte = rest.popFirst(), byte != .ascii("]") || isFirst {
      isFirst = false
      var low = byte
      if byte == .ascii("\\"), let escaped = rest.popFirst() {
        if escaped.isAlphanumeric { isOpen = true }
        low = escaped
      }
      if rest.first == .ascii("-"), let high = rest.dropFirst().first, high != .ascii("]") {
        rest = rest.dropFirst(2)
        if high < low || Int(high - low) >= Self.largestClass { isOpen = true } else { members += low...high }
      } else {
        members.append(low)
      }
    }
    return isOpen || members.count > Self.largestClass ? [] : members.map { [$0] }
  }

  private mutating func repeated(_ piece: [[UInt8]]) -> [[UInt8]] {
    var (least, most) = (1, 1)
    switch rest.first {
    case .ascii("?"): (least, most) = (0, 1)
    case .ascii("*"): (least, most) = (0, .max)
    case .ascii("+"): (least, most) = (1, .max)
    case .ascii("{"):
      guard let end = rest.firstIndex(of: .ascii("}")) else { return piece }
      let bounds = String(decoding: rest[rest.index(after: rest.startIndex)..<end], as: UTF8.self).split(
        separator: ",", omittingEmptySubsequences: false)
      guard let low = Int(bounds.first ?? "") else { return piece }
      (least, most) = (low, bounds.count == 1 ? low : bounds.last.flatMap { Int($0) } ?? .max)
      rest = rest[end...]
    default: return piece
    }
    rest.removeFirst()
    if rest.first == .ascii("?") { rest.removeFirst() }
    guard most <= Self.mostRepetitions else { return least == 0 ? [[]] : [] }
    var all: [[UInt8]] = least == 0 ? [[]] : []
    var power: [[UInt8]] = [[]]
    for count in 1...max(most, 1) where most > 0 {
      power = power.count * piece.count > Self.most ? [] : power.flatMap { head in piece.map { head + $0 } }
      if count >= least { all += power }
    }
    return all
  }
}
