internal import Events
package import Vault

/// What one request adds to the store, in columns: made on the caller's thread, written to the log as it is, and applied to memory after
/// the sync. Also what recovery reads back from the log.
package struct IncomingBatch: Sendable {
  /// A property of the batch's rows.
  struct BatchColumn: Sendable {
    let name: String
    var dictionary = ValueDictionary()
    /// Rows that have it, ascending, and the dictionary index of each one's value.
    var rows: [UInt32] = []
    var codes: [UInt32] = []
  }

  struct Link: Sendable {
    var row: UInt32
    /// Indexes into `identities`.
    var device: UInt32
    var user: UInt32
  }

  struct Update: Sendable {
    /// Index into `identities`.
    var target: UInt32
    var operation: ProfileOperation<StoredValue>
    var time: Int64
    var ignoresTime: Bool
    var isVerified: Bool
  }

  static let absent = UInt32.max

  /// All different.
  var identities: [StoredIdentity] = []
  var names: [String] = []
  // By row.
  /// Index into `names`.
  var rowNames: [UInt32] = []
  var times: [Int64] = []
  /// Index into `identities`, `absent` where there is no actor.
  var actors: [UInt32] = []
  var duplicateKeys: [StoredRow.DuplicateKey?] = []
  var columns: [BatchColumn] = []
  var links: [Link] = []
  var updates: [Update] = []
  var keys: [WrappedKey] = []

  private var identityIndexes: [Pseudonym: UInt32] = [:]
  private var nameIndexes: [String: UInt32] = [:]
  private var columnIndexes: [String: Int] = [:]
  /// For each position in an event, the column that the previous event had there: events of one sender list their properties alike.
  private var columnHints: [Int] = []

  private let expectedRows: Int

  /// - Parameter expectedRows: as many rows as come, about: columns get room for them at once.
  package init(expectedRows: Int = 0) {
    self.expectedRows = expectedRows
    times.reserveCapacity(expectedRows)
    rowNames.reserveCapacity(expectedRows)
    actors.reserveCapacity(expectedRows)
    duplicateKeys.reserveCapacity(expectedRows)
  }

  package var rowCount: Int { times.count }
  package var isEmpty: Bool { times.isEmpty && updates.isEmpty && keys.isEmpty }

  package mutating func add(_ row: StoredRow) {
    let index = UInt32(times.count)
    times.append(row.time.milliseconds)
    rowNames.append(name(row.name))
    actors.append(row.actor.map { identity($0) } ?? Self.absent)
    duplicateKeys.append(row.duplicateKey)
    if let link = row.link {
      links.append(Link(row: index, device: identity(link.device), user: identity(link.user)))
    }
    for group in row.groups { _ = identity(group) }
    for position in row.properties.indices {
      let column = column(row.properties[position].name, at: position)
      let code = columns[column].dictionary.code { $0.value(row.properties[position].value) }
      if columns[column].rows.last == index {
        columns[column].codes[columns[column].codes.count - 1] = code
      } else {
        columns[column].rows.append(index)
        columns[column].codes.append(code)
      }
    }
  }

  package mutating func add(_ update: StoredUpdate) {
    updates.append(
      Update(
        target: identity(update.target), operation: update.operation, time: update.time.milliseconds, ignoresTime: update.ignoresTime,
        isVerified: update.isVerified))
  }

  package mutating func add(_ key: WrappedKey) { keys.append(key) }

  /// Takes out the rows and profile operations of some identities and the ids that they were sent with; returns how many those were.
  mutating func remove(identities removed: Set<UInt32>) -> Int {
    for index in removed { identities[Int(index)].sealedID = nil }
    var dropped = [Bool](repeating: false, count: rowCount)
    for row in 0..<rowCount where removed.contains(actors[row]) { dropped[row] = true }
    for link in links where removed.contains(link.device) || removed.contains(link.user) { dropped[Int(link.row)] = true }
    let kept = (0..<rowCount).filter { !dropped[$0] }
    let before = rowCount + updates.count
    var position = [UInt32](repeating: Self.absent, count: rowCount)
    for (index, row) in kept.enumerated() { position[row] = UInt32(index) }
    for column in columns.indices {
      let places = columns[column].rows.indices.filter { position[Int(columns[column].rows[$0])] != Self.absent }
      columns[column].codes = places.map { columns[column].codes[$0] }
      columns[column].rows = places.map { position[Int(columns[column].rows[$0])] }
    }
    columns.removeAll { $0.rows.isEmpty }
    links = links.filter { !dropped[Int($0.row)] }.map { Link(row: position[Int($0.row)], device: $0.device, user: $0.user) }
    rowNames = kept.map { rowNames[$0] }
    times = kept.map { times[$0] }
    actors = kept.map { actors[$0] }
    duplicateKeys = kept.map { duplicateKeys[$0] }
    updates.removeAll { removed.contains($0.target) }
    return before - rowCount - updates.count
  }

  /// For identities that came together, before more are added one by one.
  mutating func indexIdentities() {
    for (index, identity) in identities.enumerated() { identityIndexes[identity.pseudonym] = UInt32(index) }
  }

  private mutating func identity(_ identity: StoredIdentity) -> UInt32 {
    if let index = identityIndexes[identity.pseudonym] {
      if identities[Int(index)].sealedID == nil { identities[Int(index)].sealedID = identity.sealedID }
      return index
    }
    let index = UInt32(identities.count)
    identities.append(identity)
    identityIndexes[identity.pseudonym] = index
    return index
  }

  private mutating func name(_ name: String) -> UInt32 {
    if let last = rowNames.last, names[Int(last)] == name { return last }
    if let index = nameIndexes[name] { return index }
    let index = UInt32(names.count)
    names.append(name)
    nameIndexes[name] = index
    return index
  }

  private mutating func column(_ name: String, at position: Int) -> Int {
    if position < columnHints.count, columns[columnHints[position]].name == name { return columnHints[position] }
    let index: Int
    if let known = columnIndexes[name] {
      index = known
    } else {
      index = columns.count
      var column = BatchColumn(name: name)
      // Not for all, since a batch may bring thousands of names.
      if columns.count < 64 {
        column.rows.reserveCapacity(max(0, expectedRows - times.count + 1))
        column.codes.reserveCapacity(max(0, expectedRows - times.count + 1))
      }
      columns.append(column)
      columnIndexes[name] = index
    }
    if position < columnHints.count { columnHints[position] = index } else { columnHints.append(index) }
    return index
  }
}
