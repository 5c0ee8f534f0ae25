import Events

/// From the name cache's numbers, which are for all requests, to those of one `ReceivedEvents`.
struct NameNumbers {
  private static let unknown = [Int32](repeating: -1, count: NameCache.mostNumbers)

  /// For each number of the cache the number there, -1 where it has none: as a property's name, as an event's.
  private var properties = unknown
  private var events = unknown
  private var importNumber: Int32 = -1
  /// Of the cache, when the numbers were noted.
  private var generation = -1

  /// To be called before each event.
  @inline(__always)
  mutating func keepUp(with cache: borrowing NameCache) {
    guard cache.generation != generation else { return }
    generation = cache.generation
    forget()
  }

  mutating func forget() {
    properties = Self.unknown
    events = Self.unknown
    importNumber = -1
  }

  @inline(__always)
  mutating func property(_ number: Int, _ cache: borrowing NameCache, _ target: inout ReceivedEvents) -> UInt32 {
    if properties[number] < 0 { properties[number] = Int32(target.addName(cache.names[number])) }
    return UInt32(bitPattern: properties[number])
  }

  @inline(__always)
  mutating func event(_ number: Int, _ cache: borrowing NameCache, _ target: inout ReceivedEvents) -> UInt32 {
    if events[number] < 0 { events[number] = Int32(target.addEventName(cache.names[number])) }
    return UInt32(bitPattern: events[number])
  }

  /// The mark of what came by `/import`.
  mutating func importProperty(_ target: inout ReceivedEvents) -> UInt32 {
    if importNumber < 0 { importNumber = Int32(target.addName("$import")) }
    return UInt32(bitPattern: importNumber)
  }
}
