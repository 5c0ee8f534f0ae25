internal import Events

/// A property of the rows in memory: pairs of (row, code), in the order of arrival, so that a rare property costs nothing elsewhere.
struct MemoryColumn: Sendable {
  let name: String
  private(set) var dictionary = ValueDictionary()
  private(set) var rows: [UInt32] = []
  /// Index into the dictionary.
  private(set) var codes: [UInt32] = []
  private var decoded: [StoredValue] = []

  init(name: String) { self.name = name }

  /// Bytes of memory, about.
  var footprint: Int { dictionary.footprint + rows.count * 8 }

  /// - Parameter position: what row of memory each row of the batch became; `absent` for duplicates.
  mutating func append(_ column: IncomingBatch.BatchColumn, position: [UInt32]) {
    var mapped = [UInt32](repeating: IncomingBatch.absent, count: column.dictionary.count)
    var added = 0
    let codes = [UInt32](unsafeUninitializedCapacity: column.rows.count) { codes, codeCount in
      let rows = [UInt32](unsafeUninitializedCapacity: column.rows.count) { rows, rowCount in
        for (index, row) in column.rows.enumerated() {
          let target = position[Int(row)]
          if target == IncomingBatch.absent { continue }
          let local = Int(column.codes[index])
          if mapped[local] == IncomingBatch.absent { mapped[local] = dictionary.code(of: local, in: column.dictionary) }
          rows[added] = target
          codes[added] = mapped[local]
          added += 1
        }
        rowCount = added
      }
      self.rows += rows
      codeCount = added
    }
    self.codes += codes
  }

  /// The values by code, decoded once each.
  mutating func values() throws(FormatError) -> [StoredValue] {
    if decoded.count < dictionary.count {
      decoded.reserveCapacity(dictionary.count)
      var failure: FormatError?
      let from = decoded.count
      let (dictionary, target) = (dictionary, decoded)
      decoded = []
      var values = target
      dictionary.arena.bytes.withUnsafeBytes { bytes in
        do throws(FormatError) {
          for code in from..<dictionary.count {
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[dictionary.start(of: code)..<Int(dictionary.ends[code])]))
            values.append(try reader.value())
          }
        } catch { failure = error }
      }
      decoded = values
      if let failure { throw failure }
    }
    return decoded
  }

  /// Code + 1 of each of the rows 0..<count, 0 where it lacks the property.
  func dense(count: Int) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: count)
    for (index, row) in rows.enumerated() where row < count { result[Int(row)] = codes[index] + 1 }
    return result
  }
}
