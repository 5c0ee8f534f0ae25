import Events
import Glibc

/// The names of properties and events of recent requests, so that a name is made into a `String` once and not once an event.
///
/// Bounded: at 4,096 names it starts again, so that a sender who invents names costs itself speed and nobody memory. Numbers below
/// `Special.count` are the names with a meaning of their own.
struct NameCache {
  enum Special {
    static let token = 0
    static let time = 1
    static let distinctID = 2
    static let deviceID = 3
    static let userID = 4
    static let insertID = 5
    static let address = 6
    static let ignore = 7
    static let anonymousDistinctID = 8
    static let anonymousID = 9
    static let count = 10

    static let names = [
      "token", "time", "distinct_id", "$device_id", "$user_id", "$insert_id", "ip", "$ignore", "$anon_distinct_id", "$anon_id",
    ]

    /// Without the cache.
    static func number(of name: UnsafeBufferPointer<UInt8>) -> Int? { names.firstIndex { $0.utf8.elementsEqual(name) } }
  }

  private(set) var names: [String] = []
  /// Changes when the numbers handed out before become void.
  private(set) var generation = 0
  /// Names that there may be at once, those of the event under way included.
  static let mostNumbers = capacity + 512
  /// Counts the events read, for `lastSeen`.
  var eventNumber = 0
  /// For each name, the event in which it was last seen and the place of its property there: how a name given twice is found.
  var lastSeen: [(event: Int, place: Int)] = []

  private static let capacity = 4096
  private static let slotCount = 16384
  /// 0: free; else number + 1 of the name.
  private var slots = [UInt16](repeating: 0, count: slotCount)
  /// For each name the one that came behind it last time: senders send the same properties in the same order.
  private var followers: [Int] = []
  private var previous = 0
  private var hashes: [UInt64] = []
  private var ranges: [(start: Int, count: Int)] = []
  private var bytes: [UInt8] = []

  init() { reset() }

  private mutating func reset() {
    generation += 1
    names.removeAll(keepingCapacity: true)
    lastSeen.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
    ranges.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    followers.removeAll(keepingCapacity: true)
    previous = 0
    for slot in slots.indices { slots[slot] = 0 }
    for name in Special.names {
      var name = name
      _ = name.withUTF8 { number(of: $0) }
    }
  }

  /// To be called between events only: numbers handed out before may be void afterwards.
  mutating func makeRoom() {
    if names.count >= Self.capacity { reset() }
  }

  /// The name as a `String`, from the cache if it is there or there is room: for keys within values, whose number nobody bounds.
  @inline(__always)
  mutating func string(of name: UnsafeBufferPointer<UInt8>) -> String {
    guard names.count < Self.capacity, name.count <= 255 else { return String(decoding: name, as: UTF8.self) }
    return names[number(of: name)]
  }

  /// The number of a name, given a new one if need be. At most 255 new ones between two calls of `makeRoom`.
  @inline(__always)
  mutating func number(of name: UnsafeBufferPointer<UInt8>) -> Int {
    let expected = previous < followers.count ? followers[previous] : names.count
    if expected < names.count, isEqual(expected, name) {
      previous = expected
      return expected
    }
    let number = find(name)
    followers[previous] = number
    previous = number
    return number
  }

  private mutating func find(_ name: UnsafeBufferPointer<UInt8>) -> Int {
    let hash = ByteHash.of(name)
    var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
    while true {
      let entry = slots[slot]
      if entry == 0 { return insert(name, hash: hash, slot: slot) }
      let number = Int(entry) - 1
      if hashes[number] == hash, isEqual(number, name) { return number }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
  }

  private func isEqual(_ number: Int, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let range = ranges[number]
    guard range.count == name.count else { return false }
    return bytes.withUnsafeBufferPointer { bytes in
      guard range.count > 0, let known = bytes.baseAddress, let asked = name.baseAddress else { return true }
      return memcmp(known + range.start, asked, range.count) == 0
    }
  }

  private mutating func insert(_ name: UnsafeBufferPointer<UInt8>, hash: UInt64, slot: Int) -> Int {
    let number = names.count
    names.append(String(decoding: name, as: UTF8.self))
    lastSeen.append((-1, 0))
    followers.append(0)
    hashes.append(hash)
    ranges.append((bytes.count, name.count))
    bytes.append(contentsOf: name)
    slots[slot] = UInt16(number + 1)
    return number
  }
}
