internal import Events

/// The ids of the event or profile in question, as sent: they must not come back in the clear under another name.
struct OwnIdentifiers {
  struct Identifier {
    /// As it may stand in a property.
    let text: String
    /// What its pseudonym is made of; for a group, its key.
    let hashed: String
    let groupKey: String?
    /// The number that it is, if it is one of at least six digits.
    let number: Double?
    /// Too short to be looked for anywhere but between the slashes of a path: it equals too many things.
    let isPathOnly: Bool

    init(_ text: String, hashed: String, groupKey: String? = nil) {
      self.text = text
      self.hashed = hashed
      self.groupKey = groupKey
      let count = text.utf8.count
      let isDigits = text.utf8.allSatisfy(\.isDigit)
      number = count >= 6 && isDigits ? Double(text) : nil
      isPathOnly = count < (groupKey == nil ? 2 : 4) || (isDigits && count < 5)
    }
  }

  static let none = OwnIdentifiers()
  /// Shorter ids are looked for as whole values only: inside of texts they would be parts of words.
  static let shortestInside = 6
  /// As many organizations of one event are looked for; more are a list of accounts, not an event's own.
  private static let mostGroups = 8

  private(set) var all: [Identifier] = []
  private(set) var hasNumbers = false
  /// A bit for each length (63: or more) of an id that may be a whole value: most texts are none by their length alone.
  private var lengths: UInt64 = 0
  /// The shortest that is looked for inside of texts, in bytes.
  private(set) var shortestInside = Int.max

  private init() {}

  init(_ identity: ReceivedIdentity) {
    all.reserveCapacity(3)
    if let user = identity.userID { add(Identifier(user, hashed: user)) }
    if let device = identity.deviceID { add(Identifier(device, hashed: "$device:" + device)) }
    if let distinct = identity.distinctID, distinct != identity.userID {
      add(Identifier(distinct, hashed: distinct))
      if identity.deviceID == nil, distinct.withBytes({ $0.has("$device:", at: 0) }) {
        add(Identifier(String(distinct.dropFirst(8)), hashed: distinct))
      }
    }
  }

  init(_ target: ReceivedProfileUpdate.Target) {
    switch target {
    case .subject(let id): self.init(ReceivedIdentity(distinctID: id))
    case .group(let key, let id):
      self.init()
      add(Identifier(id, hashed: id, groupKey: key))
    }
  }

  /// The organizations that an event names belong to its own ids.
  mutating func add(group key: String, _ value: PropertyValue) {
    let elements = if case .list(let elements) = value { elements[...].prefix(Self.mostGroups) } else { [value][...] }
    for element in elements {
      switch element {
      case .string(let id): add(Identifier(id, hashed: id, groupKey: key))
      case .number(let number):
        let id = Passage.text(number)
        add(Identifier(id, hashed: id, groupKey: key))
      case .null, .boolean, .list, .object: continue
      }
    }
  }

  private mutating func add(_ identifier: Identifier) {
    let count = identifier.text.utf8.count
    guard count > 0 else { return }
    all.append(identifier)
    if identifier.number != nil { hasNumbers = true }
    if !identifier.isPathOnly { lengths |= 1 << UInt64(min(count, 63)) }
    if count >= Self.shortestInside { shortestInside = min(shortestInside, count) }
  }

  @inline(__always)
  func matching(_ text: String) -> Identifier? {
    lengths & (1 << UInt64(min(text.utf8.count, 63))) == 0 ? nil : matchingOfLength(text)
  }

  private func matchingOfLength(_ text: String) -> Identifier? {
    for identifier in all where !identifier.isPathOnly && identifier.text.utf8.count == text.utf8.count {
      if identifier.text == text || text.withBytes({ bytes in identifier.text.withBytes { Self.areEqual(bytes, 0, $0) } }) {
        return identifier
      }
    }
    return nil
  }

  func matching(_ number: Double) -> Identifier? {
    guard hasNumbers else { return nil }
    return all.first { $0.number == number }
  }

  /// Places of own ids inside of a text, not as parts of longer words; of short ones, as segments of a path only.
  func find(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    for identifier in all {
      let count = identifier.text.utf8.count
      guard count <= bytes.count else { continue }
      let isShort = count < Self.shortestInside
      identifier.text.withBytes { wanted in
        let first = wanted[0].lowercased
        var index = 0
        while index + count <= bytes.count {
          if bytes[index].lowercased == first, !bytes.at(index - 1).isAlphanumeric, !bytes.at(index + count).isAlphanumeric,
            Self.areEqual(bytes, index, wanted),
            !isShort || Self.isSegment(index..<(index + count), of: bytes)
          {
            findings.add(Finding(range: index..<(index + count), replacement: "[id]", reason: .ownIdentifierInside))
            index += count
          } else {
            index += 1
          }
        }
      }
    }
  }

  /// Letters are compared without case: many systems change it.
  @inline(__always)
  private static func areEqual(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
    for offset in wanted.indices where bytes[start + offset].lowercased != wanted[offset].lowercased { return false }
    return true
  }

  private static func isSegment(_ range: Range<Int>, of bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.at(range.lowerBound - 1) == .ascii("/") && (range.upperBound == bytes.count || bytes[range.upperBound] == .ascii("/"))
  }

  /// Whether one of the ids would be found in the text.
  func occurs(in text: String) -> Bool {
    text.withBytes { bytes in
      var findings = Findings()
      find(in: bytes, into: &findings)
      return !findings.isEmpty
    }
  }

  /// Whether a name is, or holds, one of these ids.
  func isNamed(by name: String) -> Bool { matching(name) != nil || isInside(name) }

  func isInside(_ text: String) -> Bool {
    guard text.utf8.count >= shortestInside else { return false }
    return text.withBytes { bytes in
      var findings = Findings()
      find(in: bytes, into: &findings)
      return !findings.isEmpty
    }
  }
}

/// Replaces the event's own ids inside of longer texts by `[id]`.
struct OwnIdentifiersInside: TextStep {
  func judge(_ look: TextLook) -> TextVerdict {
    guard look.bytes.count >= look.context.own.shortestInside || look.scan.slashes > 0 else { return .passes }
    var findings = Findings()
    look.context.own.find(in: look.bytes, into: &findings)
    return findings.isEmpty ? .passes : .rewritten(findings.applied(to: look.bytes), findings.all.map(\.reason))
  }
}
