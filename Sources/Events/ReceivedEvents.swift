/// Events as they came over the wire, in flat form: texts in one arena, values in one list, names by number. So reading an event allocates
/// nothing of its own, and equal texts are found by their bytes.
///
/// Holds values in the clear, as `ReceivedEvent` does: nothing but the gate may read them, and nothing may log them.
package struct ReceivedEvents: Sendable {
  /// A stretch of `bytes`: UTF-8.
  package struct Text: Sendable {
    package let start: UInt32
    package let count: UInt32

    @inlinable package init(start: UInt32, count: UInt32) {
      self.start = start
      self.count = count
    }

    /// Without its first bytes.
    @inlinable package func dropping(_ bytes: UInt32) -> Text { Text(start: start + bytes, count: count - bytes) }
  }

  /// A name that occurs; two numbers may have the same name.
  package struct Name: Sendable {
    package let string: String
    package let text: Text
  }

  package struct Value: Sendable {
    package enum Kind: UInt8, Sendable {
      case null, `false`, `true`, number, text
      /// A list or an object, in `trees`.
      case tree
    }

    /// Number in `names`.
    package let name: UInt32
    package var kind: Kind
    /// Of a text: its bytes.
    package var count: UInt32
    /// Of a number its bits, of a text where it begins, of a tree its index.
    package var payload: UInt64

    @inlinable package init(name: UInt32, kind: Kind, payload: UInt64 = 0, count: UInt32 = 0) {
      self.name = name
      self.kind = kind
      self.count = count
      self.payload = payload
    }

    @inlinable package var text: Text { Text(start: UInt32(truncatingIfNeeded: payload), count: count) }
  }

  /// As `ReceivedEvent`, whose fields say more.
  package struct Event: Sendable {
    /// Number in `eventNames`.
    package var name: UInt32
    package var time: Int64
    package var sentTime: Int64
    package var user: Text?
    /// With `$device:` before it.
    package var device: Text?
    package var distinct: Text?
    package var insertID: Text?
    /// Index into `addresses`, -1 where there is none.
    package var address: Int32
    /// Where its values stand in `values`.
    package var first: UInt32
    package var end: UInt32

    package init(
      name: UInt32, time: Int64, sentTime: Int64, user: Text? = nil, device: Text? = nil, distinct: Text? = nil, insertID: Text? = nil,
      address: Int32 = -1, first: UInt32, end: UInt32
    ) {
      self.name = name
      self.time = time
      self.sentTime = sentTime
      self.user = user
      self.device = device
      self.distinct = distinct
      self.insertID = insertID
      self.address = address
      self.first = first
      self.end = end
    }
  }

  /// What stands before a device's id where it is somebody's.
  package static let devicePrefix = "$device:"
  package static let devicePrefixCount: UInt32 = 8

  package var bytes: [UInt8] = []
  package var eventNames: [Name] = []
  package var names: [Name] = []
  package var values: [Value] = []
  package var trees: [PropertyValue] = []
  package var addresses: [String] = []
  package var events: [Event] = []
  /// Whether a secret credential sent them.
  package var isVerified: Bool

  package init(isVerified: Bool = false) { self.isVerified = isVerified }

  package var count: Int { events.count }
  package var isEmpty: Bool { events.isEmpty }

  // MARK: Adding

  /// Puts a text into the arena.
  @inlinable @inline(__always)
  package mutating func add(_ text: UnsafeBufferPointer<UInt8>) -> Text {
    let start = UInt32(bytes.count)
    bytes.append(contentsOf: text)
    return Text(start: start, count: UInt32(text.count))
  }

  package mutating func add(_ text: String) -> Text {
    var text = text
    return text.withUTF8 { add($0) }
  }

  package mutating func addEventName(_ name: String) -> UInt32 {
    eventNames.append(Name(string: name, text: add(name)))
    return UInt32(eventNames.count - 1)
  }

  package mutating func addName(_ name: String) -> UInt32 {
    names.append(Name(string: name, text: add(name)))
    return UInt32(names.count - 1)
  }

  package mutating func addAddress(_ address: String?) -> Int32 {
    guard let address else { return -1 }
    // Mostly the request's own.
    if addresses.last != address { addresses.append(address) }
    return Int32(addresses.count - 1)
  }

  package mutating func add(_ value: PropertyValue, name: UInt32) {
    switch value {
    case .null: values.append(Value(name: name, kind: .null))
    case .boolean(let flag): values.append(Value(name: name, kind: flag ? .true : .false))
    case .number(let number): values.append(Value(name: name, kind: .number, payload: number.bitPattern))
    case .string(let text):
      let text = add(text)
      values.append(Value(name: name, kind: .text, payload: UInt64(text.start), count: text.count))
    case .list, .object:
      trees.append(value)
      values.append(Value(name: name, kind: .tree, payload: UInt64(trees.count - 1)))
    }
  }

  /// Adds an event in its other form.
  package mutating func append(_ event: ReceivedEvent) {
    let first = UInt32(values.count)
    for property in event.properties {
      let number = names.lastIndex { $0.string.utf8.elementsEqual(property.name.utf8) }.map { UInt32($0) } ?? addName(property.name)
      add(property.value, name: number)
    }
    let name = eventNames.lastIndex { $0.string.utf8.elementsEqual(event.name.utf8) }.map { UInt32($0) } ?? addEventName(event.name)
    events.append(
      Event(
        name: name, time: event.time.milliseconds, sentTime: event.sentTime.milliseconds, user: event.identity.userID.map { add($0) },
        device: event.identity.device.map { add($0) }, distinct: event.identity.distinctID.map { add($0) },
        insertID: event.insertID.map { add($0) }, address: addAddress(event.address), first: first, end: UInt32(values.count)))
    isVerified = event.isVerified
  }

  /// Takes out all other events, and of the events all other values.
  package mutating func keep(events isKept: (Event) -> Bool, values isValueKept: (Value) -> Bool) {
    var keptEvents: [Event] = []
    var keptValues: [Value] = []
    for var event in events where isKept(event) {
      let first = keptValues.count
      for index in Int(event.first)..<Int(event.end) where isValueKept(values[index]) { keptValues.append(values[index]) }
      event.first = UInt32(first)
      event.end = UInt32(keptValues.count)
      keptEvents.append(event)
    }
    events = keptEvents
    values = keptValues
  }

  // MARK: Reading

  package func string(_ text: Text) -> String {
    String(decoding: bytes[Int(text.start)..<Int(text.start + text.count)], as: UTF8.self)
  }

  package func value(_ value: Value) -> PropertyValue {
    switch value.kind {
    case .null: .null
    case .false: .boolean(false)
    case .true: .boolean(true)
    case .number: .number(Double(bitPattern: value.payload))
    case .text: .string(string(value.text))
    case .tree: trees[Int(value.payload)]
    }
  }

  package func identity(of event: Event) -> ReceivedIdentity {
    ReceivedIdentity(
      userID: event.user.map { string($0) }, deviceID: event.device.map { string($0.dropping(Self.devicePrefixCount)) },
      distinctID: event.distinct.map { string($0) })
  }

  package func address(of event: Event) -> String? { event.address < 0 ? nil : addresses[Int(event.address)] }

  /// An event in its other form.
  package subscript(_ index: Int) -> ReceivedEvent {
    let event = events[index]
    return ReceivedEvent(
      name: eventNames[Int(event.name)].string, time: Timestamp(milliseconds: event.time),
      sentTime: Timestamp(milliseconds: event.sentTime),
      identity: identity(of: event), insertID: event.insertID.map { string($0) },
      properties: values[Int(event.first)..<Int(event.end)].map { Property(names[Int($0.name)].string, value($0)) },
      address: address(of: event), isVerified: isVerified)
  }

  package var all: [ReceivedEvent] { events.indices.map { self[$0] } }
}

extension ReceivedEvents {
  package init(_ events: [ReceivedEvent]) {
    self.init()
    for event in events { append(event) }
  }
}

extension ReceivedEvents: Silent {
  package var description: String { "<\(count) received events>" }
}

extension ReceivedEvents.Name: Silent {
  package var description: String { "<name>" }
}
