/// A set of 64-bit fingerprints, which are random already: open addressing, 8 bytes a slot, at most three quarters full.
struct FingerprintSet: Sendable {
  /// 0 is a free slot; whether the fingerprint 0 is in the set stands beside.
  private var hasZero = false
  private var slots: [UInt64]
  private(set) var count = 0

  init(capacity: Int = 0) {
    var size = 64
    while size * 3 < capacity * 4 { size *= 2 }
    slots = [UInt64](repeating: 0, count: size)
  }

  /// Bytes of memory.
  var footprint: Int { slots.count * 8 }

  mutating func insert(contentsOf lists: [[UInt64]]) {
    let wanted = count + lists.reduce(0) { $0 + $1.count }
    while slots.count * 3 < wanted * 4 { grow() }
    for list in lists { for fingerprint in list { _ = insert(fingerprint) } }
  }

  /// Returns false if it was there already.
  mutating func insert(_ fingerprint: UInt64) -> Bool {
    guard fingerprint != 0 else {
      defer { hasZero = true }
      return !hasZero
    }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: fingerprint) & mask
    while slots[slot] != 0 {
      if slots[slot] == fingerprint { return false }
      slot = (slot + 1) & mask
    }
    slots[slot] = fingerprint
    count += 1
    if count * 4 > slots.count * 3 { grow() }
    return true
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: 0, count: old.count * 2)
    let mask = slots.count - 1
    for value in old where value != 0 {
      var slot = Int(truncatingIfNeeded: value) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = value
    }
  }
}
