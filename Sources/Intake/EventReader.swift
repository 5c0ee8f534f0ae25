import CSimdJSON
import Events

/// What all records of one request have in common.
struct RequestContext {
  let endpoint: IntakeRequest.Endpoint
  let isStrict: Bool
  let isVerified: Bool
  let receivedAt: Int64
  /// Where records need not name their project.
  let isAuthorized: Bool
  let defaultToken: String?
  /// The request's address, where it may be used to place the record on the map.
  let address: String?
  let limits: IntakeLimits
}

/// Makes received events out of the tape in one pass, and judges each by itself.
struct EventReader {
  private let context: RequestContext
  private var values: ValueReader
  private var place = Place()
  /// The events of the token that came last, taken out of the result while they grow.
  private var open: ReceivedEvents
  /// That token; nil before the first event.
  private var openToken: String??
  private var numbers = NameNumbers()
  /// From a place in the tape's arena to the same in `open.bytes`, where the strings of the record stand as one piece.
  private var shift = 0

  /// - Parameter textBytes: of the request: about as much comes into the arena.
  init(context: RequestContext, textBytes: Int) {
    self.context = context
    values = ValueReader(limits: context.limits, weight: context.limits.eventValueBytes)
    open = ReceivedEvents(isVerified: context.isVerified)
    open.bytes.reserveCapacity(textBytes)
    open.values.reserveCapacity(textBytes / Self.bytesPerValue)
  }

  /// Of a value with its name, as JSON, about.
  private static let bytesPerValue = 24

  /// Where the fields of one event stand on the tape; 0: nowhere (no member can stand at the very start).
  private struct Place {
    var token = 0
    var time = 0
    var distinctID = 0
    var deviceID = 0
    var userID = 0
    var insertID = 0
    var address = 0
    var anonymousID = 0
  }

  /// How much of `open` there was before the event in question.
  private struct Mark {
    let values: Int
    let trees: Int
  }

  /// Reads the value at `index` as an event into `result`. `number`: the record's position in the request.
  mutating func read(_ tape: JSONTape, _ index: Int, number: Int, cache: inout NameCache, result: inout IntakeResult) {
    guard tape[index].kind == JSONTape.Kind.object else {
      return result.fail(number, "", "", "a record must be a JSON object")
    }
    var nameAt = 0
    var propertiesAt = 0
    var at = index + 1
    for _ in 0..<tape[index].length {
      let key = tape.bytes(at)
      if key.isEqual("event") {
        nameAt = at + 1
      } else if key.isEqual("properties") {
        propertiesAt = at + 1
      }
      at = tape.end(of: at + 1)
    }
    guard nameAt > 0, tape[nameAt].kind == JSONTape.Kind.string, tape[nameAt].length > 0 else {
      return result.fail(number, insertID(in: propertiesAt, tape), "event", "'event' is missing or not a string that says something")
    }
    guard propertiesAt > 0, tape[propertiesAt].kind == JSONTape.Kind.object else {
      return result.fail(number, "", "properties", "'properties' is missing or not an object")
    }

    cache.makeRoom()
    numbers.keepUp(with: cache)
    cache.eventNumber += 1
    values.clear()
    place = Place()
    let nameBytes = tape.bytes(nameAt).cut(to: context.limits.stringBytes)
    let name = cache.number(of: nameBytes)
    if let openToken {
      place.token = tokenPlace(tape, propertiesAt)
      let (token, isWrong) = token(tape, cache: &cache)
      if !isWrong, token != openToken { turn(to: token, &result) }
      place.token = 0
    }
    let mark = Mark(values: open.values.count, trees: open.trees.count)
    takeStrings(tape, index)
    guard readProperties(tape, propertiesAt, isIdentify: nameBytes.isEqual("$identify"), cache: &cache) else {
      result.ignoredCount += 1
      return takeBack(mark)
    }
    let sent = place.time == 0 ? .missing : SentTime(tape, place.time, strings: !context.isStrict)
    if let refusal = refusal(tape, index, sent) {
      takeBack(mark)
      return result.fail(number, insertIDAsSent(tape), refusal.field, refusal.message)
    }
    let (token, tokenIsWrong) = token(tape, cache: &cache)
    guard !tokenIsWrong else {
      takeBack(mark)
      return result.fail(number, insertIDAsSent(tape), "properties.token", "'properties.token' is missing or not a string")
    }
    var time = context.receivedAt
    var sentTime = context.receivedAt
    switch sent {
    case .missing: break
    case .milliseconds(let milliseconds):
      sentTime = milliseconds
      time = min(milliseconds, context.receivedAt)
    case .unreadable:
      takeBack(mark)
      return result.fail(number, insertIDAsSent(tape), "properties.time", Self.timeMessage)
    }
    if context.endpoint == .import { open.values.append(.init(name: numbers.importProperty(&open), kind: .true)) }
    result.droppedValueCount += values.droppedCount
    var event = ReceivedEvents.Event(
      name: numbers.event(name, cache, &open), time: time, sentTime: sentTime, first: UInt32(mark.values), end: UInt32(open.values.count))
    readIdentity(tape, &event)
    event.address = open.addAddress(address(tape))
    open.events.append(event)
    openToken = .some(token)
  }

  /// Hands over what was read.
  mutating func finish(_ result: inout IntakeResult) {
    guard let token = openToken else { return }
    let batch = result.indexOfBatch(token)
    swap(&open, &result.batches[batch].events)
    openToken = nil
  }

  /// The event that is read next belongs to another token than those before it.
  private mutating func turn(to token: String?, _ result: inout IntakeResult) {
    finish(&result)
    let batch = result.indexOfBatch(token)
    swap(&open, &result.batches[batch].events)
    open.isVerified = context.isVerified
    openToken = .some(token)
    numbers.forget()
  }

  /// Where the token stands, 0 if nowhere: of equal names the last one counts, as for every property.
  private func tokenPlace(_ tape: JSONTape, _ properties: Int) -> Int {
    var found = 0
    var at = properties + 1
    for _ in 0..<min(Int(tape[properties].length), context.limits.members - 1) {
      if tape.bytes(at).isEqual("token") { found = at + 1 }
      at = tape.end(of: at + 1)
    }
    return found
  }

  /// Copies the strings of a record: one copy costs less than one for each, though names come with them.
  private mutating func takeStrings(_ tape: JSONTape, _ record: Int) {
    var last = tape.end(of: record) - 1
    while tape[last].kind != JSONTape.Kind.string { last -= 1 }
    // The first entry is the first member's name.
    let start = Int(tape[record + 1].payload)
    shift = open.bytes.count - start
    open.bytes.append(
      contentsOf: UnsafeBufferPointer(start: tape.arena + start, count: Int(tape[last].payload) + Int(tape[last].length) - start))
  }

  /// The string at `index`, cut to what a string may be, where `takeStrings` put it.
  @inline(__always)
  private func text(_ tape: JSONTape, _ index: Int) -> ReceivedEvents.Text {
    let count = tape.bytes(index).cut(to: context.limits.stringBytes).count
    return ReceivedEvents.Text(start: UInt32(Int(tape[index].payload) + shift), count: UInt32(count))
  }

  private mutating func takeBack(_ mark: Mark) {
    // Names that were numbered meanwhile stay, with their texts.
    open.values.removeLast(open.values.count - mark.values)
    open.trees.removeLast(open.trees.count - mark.trees)
  }

  static let timeMessage = "'properties.time' is invalid: must be specified as seconds since epoch"

  /// Reads all properties but the fields of their own, whose places are noted; false for an event that wants to be ignored.
  private mutating func readProperties(_ tape: JSONTape, _ index: Int, isIdentify: Bool, cache: inout NameCache) -> Bool {
    let length = Int(tape[index].length)
    if length >= context.limits.members { values.drop(.members) }
    let kept = min(length, context.limits.members - 1)
    var at = index + 1
    var isIgnored = false
    let event = cache.eventNumber
    for _ in 0..<kept {
      let number = cache.number(of: tape.bytes(at).cut(to: context.limits.stringBytes))
      let value = at + 1
      at = tape.end(of: value)
      if number < NameCache.Special.count, note(number, value, tape: tape, isIdentify: isIdentify, isIgnored: &isIgnored) { continue }
      guard let read = readValue(tape, value, name: numbers.property(number, cache, &open), &cache) else { continue }
      if cache.lastSeen[number].event == event {
        open.values[cache.lastSeen[number].place] = read
      } else {
        cache.lastSeen[number] = (event, open.values.count)
        open.values.append(read)
      }
    }
    // Past the limit only the fields of their own still count.
    for _ in kept..<length {
      if let number = NameCache.Special.number(of: tape.bytes(at)) {
        _ = note(number, at + 1, tape: tape, isIdentify: isIdentify, isIgnored: &isIgnored)
      }
      at = tape.end(of: at + 1)
    }
    return !isIgnored
  }

  @inline(__always)
  private mutating func readValue(_ tape: JSONTape, _ index: Int, name: UInt32, _ cache: inout NameCache) -> ReceivedEvents.Value? {
    let entry = tape[index]
    switch entry.kind {
    case JSONTape.Kind.string:
      let text = text(tape, index)
      return .init(name: name, kind: .text, payload: UInt64(text.start), count: text.count)
    case JSONTape.Kind.integer:
      return .init(name: name, kind: .number, payload: Double(Int64(bitPattern: entry.payload)).bitPattern)
    case JSONTape.Kind.double: return .init(name: name, kind: .number, payload: entry.payload)
    case JSONTape.Kind.true: return .init(name: name, kind: .true)
    case JSONTape.Kind.false: return .init(name: name, kind: .false)
    case JSONTape.Kind.null: return .init(name: name, kind: .null)
    default:
      guard let tree = values.value(tape, index, names: &cache) else { return nil }
      open.trees.append(tree)
      return .init(name: name, kind: .tree, payload: UInt64(open.trees.count - 1))
    }
  }

  /// Notes a field that is no property; false if it is one after all.
  private mutating func note(_ number: Int, _ value: Int, tape: JSONTape, isIdentify: Bool, isIgnored: inout Bool) -> Bool {
    switch number {
    case NameCache.Special.token: place.token = value
    case NameCache.Special.time: place.time = value
    case NameCache.Special.distinctID: place.distinctID = value
    case NameCache.Special.deviceID: place.deviceID = value
    case NameCache.Special.userID: place.userID = value
    case NameCache.Special.insertID: place.insertID = value
    case NameCache.Special.address: place.address = value
    case NameCache.Special.ignore: isIgnored = true
    default:
      // What `$identify` calls the anonymous id names the device, where it says so (mixpanel-js sends `$anon_distinct_id`).
      guard isIdentify, tape[value].kind == JSONTape.Kind.string, Self.device(tape.bytes(value)) != nil else { return false }
      place.anonymousID = value
    }
    return true
  }

  /// What a strict request refuses, and what every request does: a time before 1971, and on `/track` one older than five days.
  private func refusal(_ tape: JSONTape, _ record: Int, _ time: SentTime) -> (field: String, message: String)? {
    let limits = context.limits
    if tape.end(of: record) - record > limits.recordBytes / 64 || tape.isLong(record, limits.recordBytes / 2) {
      guard tape.weight(of: record) < limits.recordBytes else { return ("", "a record must be smaller than \(limits.recordBytes) bytes") }
    }
    if case .milliseconds(let sent) = time {
      guard sent >= limits.earliestMilliseconds else { return ("properties.time", Self.timeMessage) }
      if context.endpoint == .track, sent < context.receivedAt - limits.trackAgeMilliseconds {
        return ("properties.time", "'properties.time' is invalid: older than 5 days; send such events to /import")
      }
      if context.isStrict, sent > context.receivedAt + limits.futureMilliseconds {
        return ("properties.time", "'properties.time' is invalid: must not be more than one hour in the future")
      }
    }
    guard context.isStrict else { return nil }
    if time == .missing { return ("properties.time", "'properties.time' is missing: must be specified as seconds since epoch") }
    if time == .unreadable { return ("properties.time", Self.timeMessage) }
    return strictIdentityRefusal(tape) ?? strictInsertIDRefusal(tape) ?? values.excess.map { ("properties", $0.rawValue) }
  }

  private func strictIdentityRefusal(_ tape: JSONTape) -> (field: String, message: String)? {
    if place.distinctID == 0 && place.userID == 0 && place.deviceID == 0 {
      return ("properties.distinct_id", "'properties.distinct_id' is missing: send an empty string for an event without an actor")
    }
    return strictIdentityRefusal(tape, "distinct_id", place.distinctID) ?? strictIdentityRefusal(tape, "$user_id", place.userID)
      ?? strictIdentityRefusal(tape, "$device_id", place.deviceID)
  }

  private func strictIdentityRefusal(_ tape: JSONTape, _ field: StaticString, _ at: Int) -> (field: String, message: String)? {
    guard at > 0 else { return nil }
    switch SentID.form(tape, at) {
    case .knownBad: return ("properties.\(field)", "'properties.\(field)' is invalid: a word that stands for nobody")
    case .unreadable: return ("properties.\(field)", "'properties.\(field)' is invalid: must be a string")
    case .missing where at == place.distinctID && place.userID == 0 && place.deviceID == 0:
      return ("properties.distinct_id", "'properties.distinct_id' is invalid: must be a string")
    case .id where Int(tape[at].length) > context.limits.stringBytes:
      return ("properties.\(field)", "'properties.\(field)' is invalid: longer than \(context.limits.stringBytes) bytes")
    default: return nil
    }
  }

  private func strictInsertIDRefusal(_ tape: JSONTape) -> (field: String, message: String)? {
    let field = "properties.$insert_id"
    guard place.insertID > 0 else { return (field, "'properties.$insert_id' is missing") }
    guard tape[place.insertID].kind == JSONTape.Kind.string else { return (field, "'properties.$insert_id' is invalid: must be a string") }
    let bytes = tape.bytes(place.insertID)
    guard !bytes.isEmpty, bytes.count <= context.limits.insertIDBytes, bytes.mayBeInsertID,
      SentID.form(tape, place.insertID) != .knownBad
    else {
      return (field, "'properties.$insert_id' is invalid: must be 1 to \(context.limits.insertIDBytes) letters, digits and hyphens")
    }
    return nil
  }

  private mutating func readIdentity(_ tape: JSONTape, _ event: inout ReceivedEvents.Event) {
    event.user = id(tape, place.userID)
    event.device = id(tape, place.deviceID, isDevice: true)
    if event.device == nil, place.anonymousID > 0 {
      event.device = open.add(tape.bytes(place.anonymousID).cut(to: context.limits.stringBytes + Int(ReceivedEvents.devicePrefixCount)))
    }
    event.distinct = id(tape, place.distinctID)
    // Ids beyond what a string may be, that are numbers, cannot be.
    if place.insertID > 0, tape[place.insertID].length <= context.limits.stringBytes { event.insertID = id(tape, place.insertID) }
  }

  private mutating func id(_ tape: JSONTape, _ at: Int, isDevice: Bool = false) -> ReceivedEvents.Text? {
    guard at > 0, SentID.form(tape, at) == .id else { return nil }
    if tape[at].kind == JSONTape.Kind.string {
      return isDevice ? device(tape, at) : text(tape, at)
    }
    guard let text = SentID(tape, at, maximumBytes: context.limits.stringBytes).text else { return nil }
    return open.add(isDevice ? ReceivedEvents.devicePrefix + text : text)
  }

  /// A device's id, with `$device:` before it.
  private mutating func device(_ tape: JSONTape, _ at: Int) -> ReceivedEvents.Text {
    let bytes = tape.bytes(at).cut(to: context.limits.stringBytes)
    if bytes.count >= 8, UnsafeBufferPointer(rebasing: bytes[..<8]).isEqual("$device:") { return text(tape, at) }
    let prefix = open.add(ReceivedEvents.devicePrefix)
    return ReceivedEvents.Text(start: prefix.start, count: prefix.count + open.add(bytes).count)
  }

  /// What follows `$device:`, nil if it does not begin so or nothing follows.
  private static func device(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
    guard bytes.count > 8, UnsafeBufferPointer(rebasing: bytes[..<8]).isEqual("$device:") else { return nil }
    return UnsafeBufferPointer(rebasing: bytes[8...])
  }

  /// For naming a record whose properties have not been read.
  private mutating func insertID(in properties: Int, _ tape: JSONTape) -> String {
    place = Place()
    guard properties > 0, tape[properties].kind == JSONTape.Kind.object else { return "" }
    var at = properties + 1
    for _ in 0..<tape[properties].length {
      if tape.bytes(at).isEqual("$insert_id") { place.insertID = at + 1 }
      at = tape.end(of: at + 1)
    }
    return insertIDAsSent(tape)
  }

  /// For naming a refused record to its sender.
  private func insertIDAsSent(_ tape: JSONTape) -> String {
    guard place.insertID > 0, tape[place.insertID].kind == JSONTape.Kind.string else { return "" }
    return String(decoding: tape.bytes(place.insertID).cut(to: context.limits.stringBytes), as: UTF8.self)
  }

  private func token(_ tape: JSONTape, cache: inout NameCache) -> (token: String?, isWrong: Bool) {
    guard place.token > 0, tape[place.token].kind == JSONTape.Kind.string, tape[place.token].length > 0 else {
      return (context.defaultToken, context.defaultToken == nil && !context.isAuthorized)
    }
    return (cache.string(of: tape.bytes(place.token).cut(to: context.limits.stringBytes)), false)
  }

  /// `ip` of the event, which may also forbid (`0`) or ask for (`1`) the request's.
  private func address(_ tape: JSONTape) -> String? {
    place.address == 0 ? context.address : tape.address(place.address, request: context.address)
  }
}

extension JSONTape {
  /// An address to place a record by: a string is one, a false value forbids any, anything else means the request's.
  func address(_ index: Int, request: String?) -> String? {
    switch entries[index].kind {
    case Kind.string:
      guard let text = string(index), text.utf8.count <= 64 else { return nil }
      return text == "0" || text.isEmpty ? nil : text == "1" ? request : text
    case Kind.integer: return entries[index].payload == 0 ? nil : request
    case Kind.true: return request
    default: return nil
    }
  }

  /// Whether the strings of the value at `index` may add up to more than `bytes`: a glance at where they begin and end.
  func isLong(_ index: Int, _ bytes: Int) -> Bool {
    var first = index
    let end = end(of: index)
    while first < end, entries[first].kind != Kind.string { first += 1 }
    var last = end - 1
    while last > first, entries[last].kind != Kind.string { last -= 1 }
    guard first < last else { return false }
    return entries[last].payload + UInt64(entries[last].length) - entries[first].payload > UInt64(bytes)
  }
}

extension IntakeResult {
  mutating func fail(_ index: Int, _ insertID: String, _ field: String, _ message: String) {
    failures.append(RecordFailure(index: index, insertID: insertID, field: field, message: message))
  }
}
