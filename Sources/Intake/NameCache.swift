/// The property names of recent requests, so that a name is made into a `String` once and not once an event.
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
  /// Counts the events read, for `lastSeen`.
  var eventNumber = 0
  /// For each name, the event in which it was last seen and the place of its property there: how a name given twice is found.
  var lastSeen: [(event: Int, place: Int)] = []

  private static let capacity = 4096
  private static let slotCount = 16384
  /// 0: free; else number + 1 of the name.
  private var slots = [UInt16](repeating: 0, count: slotCount)
  private var hashes: [UInt64] = []
  private var ranges: [(start: Int, count: Int)] = []
  private var bytes: [UInt8] = []

  init() { reset() }

  private mutating func reset() {
    names.removeAll(keepingCapacity: true)
    lastSeen.removeAll(keepingCapacity: true)
    hashes.removeAll(keepingCapacity: true)
    ranges.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
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
    let hash = Self.hash(name)
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
      for offset in 0..<range.count where bytes[range.start + offset] != name[offset] { return false }
      return true
    }
  }

  private mutating func insert(_ name: UnsafeBufferPointer<UInt8>, hash: UInt64, slot: Int) -> Int {
    let number = names.count
    names.append(String(decoding: name, as: UTF8.self))
    lastSeen.append((-1, 0))
    hashes.append(hash)
    ranges.append((bytes.count, name.count))
    bytes.append(contentsOf: name)
    slots[slot] = UInt16(number + 1)
    return number
  }

  /// Keyed by chance at start, so that nobody can prepare names that collide.
  private static let seed = UInt64.random(in: .min ... .max)

  @inline(__always)
  private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = seed &+ UInt64(truncatingIfNeeded: name.count)
    var at = 0
    let raw = UnsafeRawBufferPointer(name)
    while at + 8 <= raw.count {
      hash = mixed(hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at += 8
    }
    var tail: UInt64 = 0
    while at < raw.count {
      tail = tail << 8 | UInt64(raw[at])
      at += 1
    }
    return mixed(hash ^ tail)
  }

  @inline(__always)
  private static func mixed(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
