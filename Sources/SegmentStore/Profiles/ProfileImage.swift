internal import Events

/// A profile as it is now, in two layers by who wrote them.
struct ProfileImage: Sendable, Hashable {
  struct Layer: Sendable, Hashable {
    /// In the order in which they were first set.
    var properties: [StoredProperty] = []

    subscript(name: String) -> StoredValue? { properties.first { $0.name == name }?.value }

    mutating func set(_ name: String, _ value: StoredValue) {
      if let index = properties.firstIndex(where: { $0.name == name }) {
        properties[index].value = value
      } else {
        properties.append(StoredProperty(name, value))
      }
    }

    mutating func unset(_ name: String) { properties.removeAll { $0.name == name } }
  }

  /// A layer that would take more bytes than this is left as it was: the public token must not be able to fill the disk through one profile.
  static let layerLimit = 256 << 10
  static let lastSeen = "$last_seen"

  /// Written with a secret credential.
  var verified: Layer?
  /// Written with the public token.
  var unverified: Layer?

  /// Bytes, about.
  var footprint: Int { [verified, unverified].reduce(64) { $0 + ($1.map(Self.size) ?? 0) } }

  /// Applies one operation to the layer of who sent it and leaves the other alone. False if it would make the layer too large.
  mutating func apply(_ operation: ProfileOperation<StoredValue>, time: Int64, ignoresTime: Bool, isVerified: Bool) -> Bool {
    let before = isVerified ? verified : unverified
    var layer = before
    Self.apply(operation, to: &layer)
    if layer != nil, !ignoresTime {
      let seen = InstantText.utc(milliseconds: time)
      if case .string(let known)? = layer?[Self.lastSeen], known >= seen {} else { layer?.set(Self.lastSeen, .string(seen)) }
    }
    if let layer, Self.size(layer) > Self.layerLimit, Self.size(layer) > before.map(Self.size) ?? 0 { return false }
    if isVerified { verified = layer } else { unverified = layer }
    return true
  }

  private static func size(_ layer: Layer) -> Int {
    var writer = ByteWriter()
    writer.properties(layer.properties)
    return writer.count
  }

  private static func apply(_ operation: ProfileOperation<StoredValue>, to target: inout Layer?) {
    // Every operation but `delete` makes the profile, even where it changes nothing in it.
    var layer = target ?? Layer()
    switch operation {
    case .set(let list):
      for assignment in list { layer.set(assignment.name, assignment.value) }
    case .setOnce(let list):
      // A null that was set counts as not set.
      for assignment in list where layer[assignment.name] ?? .null == .null { layer.set(assignment.name, assignment.value) }
    case .add(let list):
      for assignment in list {
        guard case .number(let increment) = assignment.value else { continue }
        switch layer[assignment.name] {
        case .number(let number)?: layer.set(assignment.name, .number(number + increment))
        case nil, .null?: layer.set(assignment.name, .number(increment))
        default: continue
        }
      }
    case .append(let list):
      for assignment in list { layer.set(assignment.name, .list(elements(of: layer[assignment.name]) + [assignment.value])) }
    case .union(let list):
      for assignment in list {
        guard case .list(let added) = assignment.value else { continue }
        var elements = elements(of: layer[assignment.name])
        for value in added where !elements.contains(where: { $0.isSame(as: value) }) { elements.append(value) }
        layer.set(assignment.name, .list(elements))
      }
    case .remove(let list):
      for assignment in list {
        guard case .list(let elements)? = layer[assignment.name] else { continue }
        layer.set(assignment.name, .list(elements.filter { !$0.isSame(as: assignment.value) }))
      }
    case .unset(let names):
      for name in names { layer.unset(name) }
    case .delete:
      target = nil
      return
    }
    target = layer
  }

  /// A value that is not a list becomes the first element of one.
  private static func elements(of value: StoredValue?) -> [StoredValue] {
    switch value {
    case nil, .null?: []
    case .list(let elements)?: elements
    case let single?: [single]
    }
  }
}

extension StoredValue {
  /// Equality of what was sent: sealed values are compared by their tag, since the same value is sealed differently every time.
  func isSame(as other: StoredValue) -> Bool {
    switch (self, other) {
    case (.sealed(let left), .sealed(let right)): left.tag == right.tag
    case (.list(let left), .list(let right)): left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
    case (.object(let left), .object(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.name == $1.name && $0.value.isSame(as: $1.value) }
    default: self == other
    }
  }
}

/// The text form of an instant in profiles: `2026-11-23T22:10:25`, UTC, whole seconds (Mixpanel's own form of `$last_seen`).
enum InstantText {
  static func utc(milliseconds: Int64) -> String {
    let seconds = (milliseconds - (milliseconds % 1000 + 1000) % 1000) / 1000
    let secondOfDay = (seconds % 86_400 + 86_400) % 86_400
    // Days to a date of the proleptic Gregorian calendar: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let shifted = (seconds - secondOfDay) / 86_400 + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let padded = { (value: Int64, width: Int) in
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return
      "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(secondOfDay / 3600, 2)):\(padded(secondOfDay / 60 % 60, 2)):\(padded(secondOfDay % 60, 2))"
  }
}
