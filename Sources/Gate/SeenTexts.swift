internal import Events

/// Texts of one batch that were judged already, each under the name that it stood under: pages, plans, labels and versions come again with
/// almost every event. An open-addressing table over the batch's own bytes, gone with it.
struct SeenTexts {
  /// What is remembered of a text.
  struct Entry {
    fileprivate let hash: UInt64
    /// `Letters` of the text.
    let letters: UInt64
    let start: UInt32
    let count: UInt32
    fileprivate let name: UInt32
    /// The code of its value in its column, or `slow`.
    var code: UInt32
    /// Of an organization: its index among the identities.
    var identity: UInt32
  }

  /// The code of a text that has to be judged each time.
  static let slow = UInt32.max

  private var entries: [Entry] = []
  /// Index of an entry + 1; 0: free.
  private var slots = [UInt32](repeating: 0, count: 4096)

  @inline(__always) subscript(_ index: Int) -> Entry { entries[index] }

  /// The entry of a text; nil with the hash to give to `insert` where there is none.
  @inline(__always)
  func find(_ text: UnsafeBufferPointer<UInt8>, name: UInt32, bytes: UnsafeBufferPointer<UInt8>) -> (index: Int?, hash: UInt64) {
    let hash = ByteHash.of(text, salt: UInt64(name))
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let number = Int(slots[slot])
      if number == 0 { return (nil, hash) }
      let entry = entries[number - 1]
      if entry.hash == hash, entry.name == name,
        bytes.of(ReceivedEvents.Text(start: entry.start, count: entry.count)).hasSameBytes(as: text)
      {
        return (number - 1, hash)
      }
      slot = (slot + 1) & mask
    }
  }

  /// - Parameter hash: as `find` gave it.
  mutating func insert(
    _ text: ReceivedEvents.Text, name: UInt32, letters: UInt64, hash: UInt64, code: UInt32, identity: UInt32 = .max
  ) {
    entries.append(
      Entry(hash: hash, letters: letters, start: text.start, count: text.count, name: name, code: code, identity: identity))
    if entries.count * 2 > slots.count {
      slots = [UInt32](repeating: 0, count: slots.count * 2)
      for index in entries.indices { place(index) }
    } else {
      place(entries.count - 1)
    }
  }

  private mutating func place(_ index: Int) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(index + 1)
  }
}

/// Numbers of one batch under their names, and the codes of their values.
struct SeenNumbers {
  private struct Entry {
    let bits: UInt64
    let name: UInt32
    let code: UInt32
  }

  private var entries: [Entry] = []
  private var slots = [UInt32](repeating: 0, count: 4096)

  @inline(__always)
  func code(of bits: UInt64, name: UInt32) -> UInt32? {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: ByteHash.of(bits, salt: UInt64(name))) & mask
    while slots[slot] != 0 {
      let entry = entries[Int(slots[slot]) - 1]
      if entry.bits == bits, entry.name == name { return entry.code }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// One that `code(of:)` does not know.
  mutating func insert(_ bits: UInt64, name: UInt32, code: UInt32) {
    entries.append(Entry(bits: bits, name: name, code: code))
    if entries.count * 2 > slots.count {
      slots = [UInt32](repeating: 0, count: slots.count * 2)
      for index in entries.indices { place(index) }
    } else {
      place(entries.count - 1)
    }
  }

  private mutating func place(_ index: Int) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: ByteHash.of(entries[index].bits, salt: UInt64(entries[index].name))) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(index + 1)
  }
}
