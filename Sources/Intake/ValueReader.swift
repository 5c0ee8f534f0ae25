import CSimdJSON
import Events

/// Makes property values out of the tape, within the limits: strings are cut, lists and objects lose what is too much.
struct ValueReader {
  /// Why something was left out. A strict request refuses the record instead.
  enum Excess: String {
    case members = "lists and objects must have fewer than 255 elements"
    case depth = "objects must not be nested more than 3 levels deep, and objects in a list not at all"
    case weight = "lists and objects must be small: 8 KB in an event, 256 KB in a profile"
  }

  let limits: IntakeLimits
  /// Bytes that one list or object may weigh.
  let weight: Int
  private(set) var excess: Excess?
  private(set) var droppedCount = 0

  init(limits: IntakeLimits, weight: Int) {
    self.limits = limits
    self.weight = weight
  }

  mutating func clear() {
    excess = nil
    droppedCount = 0
  }

  mutating func drop(_ reason: Excess) {
    excess = excess ?? reason
    droppedCount += 1
  }

  /// The value at `index`; nil where nothing is left of it.
  @inline(__always)
  mutating func value(_ tape: JSONTape, _ index: Int, names: inout NameCache) -> PropertyValue? {
    let entry = tape[index]
    switch entry.kind {
    case JSONTape.Kind.string: return .string(String(decoding: tape.bytes(index).cut(to: limits.stringBytes), as: UTF8.self))
    case JSONTape.Kind.integer: return .number(Double(Int64(bitPattern: entry.payload)))
    case JSONTape.Kind.double: return .number(Double(bitPattern: entry.payload))
    case JSONTape.Kind.true: return .boolean(true)
    case JSONTape.Kind.false: return .boolean(false)
    case JSONTape.Kind.null: return .null
    default: return container(tape, index, names: &names)
    }
  }

  private mutating func container(_ tape: JSONTape, _ index: Int, names: inout NameCache) -> PropertyValue? {
    guard tape[index].kind != JSONTape.Kind.tooDeep else {
      drop(.depth)
      return nil
    }
    guard tape.weight(of: index) <= weight else {
      drop(.weight)
      return nil
    }
    return nested(tape, index, depth: 1, in: .property, names: &names)
  }

  /// What a value stands in: an object in a list may hold no lists and objects of its own.
  private enum Place {
    case property, list, objectInList
  }

  /// `depth`: of this value if it is a container, the outermost being 1.
  private mutating func nested(_ tape: JSONTape, _ index: Int, depth: Int, in place: Place, names: inout NameCache) -> PropertyValue? {
    let kind = tape[index].kind
    guard kind == JSONTape.Kind.array || kind == JSONTape.Kind.object || kind == JSONTape.Kind.tooDeep else {
      return value(tape, index, names: &names)
    }
    guard kind != JSONTape.Kind.tooDeep, depth <= limits.depth, place != .objectInList else {
      drop(.depth)
      return nil
    }
    let length = Int(tape[index].length)
    if length >= limits.members { drop(.members) }
    let kept = min(length, limits.members - 1)
    guard kind == JSONTape.Kind.array else {
      let inner: Place = place == .list ? .objectInList : .property
      return .object(members(tape, index, kept: kept, depth: depth, in: inner, names: &names))
    }
    var elements: [PropertyValue] = []
    elements.reserveCapacity(kept)
    var at = index + 1
    for _ in 0..<kept {
      if let element = nested(tape, at, depth: depth + 1, in: .list, names: &names) { elements.append(element) }
      at = tape.end(of: at)
    }
    return .list(elements)
  }

  /// The members of an object; of a key that is given twice, the last value.
  private mutating func members(
    _ tape: JSONTape, _ index: Int, kept: Int, depth: Int, in place: Place, names: inout NameCache
  ) -> [Property] {
    var members: [Property] = []
    members.reserveCapacity(kept)
    var places: [String: Int] = [:]
    var at = index + 1
    for _ in 0..<kept {
      let name = names.string(of: tape.bytes(at).cut(to: limits.stringBytes))
      if let value = nested(tape, at + 1, depth: depth + 1, in: place, names: &names) {
        if let earlier = places.updateValue(members.count, forKey: name) {
          members[earlier].value = value
          places[name] = earlier
        } else {
          members.append(Property(name, value))
        }
      }
      at = tape.end(of: at + 1)
    }
    return members
  }
}
