/// Which ids belong to whom: an append-only list of links that were accepted or refused, in the order of their durable arrival.
///
/// The first user that a device is seen with keeps it, its anonymous past included; a later one is refused, and that is kept too
/// (A.21 item 3). Reversible in principle: the rows keep the number under which they arrived.
struct MergeJournal: Sendable {
  enum Outcome: UInt8, Sendable {
    case accepted = 0
    /// The device belongs to another user already.
    case refusedDeviceTaken = 1
    /// The user is itself merged into the device.
    case refusedCircle = 2
  }

  struct Entry: Sendable, Hashable {
    static let length = 17
    var device: UInt32
    var user: UInt32
    var outcome: Outcome
    /// Time of the event that asked for it, milliseconds since 1970.
    var time: Int64

    func write(to writer: inout ByteWriter) {
      writer.integer(device)
      writer.integer(user)
      writer.byte(outcome.rawValue)
      writer.integer(time)
    }

    init(device: UInt32, user: UInt32, outcome: Outcome, time: Int64) {
      self.device = device
      self.user = user
      self.outcome = outcome
      self.time = time
    }

    init(reading reader: inout ByteReader) throws(FormatError) {
      device = try reader.integer()
      user = try reader.integer()
      guard let outcome = Outcome(rawValue: try reader.byte()) else { throw FormatError("a journal entry has an unknown outcome") }
      self.outcome = outcome
      time = try reader.integer()
    }
  }

  private(set) var entries: [Entry] = []
  /// Direct parent of each merged number.
  private var parents: [UInt32: UInt32] = [:]
  private var children: [UInt32: [UInt32]] = [:]
  private var refused: Set<UInt64> = []

  /// The number of entries: it names the state of the journal.
  var version: UInt64 { UInt64(entries.count) }

  func canonical(_ number: UInt32) -> UInt32 {
    var number = number
    while let parent = parents[number] { number = parent }
    return number
  }

  /// A number and every number that it has counted as since it was merged first.
  func lineage(of number: UInt32) -> [UInt32] {
    var line = [number]
    while let parent = parents[line[line.count - 1]] { line.append(parent) }
    return line
  }

  /// Every number that counts as this canonical one, itself included.
  func members(of canonical: UInt32) -> [UInt32] {
    var members = [canonical]
    var next = 0
    while next < members.count {
      members += children[members[next]] ?? []
      next += 1
    }
    return members
  }

  /// Entries of the frame that is being made: decided, not yet durable, so not yet in the journal that queries see.
  struct Pending {
    fileprivate var parents: [UInt32: UInt32] = [:]
    fileprivate var refused: Set<UInt64> = []

    mutating func append(_ entry: Entry) {
      if entry.outcome == .accepted {
        parents[entry.device] = entry.user
      } else {
        refused.insert(MergeJournal.pair(entry.device, entry.user))
      }
    }
  }

  /// The new entry that a link asks for, nil if the journal knows it already; and whether it is refused, now or before.
  func judge(device: UInt32, user: UInt32, time: Int64, pending: Pending) -> (entry: Entry?, isRefused: Bool) {
    if device == user { return (nil, false) }
    let outcome: Outcome
    if let owner = parents[device] ?? pending.parents[device] {
      if owner == user { return (nil, false) }
      outcome = .refusedDeviceTaken
    } else {
      var root = user
      while let parent = parents[root] ?? pending.parents[root] { root = parent }
      guard root == device else { return (Entry(device: device, user: user, outcome: .accepted, time: time), false) }
      outcome = .refusedCircle
    }
    let pair = Self.pair(device, user)
    if refused.contains(pair) || pending.refused.contains(pair) { return (nil, true) }
    return (Entry(device: device, user: user, outcome: outcome, time: time), true)
  }

  /// Whether these entries, in their order, keep every number below one canonical one: anything else was never decided, and following it
  /// would not end.
  func allows(_ entries: [Entry]) -> Bool {
    var pending = Pending()
    for entry in entries where entry.outcome == .accepted {
      guard parents[entry.device] ?? pending.parents[entry.device] == nil else { return false }
      var root = entry.user
      while let parent = parents[root] ?? pending.parents[root] { root = parent }
      guard root != entry.device else { return false }
      pending.append(entry)
    }
    return true
  }

  mutating func append(_ entry: Entry) {
    entries.append(entry)
    switch entry.outcome {
    case .accepted:
      parents[entry.device] = entry.user
      children[entry.user, default: []].append(entry.device)
    case .refusedDeviceTaken, .refusedCircle:
      refused.insert(Self.pair(entry.device, entry.user))
    }
  }

  /// Canonical number now of every number that an entry from `version` on moved; no value is a key.
  func moved(since version: UInt64) -> [UInt32: UInt32] {
    var moved: [UInt32: UInt32] = [:]
    for entry in entries[Int(min(version, self.version))...] where entry.outcome == .accepted {
      for member in members(of: entry.device) { moved[member] = canonical(member) }
    }
    return moved
  }

  private static func pair(_ device: UInt32, _ user: UInt32) -> UInt64 { UInt64(device) << 32 | UInt64(user) }
}
