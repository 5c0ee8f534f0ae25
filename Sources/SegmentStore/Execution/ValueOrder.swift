internal import Events

/// How breakdowns tell values apart and order them: a total order that depends on the values alone, never on storage.
enum ValueOrder {
  /// The value under which a report groups: sealed values by their tag (equal plaintexts of a field have equal tags), objects by name.
  /// Nil where the value counts as missing.
  static func key(of value: StoredValue) -> StoredValue? {
    switch value {
    case .null: nil
    case .sealed(let sealed): .sealed(SealedValue(bytes: [], tag: sealed.tag))
    case .object(let properties):
      .object(properties.map { StoredProperty($0.name, key(of: $0.value) ?? .null) }.sorted { precedes($0.name, $1.name) })
    case .list(let elements): .list(elements.map { key(of: $0) ?? .null })
    case .boolean, .number, .string, .pseudonym: value
    }
  }

  /// The keys that a value adds to: a list counts under each of its elements once. Empty: it counts as missing.
  static func keys(of value: StoredValue) -> [StoredValue] {
    guard case .list(let elements) = value else { return key(of: value).map { [$0] } ?? [] }
    var keys: [StoredValue] = []
    var seen: Set<StoredValue> = []
    for element in elements {
      if let key = key(of: element), seen.insert(key).inserted { keys.append(key) }
    }
    return keys
  }

  /// Strict order: missing, booleans, numbers, strings by UTF-8 bytes, pseudonyms, sealed, lists, objects.
  static func precedes(_ left: StoredValue?, _ right: StoredValue?) -> Bool {
    switch (left, right) {
    case (.boolean(let a), .boolean(let b)): return !a && b
    case (.number(let a), .number(let b)): return a < b
    case (.string(let a), .string(let b)): return precedes(a, b)
    case (.pseudonym(let a), .pseudonym(let b)): return a < b
    case (.sealed(let a), .sealed(let b)): return a.tag < b.tag
    case (.list(let a), .list(let b)): return a.lexicographicallyPrecedes(b, by: { precedes($0, $1) })
    case (.object(let a), .object(let b)):
      return a.lexicographicallyPrecedes(b) { x, y in x.name == y.name ? precedes(x.value, y.value) : precedes(x.name, y.name) }
    default: return rank(left) < rank(right)
    }
  }

  static func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }

  private static func rank(_ value: StoredValue?) -> Int {
    switch value {
    case nil, .null: 0
    case .boolean: 1
    case .number: 2
    case .string: 3
    case .pseudonym: 4
    case .sealed: 5
    case .list: 6
    case .object: 7
    }
  }
}
