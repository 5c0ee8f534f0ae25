import CSimdJSON
import Events

/// Makes profile updates out of the tape (`/engage`, `/groups`).
struct ProfileReader {
  private let context: RequestContext
  private var values: ValueReader

  init(context: RequestContext) {
    self.context = context
    values = ValueReader(limits: context.limits, weight: context.limits.profileValueBytes)
  }

  /// The members of an update that are not operations; 0: not there.
  private struct Place {
    var token = 0
    var id = 0
    var groupKey = 0
    var time = 0
    var ignoreTime = 0
    var address = 0
  }

  private struct Invalid: Error {
    let field: String
    let message: String
  }

  /// Reads the value at `index` as one update, or as several where it names several operations.
  mutating func read(_ tape: JSONTape, _ index: Int, number: Int, cache: inout NameCache, result: inout IntakeResult) {
    guard tape[index].kind == JSONTape.Kind.object else { return result.fail(number, "", "", "a record must be a JSON object") }
    cache.makeRoom()
    values.clear()
    do throws(Invalid) {
      guard tape.weight(of: index) < context.limits.recordBytes else {
        throw Invalid(field: "", message: "a record must be smaller than \(context.limits.recordBytes) bytes")
      }
      var place = Place()
      var operations: [ProfileOperation<PropertyValue>] = []
      var at = index + 1
      for _ in 0..<tape[index].length {
        let key = tape.bytes(at)
        let value = at + 1
        at = tape.end(of: value)
        if key.isEqual("$token") {
          place.token = value
        } else if key.isEqual(context.endpoint == .groups ? "$group_id" : "$distinct_id") {
          place.id = value
        } else if key.isEqual("$group_key") {
          place.groupKey = value
        } else if key.isEqual("$time") {
          place.time = value
        } else if key.isEqual("$ignore_time") {
          place.ignoreTime = value
        } else if key.isEqual("$ip") {
          place.address = value
        } else if let operation = try operation(key, tape, value, cache: &cache) {
          operations.append(operation)
        }
      }
      let target = try target(tape, place)
      let token = try token(tape, place, cache: &cache)
      guard !operations.isEmpty else {
        throw Invalid(field: "", message: "no operation: one of $set, $set_once, $add, $append, $union, $remove, $unset, $delete is needed")
      }
      if context.isStrict, let excess = values.excess { throw Invalid(field: "", message: excess.rawValue) }
      let time = try time(tape, place)
      let ignoresTime = place.ignoreTime > 0 && tape.isTrue(place.ignoreTime)
      let address = place.address == 0 ? context.address : tape.address(place.address, request: context.address)
      for operation in operations {
        result.append(
          ReceivedProfileUpdate(
            target: target, operation: operation, time: time, ignoresTime: ignoresTime, address: address, isVerified: context.isVerified),
          token: token)
      }
      result.droppedValueCount += values.droppedCount
    } catch {
      result.fail(number, "", error.field, error.message)
    }
  }

  private func target(_ tape: JSONTape, _ place: Place) throws(Invalid) -> ReceivedProfileUpdate.Target {
    let field = context.endpoint == .groups ? "$group_id" : "$distinct_id"
    guard place.id > 0 else { throw Invalid(field: field, message: "'\(field)' is missing") }
    let id = SentID(tape, place.id, maximumBytes: context.limits.stringBytes)
    guard case .id(let text) = id else {
      throw Invalid(
        field: field, message: "'\(field)' is invalid: \(id == .knownBad ? "a word that stands for nobody" : "must be a string")")
    }
    guard context.endpoint == .groups else { return .subject(text) }
    guard place.groupKey > 0, tape[place.groupKey].kind == JSONTape.Kind.string, tape[place.groupKey].length > 0 else {
      throw Invalid(field: "$group_key", message: "'$group_key' is missing or not a string")
    }
    return .group(key: String(decoding: tape.bytes(place.groupKey).cut(to: context.limits.stringBytes), as: UTF8.self), id: text)
  }

  private func token(_ tape: JSONTape, _ place: Place, cache: inout NameCache) throws(Invalid) -> String? {
    if place.token > 0, tape[place.token].kind == JSONTape.Kind.string, tape[place.token].length > 0 {
      return cache.string(of: tape.bytes(place.token).cut(to: context.limits.stringBytes))
    }
    guard context.defaultToken != nil || context.isAuthorized else {
      throw Invalid(field: "$token", message: "'$token' is missing or not a string")
    }
    return context.defaultToken
  }

  /// The time of the update; a missing one and one in the future are the receipt's.
  private func time(_ tape: JSONTape, _ place: Place) throws(Invalid) -> Timestamp {
    switch place.time == 0 ? .missing : SentTime(tape, place.time, strings: true) {
    case .milliseconds(let sent) where sent >= 0: return Timestamp(milliseconds: min(sent, context.receivedAt))
    case .missing: return Timestamp(milliseconds: context.receivedAt)
    default:
      if context.isStrict { throw Invalid(field: "$time", message: "'$time' is invalid: must be specified as seconds since epoch") }
      return Timestamp(milliseconds: context.receivedAt)
    }
  }

  /// The operation under `key`; nil if the key is none (`$ignore_alias`, `$device_id`, names of the future).
  private mutating func operation(
    _ key: UnsafeBufferPointer<UInt8>, _ tape: JSONTape, _ value: Int, cache: inout NameCache
  ) throws(Invalid) -> ProfileOperation<PropertyValue>? {
    guard key.first == UInt8(ascii: "$") else { return nil }
    if key.isEqual("$set") { return .set(try assignments("$set", tape, value, cache: &cache)) }
    if key.isEqual("$set_once") {
      // mixpanel-js sends the campaign parameters that it does not have as null: not set.
      return .setOnce(try assignments("$set_once", tape, value, cache: &cache).filter { $0.value != .null })
    }
    if key.isEqual("$add") {
      return .add(
        try checked("$add", try assignments("$add", tape, value, cache: &cache), "numbers") { if case .number = $0 { $0 } else { nil } })
    }
    if key.isEqual("$append") { return .append(try assignments("$append", tape, value, cache: &cache)) }
    if key.isEqual("$union") {
      let isStrict = context.isStrict
      return .union(
        try checked("$union", try assignments("$union", tape, value, cache: &cache), "lists") { value in
          if case .list = value { value } else { isStrict ? nil : .list([value]) }
        })
    }
    if key.isEqual("$remove") { return .remove(try assignments("$remove", tape, value, cache: &cache)) }
    if key.isEqual("$unset") { return .unset(try names(tape, value)) }
    return key.isEqual("$delete") ? .delete : nil
  }

  private typealias Assignment = ProfileOperation<PropertyValue>.Assignment

  /// The names and values of an operation; of a name given twice, the last value.
  private mutating func assignments(
    _ field: String, _ tape: JSONTape, _ index: Int, cache: inout NameCache
  ) throws(Invalid) -> [Assignment] {
    guard tape[index].kind == JSONTape.Kind.object else { throw Invalid(field: field, message: "'\(field)' is invalid: must be an object") }
    var assignments: [Assignment] = []
    var places: [String: Int] = [:]
    assignments.reserveCapacity(min(Int(tape[index].length), 2048))
    var at = index + 1
    for _ in 0..<tape[index].length {
      let name = cache.string(of: tape.bytes(at).cut(to: context.limits.stringBytes))
      if let value = values.value(tape, at + 1, names: &cache) {
        if let earlier = places[name] {
          assignments[earlier].value = value
        } else {
          places[name] = assignments.count
          assignments.append(Assignment(name, value))
        }
      }
      at = tape.end(of: at + 1)
    }
    return assignments
  }

  /// Leaves out what the operation cannot take; a strict request is refused for it.
  private mutating func checked(
    _ field: String, _ assignments: [Assignment], _ what: String, _ fit: (PropertyValue) -> PropertyValue?
  ) throws(Invalid) -> [Assignment] {
    var result: [Assignment] = []
    for assignment in assignments {
      if let value = fit(assignment.value) {
        result.append(Assignment(assignment.name, value))
      } else if context.isStrict {
        throw Invalid(field: field, message: "'\(field)' is invalid: its values must be \(what)")
      }
    }
    return result
  }

  /// `$unset`: a list of names, or one name.
  private func names(_ tape: JSONTape, _ index: Int) throws(Invalid) -> [String] {
    let invalid = Invalid(field: "$unset", message: "'$unset' is invalid: must be a list of property names")
    func name(_ at: Int) -> String { String(decoding: tape.bytes(at).cut(to: context.limits.stringBytes), as: UTF8.self) }
    if tape[index].kind == JSONTape.Kind.string { return [name(index)] }
    guard tape[index].kind == JSONTape.Kind.array else { throw invalid }
    var names: [String] = []
    var at = index + 1
    for _ in 0..<tape[index].length {
      if tape[at].kind == JSONTape.Kind.string {
        names.append(name(at))
      } else if context.isStrict {
        throw invalid
      }
      at = tape.end(of: at)
    }
    return names
  }
}

extension JSONTape {
  /// `true` and numbers other than 0.
  func isTrue(_ index: Int) -> Bool {
    switch entries[index].kind {
    case Kind.true: true
    case Kind.integer: entries[index].payload != 0
    default: false
    }
  }
}
