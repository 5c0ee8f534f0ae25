import Events

/// What the index keeps of one entry, beside its set.
struct ExposureRow: Sendable {
  enum State: UInt8, Sendable { case told, erased, unreadable }

  let index: UInt64
  let time: Timestamp
  let project: ProjectID?
  let kind: ExposureKind
  var state: State
  var principalKind: Principal.Kind = .system
  /// Names by number, 0 is none. Of a vendor's deletion: the vendor.
  var principal: UInt32 = 0
  var credential: UInt32 = 0
  var export: UInt32 = 0
  /// A list of fields, by number.
  var fields: UInt32 = 0
  var rows: UInt32 = 0
  /// 0 is none.
  var request: Int64 = 0
  /// Of a vendor's deletion: what tells its set from others.
  var fingerprint: UInt64 = 0
  var place = SetArena.Place(block: 0, offset: 0, count: 0)

  /// What is known of an entry without its details.
  init(_ entry: LedgerEntry, _ kind: ExposureKind, _ state: State) {
    index = entry.index
    time = entry.time
    project = entry.project
    self.kind = kind
    self.state = state
  }

  /// Nothing but what the entry itself says is left.
  var withoutDetails: ExposureRow {
    var row = ExposureRow(index: index, time: time, project: project, kind: kind)
    row.state = .erased
    return row
  }

  private init(index: UInt64, time: Timestamp, project: ProjectID?, kind: ExposureKind) {
    self.index = index
    self.time = time
    self.project = project
    self.kind = kind
    state = .erased
  }
}

/// Texts by number, from 1 on.
struct NameNumbers: Sendable {
  private var numbers: [String: UInt32] = [:]
  private(set) var names: [String] = [""]

  func number(of name: String) -> UInt32? { numbers[name] }

  mutating func register(_ name: String) -> UInt32 {
    if let known = numbers[name] { return known }
    let number = UInt32(names.count)
    names.append(name)
    numbers[name] = number
    return number
  }
}

/// Lists of fields by number: most entries show one of a few.
struct FieldLists: Sendable {
  private var numbers: [[String]: UInt32] = [:]
  private(set) var lists: [[UInt32]] = []
  private(set) var fields = NameNumbers()

  mutating func register(_ list: [String]) -> UInt32 {
    if let known = numbers[list] { return known }
    let number = UInt32(lists.count)
    lists.append(Set(list).sorted().map { fields.register($0) })
    numbers[list] = number
    return number
  }

  func names(of list: UInt32) -> [String] { lists[Int(list)].map { fields.names[Int($0)] } }
}
