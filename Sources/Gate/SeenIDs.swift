internal import Events
internal import Glibc
internal import Vault

/// An id as it may come back in a text of its event, in the clear.
struct OwnForm {
  let start: UInt32
  let count: UInt32
  /// `Letters` of it.
  let letters: UInt64
  /// It has bytes beyond ASCII: Swift may hold other bytes for equal.
  let isWide: Bool
  /// The number that it is, if it is one of at least six digits; else not a number.
  let number: Double
}

/// The ids of one batch, those of organizations too: each is looked at, hashed, and looked up in the store, once.
struct SeenIDs {
  struct Entry {
    fileprivate let hash: UInt64
    let text: ReceivedEvents.Text
    /// The id as sent, and what is left of it without `$device:`.
    let form: OwnForm
    let bareForm: OwnForm?
    var pseudonym: Pseudonym?
    /// Index among the identities of the rows.
    var identity: UInt32?
  }

  private(set) var entries: [Entry] = []
  private var slots = [UInt32](repeating: 0, count: 4096)

  @inline(__always)
  mutating func index(of text: ReceivedEvents.Text, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let asked = bytes.of(text)
    let hash = ByteHash.of(asked)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let number = Int(slots[slot])
      if number == 0 { return insert(text, hash: hash, in: bytes) }
      if entries[number - 1].hash == hash, bytes.of(entries[number - 1].text).hasSameBytes(as: asked) { return number - 1 }
      slot = (slot + 1) & mask
    }
  }

  mutating func set(_ pseudonym: Pseudonym, of index: Int) { entries[index].pseudonym = pseudonym }
  mutating func set(identity: UInt32, of index: Int) { entries[index].identity = identity }

  private mutating func insert(_ text: ReceivedEvents.Text, hash: UInt64, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let prefix = ReceivedEvents.devicePrefixCount
    let isDevice = bytes.of(text).has("$device:", at: 0)
    entries.append(
      Entry(
        hash: hash, text: text, form: OwnForm(text, in: bytes), bareForm: isDevice ? OwnForm(text.dropping(prefix), in: bytes) : nil))
    if entries.count * 2 > slots.count {
      slots = [UInt32](repeating: 0, count: slots.count * 2)
      for index in entries.indices { place(index) }
    } else {
      place(entries.count - 1)
    }
    return entries.count - 1
  }

  private mutating func place(_ index: Int) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
    while slots[slot] != 0 { slot = (slot + 1) & mask }
    slots[slot] = UInt32(index + 1)
  }
}

extension OwnForm {
  init(_ text: ReceivedEvents.Text, in bytes: UnsafeBufferPointer<UInt8>) {
    let own = bytes.of(text)
    start = text.start
    count = text.count
    letters = Letters.of(own)
    isWide = own.contains(where: \.isWide)
    let isNumber = own.count >= 6 && own.allSatisfy(\.isDigit)
    number = isNumber ? Double(String(decoding: own, as: UTF8.self)) ?? .nan : .nan
  }
}

/// The ids of the event in question: whether one of them may stand in a text. Says yes too often rather than too rarely.
struct OwnForms {
  private var all: [OwnForm] = []
  /// Bytes of the shortest of them.
  private(set) var shortest = Int.max
  /// There are ids in the event that are not among these: every text may hold one.
  var isIncomplete = false

  mutating func clear() {
    all.removeAll(keepingCapacity: true)
    shortest = .max
    isIncomplete = false
  }

  mutating func add(_ form: OwnForm) {
    guard form.count > 0 else { return }
    all.append(form)
    shortest = min(shortest, Int(form.count))
  }

  /// - Parameter letters: `Letters` of the text.
  @inline(__always)
  func mayStand(in text: UnsafeBufferPointer<UInt8>, _ letters: UInt64, bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    isIncomplete || (text.count >= shortest && stands(in: text, letters, bytes: bytes))
  }

  private func stands(in text: UnsafeBufferPointer<UInt8>, _ letters: UInt64, bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    for form in all where form.count <= text.count {
      if form.isWide, form.count == text.count { return true }
      guard form.letters & ~letters == 0 else { continue }
      if Letters.occurs(bytes.of(ReceivedEvents.Text(start: form.start, count: form.count)), in: text) { return true }
    }
    return false
  }

  @inline(__always)
  func isOne(_ number: Double) -> Bool {
    if isIncomplete { return true }
    for form in all where form.number == number { return true }
    return false
  }
}

extension UnsafeBufferPointer<UInt8> {
  @inline(__always)
  func hasSameBytes(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    guard let start = baseAddress, let otherStart = other.baseAddress else { return true }
    return memcmp(start, otherStart, count) == 0
  }

  /// The bytes of a text of this arena.
  @inline(__always)
  func of(_ text: ReceivedEvents.Text) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: self[Int(text.start)..<Int(text.start) + Int(text.count)])
  }
}
