import Events

/// The subject numbers that the ledger's sets name, each with its ordinal: its place in the order of first appearance.
///
/// Numbers are spread at random over 32 bits, so that a Roaring bitmap of ten thousand of them has nine thousand containers of one or two
/// each. Ordinals are dense: a set of them is a plain bit array, 125 KB for a million subjects, and unions cost what adding bits costs.
/// About 10 bytes a number.
struct SubjectDirectory: Sendable {
  private(set) var numbers: [UInt32] = []
  /// Open addressing; ordinal + 1, 0 is free.
  private var table = [UInt32](repeating: 0, count: 1024)

  var count: Int { numbers.count }
  var bytes: Int { numbers.capacity * 4 + table.count * 4 }

  /// Numbers are random by themselves, but those of tests are not: Fibonacci hashing.
  private static func slot(_ number: UInt32, _ mask: Int) -> Int { Int((UInt64(number) &* 0x9E37_79B9_7F4A_7C15) &>> 32) & mask }

  func ordinal(of number: UInt32) -> UInt32? {
    let mask = table.count - 1
    var slot = Self.slot(number, mask)
    while true {
      let entry = table[slot]
      if entry == 0 { return nil }
      if numbers[Int(entry) - 1] == number { return entry - 1 }
      slot = (slot + 1) & mask
    }
  }

  mutating func register(_ number: UInt32) -> UInt32 {
    let mask = table.count - 1
    var slot = Self.slot(number, mask)
    while table[slot] != 0 {
      if numbers[Int(table[slot]) - 1] == number { return table[slot] - 1 }
      slot = (slot + 1) & mask
    }
    let ordinal = UInt32(numbers.count)
    numbers.append(number)
    table[slot] = ordinal + 1
    if numbers.count * 10 > table.count * 7 { grow() }
    return ordinal
  }

  private mutating func grow() {
    let mask = table.count * 2 - 1
    var wider = [UInt32](repeating: 0, count: mask + 1)
    for (ordinal, number) in numbers.enumerated() {
      var slot = Self.slot(number, mask)
      while wider[slot] != 0 { slot = (slot + 1) & mask }
      wider[slot] = UInt32(ordinal + 1)
    }
    table = wider
  }
}
