/// A subject's rows in one block that stand under another number than the canonical one of now.
struct MovedPiece {
  var canonical: UInt32
  var source: Int
  var block: Int
  /// In the block's `keys.subjects`.
  var index: Int
  var rowCount: Int
}

/// Rows of moved subjects, taken out of the blocks they lie in: those of neighbours in the output come from all over the inputs, and each
/// block is decoded once for many of them instead of once for each block of the output.
final class MovedRows {
  /// By piece: where its rows begin, and the number of rows at the end.
  private(set) var starts: [Int] = [0]
  private(set) var times: [Int64]
  private(set) var raws: [UInt32]
  /// The store's codes.
  private(set) var events: [UInt16]
  private var columns: [MergedColumn?] = []

  /// - Parameters:
  ///   - decode: a block's key columns, and the store's codes of its file's events.
  ///   - column: a property's column of a block.
  init(
    _ pieces: ArraySlice<MovedPiece>, of properties: MergedColumns,
    decode: (MovedPiece) throws(StoreError) -> (MergedBlock, [UInt16]),
    column: (Int, MovedPiece) throws(StoreError) -> MergedColumn?
  ) throws(StoreError) {
    let pieces = Array(pieces)
    for piece in pieces { starts.append(starts[starts.count - 1] + piece.rowCount) }
    let count = starts[pieces.count]
    times = [Int64](repeating: 0, count: count)
    raws = [UInt32](repeating: 0, count: count)
    events = [UInt16](repeating: 0, count: count)
    // By block, so that each is decoded once.
    let order = pieces.indices.sorted {
      let (one, other) = (pieces[$0], pieces[$1])
      return (one.source, one.block, one.index) < (other.source, other.block, other.index)
    }
    let groups = Self.groups(order, pieces)
    // Where in its block each row of these lies.
    var rows = [Int32](repeating: 0, count: count)
    for group in groups {
      let (block, codes) = try decode(pieces[order[group.lowerBound]])
      for number in order[group] {
        var place = starts[number]
        block.forEachRow(of: pieces[number].index) { row in
          times[place] = row.time
          raws[place] = row.raw
          events[place] = codes[row.event]
          rows[place] = Int32(row.row)
          place += 1
        }
      }
    }
    for property in properties.names.indices {
      let shared = UInt32(properties.sharedCounts[property])
      var codes = [UInt32](repeating: 0, count: count)
      var own = ValueDictionary()
      var isPresent = false
      for group in groups {
        guard let column = try column(property, pieces[order[group.lowerBound]]) else { continue }
        isPresent = true
        for number in order[group] {
          for place in starts[number]..<starts[number + 1] { codes[place] = column.code(Int(rows[place]), shared: shared, own: &own) }
        }
      }
      columns.append(isPresent ? properties.column(property, codes: codes, own: own.values) : nil)
    }
  }

  func column(_ property: Int) -> MergedColumn? { columns[property] }

  private static func groups(_ order: [Int], _ pieces: [MovedPiece]) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    var start = 0
    for end in order.indices.dropFirst() + [order.count] where !order.isEmpty {
      if end < order.count, pieces[order[end]].source == pieces[order[start]].source, pieces[order[end]].block == pieces[order[start]].block
      {
        continue
      }
      groups.append(start..<end)
      start = end
    }
    return groups
  }
}
