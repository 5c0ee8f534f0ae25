extension Expiry {
  /// What the rules are from now on, in place of those before.
  struct Rules: Sendable, Equatable {
    var keepDays: UInt64
    /// By name, of those with days of their own.
    var days: [String: UInt64]
    /// Which of the held names are shown from now on; the others stay held.
    var releases: HeldNames
    /// Of the released ones those that nobody wants: all that came of them is discarded.
    var discards: Set<String>
  }

  enum Change: Sendable, Equatable {
    case set(Rules)
    /// Holds names; what is said of one already stays.
    case hold(Set<String>, days: UInt64)
    /// Discards all that came of these names.
    case discard(Set<String>)
    /// The clock went on.
    case advance

    /// Whether it may need an entry of the deletion journal. The clock alone may make it so.
    var mayDiscard: Bool { if case .hold = self { false } else { true } }
  }
}

/// docs/FORMATS.md, "Write-ahead log", kind 5.
extension Expiry.Change {
  func write(to writer: inout ByteWriter) {
    func put(_ names: Set<String>) {
      writer.varint(names.count)
      for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) { writer.string(name) }
    }
    switch self {
    case .set(let rules):
      writer.byte(0)
      writer.integer(rules.keepDays)
      writer.varint(rules.days.count)
      for (name, days) in rules.days.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
        writer.string(name)
        writer.integer(days)
      }
      switch rules.releases {
      case .all: writer.byte(1)
      case .only(let names):
        writer.byte(0)
        put(names)
      }
      put(rules.discards)
    case .hold(let names, let days):
      writer.byte(1)
      writer.integer(days)
      put(names)
    case .discard(let names):
      writer.byte(2)
      put(names)
    case .advance: writer.byte(3)
    }
  }

  init(reading reader: inout ByteReader) throws(FormatError) {
    func names(_ reader: inout ByteReader) throws(FormatError) -> Set<String> {
      var names: Set<String> = []
      for _ in 0..<(try reader.count()) { names.insert(try reader.string()) }
      return names
    }
    switch try reader.byte() {
    case 0:
      var rules = Expiry.Rules(keepDays: try reader.integer(), days: [:], releases: .all, discards: [])
      for _ in 0..<(try reader.count(of: 9)) { rules.days[try reader.string()] = try reader.integer() }
      if try reader.byte() == 0 { rules.releases = .only(try names(&reader)) }
      rules.discards = try names(&reader)
      self = .set(rules)
    case 1:
      let days: UInt64 = try reader.integer()
      self = .hold(try names(&reader), days: days)
    case 2: self = .discard(try names(&reader))
    case 3: self = .advance
    default: throw FormatError("a change of what is kept is of an unknown kind")
    }
  }
}
