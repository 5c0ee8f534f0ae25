internal import Events
internal import Vault

/// The byte form of a batch in a log record (docs/FORMATS.md, "Write-ahead log").
extension IncomingBatch {
  func write(to writer: inout ByteWriter) {
    writer.varint(identities.count)
    for identity in identities {
      writer.byte((identity.isGroup ? 1 : 0) | (identity.sealedID == nil ? 0 : 2))
      writer.pseudonym(identity.pseudonym)
      if let sealed = identity.sealedID { writer.sealed(sealed) }
    }
    writer.varint(names.count)
    for name in names { writer.string(name) }
    writer.varint(times.count)
    rowNames.withUnsafeBufferPointer { CodeList.write($0, to: &writer) }
    // `absent` becomes 0, an index one more than itself.
    actors.map { $0 &+ 1 }.withUnsafeBufferPointer { CodeList.write($0, to: &writer) }
    var previous: Int64 = 0
    for time in times {
      writer.signedVarint(time &- previous)
      previous = time
    }
    duplicateKeys.map { $0 == nil ? 0 : 1 }.withUnsafeBufferPointer { CodeList.write($0, to: &writer) }
    var day: Int64 = 0
    for case let key? in duplicateKeys {
      writer.signedVarint(Int64(key.day) - day)
      day = Int64(key.day)
      writer.integer(key.fingerprint)
    }
    writer.varint(columns.count)
    for column in columns {
      writer.string(column.name)
      column.dictionary.values.write(to: &writer)
      writer.varint(column.rows.count)
      if column.rows.count != times.count {
        var last: UInt32 = 0
        for row in column.rows {
          writer.varint(UInt64(row - last))
          last = row
        }
      }
      column.codes.withUnsafeBufferPointer { CodeList.write($0, to: &writer) }
    }
    writer.varint(links.count)
    for link in links {
      writer.varint(UInt64(link.row))
      writer.varint(UInt64(link.device))
      writer.varint(UInt64(link.user))
    }
    writer.varint(updates.count)
    for update in updates {
      writer.varint(UInt64(update.target))
      writer.integer(update.time)
      writer.byte((update.ignoresTime ? 1 : 0) | (update.isVerified ? 2 : 0))
      writer.operation(update.operation)
    }
    writer.keys(keys)
  }

  init(reading reader: inout ByteReader) throws(FormatError) {
    self.init()
    for _ in 0..<(try reader.count(of: 17)) {
      let flags = try reader.byte()
      guard flags < 4 else { throw FormatError("an identity has an unknown flag") }
      let pseudonym = try reader.pseudonym()
      identities.append(StoredIdentity(pseudonym, sealedID: flags & 2 == 0 ? nil : try reader.sealed(), isGroup: flags & 1 != 0))
    }
    for _ in 0..<(try reader.count()) { names.append(try reader.string()) }
    let rows = try reader.count()
    guard rows == 0 || !names.isEmpty else { throw FormatError("a batch has rows and no event names") }
    rowNames = try CodeList.read(count: rows, limit: max(0, names.count - 1), from: &reader)
    actors = try CodeList.read(count: rows, limit: identities.count, from: &reader).map { $0 &- 1 }
    var time: Int64 = 0
    times.reserveCapacity(rows)
    for _ in 0..<rows {
      time &+= try reader.signedVarint()
      times.append(time)
    }
    let marks = try CodeList.read(count: rows, limit: 1, from: &reader)
    var day: Int64 = 0
    for mark in marks {
      guard mark == 1 else {
        duplicateKeys.append(nil)
        continue
      }
      day &+= try reader.signedVarint()
      guard let number = Int32(exactly: day) else { throw FormatError("a day is out of range") }
      duplicateKeys.append(StoredRow.DuplicateKey(day: number, fingerprint: try reader.integer()))
    }
    for _ in 0..<(try reader.count()) { columns.append(try Self.column(of: rows, from: &reader)) }
    for _ in 0..<(try reader.count(of: 3)) {
      guard rows > 0, !identities.isEmpty else { throw FormatError("a link belongs to no row") }
      links.append(
        Link(
          row: UInt32(try reader.number(through: rows - 1)), device: UInt32(try reader.number(through: identities.count - 1)),
          user: UInt32(try reader.number(through: identities.count - 1))))
    }
    for _ in 0..<(try reader.count()) {
      guard !identities.isEmpty else { throw FormatError("a profile update has no target") }
      let target = UInt32(try reader.number(through: identities.count - 1))
      let time: Int64 = try reader.integer()
      let flags = try reader.byte()
      guard flags < 4 else { throw FormatError("a profile update has an unknown flag") }
      updates.append(
        Update(target: target, operation: try reader.operation(), time: time, ignoresTime: flags & 1 != 0, isVerified: flags & 2 != 0))
    }
    keys = try reader.keys()
  }

  private static func column(of rowCount: Int, from reader: inout ByteReader) throws(FormatError) -> BatchColumn {
    var column = BatchColumn(name: try reader.string())
    column.dictionary = try ValueDictionary(reading: &reader)
    let present = try reader.number(through: rowCount)
    guard present == 0 || column.dictionary.count > 0 else { throw FormatError("a column has rows and no values") }
    if present == rowCount {
      column.rows = Array(0..<UInt32(rowCount))
    } else {
      var row = 0
      for index in 0..<present {
        let distance = try reader.number(through: rowCount)
        row += distance
        guard row < rowCount, index == 0 || distance > 0 else { throw FormatError("a column's rows are out of order") }
        column.rows.append(UInt32(row))
      }
    }
    column.codes = try CodeList.read(count: present, limit: max(0, column.dictionary.count - 1), from: &reader)
    return column
  }
}

extension ByteWriter {
  mutating func operation(_ operation: ProfileOperation<StoredValue>) {
    switch operation {
    case .set(let list): assignments(0, list)
    case .setOnce(let list): assignments(1, list)
    case .add(let list): assignments(2, list)
    case .append(let list): assignments(3, list)
    case .union(let list): assignments(4, list)
    case .remove(let list): assignments(5, list)
    case .unset(let names):
      byte(6)
      varint(names.count)
      for name in names { string(name) }
    case .delete: byte(7)
    }
  }

  private mutating func assignments(_ kind: UInt8, _ list: [ProfileOperation<StoredValue>.Assignment]) {
    byte(kind)
    varint(list.count)
    for assignment in list {
      string(assignment.name)
      value(assignment.value)
    }
  }

  /// The epochs first, each once, then the keys with the index of theirs.
  mutating func keys(_ keys: [WrappedKey]) {
    var epochs: [EpochHeader] = []
    var indexes: [EpochHeader: Int] = [:]
    for key in keys where indexes[key.epoch] == nil {
      indexes[key.epoch] = epochs.count
      epochs.append(key.epoch)
    }
    varint(epochs.count)
    for epoch in epochs {
      integer(epoch.id)
      integer(epoch.recipientKeyID)
      integer(epoch.startedAt)
      block(epoch.encapsulatedKey)
    }
    varint(keys.count)
    for key in keys {
      varint(indexes[key.epoch] ?? 0)
      varint(UInt64(key.sequence))
      block(key.ciphertext)
    }
  }
}

extension ByteReader {
  mutating func operation() throws(FormatError) -> ProfileOperation<StoredValue> {
    let kind = try byte()
    switch kind {
    case 0: return .set(try assignments())
    case 1: return .setOnce(try assignments())
    case 2: return .add(try assignments())
    case 3: return .append(try assignments())
    case 4: return .union(try assignments())
    case 5: return .remove(try assignments())
    case 6:
      var names: [String] = []
      for _ in 0..<(try count()) { names.append(try string()) }
      return .unset(names)
    case 7: return .delete
    default: throw FormatError("a profile operation has an unknown kind")
    }
  }

  private mutating func assignments() throws(FormatError) -> [ProfileOperation<StoredValue>.Assignment] {
    var list: [ProfileOperation<StoredValue>.Assignment] = []
    for _ in 0..<(try count()) {
      let name = try string()
      list.append(ProfileOperation<StoredValue>.Assignment(name, try value()))
    }
    return list
  }

  mutating func keys() throws(FormatError) -> [WrappedKey] {
    var epochs: [EpochHeader] = []
    for _ in 0..<(try count(of: 25)) {
      let id: UInt64 = try integer()
      let recipient: UInt64 = try integer()
      let started: Int64 = try integer()
      epochs.append(EpochHeader(id: id, recipientKeyID: recipient, encapsulatedKey: try block(), startedAt: started))
    }
    var keys: [WrappedKey] = []
    for _ in 0..<(try count(of: 3)) {
      guard !epochs.isEmpty else { throw FormatError("a wrapped key has no epoch") }
      let epoch = epochs[try number(through: epochs.count - 1)]
      let sequence = UInt32(try number(through: Int(UInt32.max)))
      keys.append(WrappedKey(epoch: epoch, sequence: sequence, ciphertext: try block()))
    }
    return keys
  }
}
