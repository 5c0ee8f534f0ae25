/// Walks that begin inside a journey.
extension Journey {
  /// The first row of `BlockView.primary` that is not before an instant.
  @inline(__always) func firstPrimary(from: Int64) -> (piece: Int, row: Int)? {
    for number in 0..<pieces.count {
      let piece = pieces[number]
      let primary = piece.view.pointee.primary
      var word = piece.first >> 6
      let last = (piece.end - 1) >> 6
      var bits = primary[word] & (~0 &<< UInt64(piece.first & 63))
      while true {
        if word == last { bits &= ~0 &>> UInt64(63 &- ((piece.end - 1) & 63)) }
        while bits != 0 {
          let row = word << 6 &+ bits.trailingZeroBitCount
          bits &= bits &- 1
          if from == .min || piece.view.pointee.time(row) >= from { return (number, row) }
        }
        if word == last { break }
        word += 1
        bits = primary[word]
      }
    }
    return nil
  }

  /// As `forEachRow`, from a row on.
  @inline(__always) func forEachRow(from start: (piece: Int, row: Int), _ body: (UnsafePointer<BlockView>, Int) -> Bool) {
    for number in start.piece..<pieces.count {
      let piece = pieces[number]
      let first = number == start.piece ? start.row : piece.first
      var word = first >> 6
      let last = (piece.end - 1) >> 6
      var bits = piece.view.pointee.bits[word] & (~0 &<< UInt64(first & 63))
      while true {
        if word == last { bits &= ~0 &>> UInt64(63 &- ((piece.end - 1) & 63)) }
        while bits != 0 {
          let row = word << 6 &+ bits.trailingZeroBitCount
          bits &= bits &- 1
          if !body(piece.view, row) { return }
        }
        if word == last { break }
        word += 1
        bits = piece.view.pointee.bits[word]
      }
    }
  }
}
