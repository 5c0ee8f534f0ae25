internal import Journeys

/// What it takes to be retained, over the columns in which a subject came back: bit `c` stands for column `c`, from 1.
struct RetentionRule {
  let criterion: RetentionQuery.Criterion
  let width: Int

  /// Whether a subject counts in a column after the first.
  @inline(__always) func isRetained(_ columns: UInt64, in column: Int) -> Bool {
    switch criterion {
    case .on: columns >> UInt64(column) & 1 == 1
    case .onOrAfter: columns >> UInt64(column) != 0
    case .onOrBefore: columns & ~(~0 << UInt64(column + 1)) != 0
    case .consecutive: Self.streak(columns) >= column
    case .frequency: columns.nonzeroBitCount >= column
    }
  }

  /// Adds a subject to a row. All criteria but `on` hold from some column on, or up to one: only that column is counted until `finish`.
  @inline(__always) func add(_ columns: UInt64, to row: UnsafeMutablePointer<Int>) {
    if columns == 0 { return }
    switch criterion {
    case .on:
      var rest = columns
      while rest != 0 {
        row[rest.trailingZeroBitCount] &+= 1
        rest &= rest &- 1
      }
    case .onOrAfter: row[63 &- columns.leadingZeroBitCount] &+= 1
    case .onOrBefore: row[columns.trailingZeroBitCount] &+= 1
    case .consecutive:
      let streak = Self.streak(columns)
      if streak > 0 { row[streak] &+= 1 }
    case .frequency: row[columns.nonzeroBitCount] &+= 1
    }
  }

  func finish(_ row: UnsafeMutablePointer<Int>) {
    switch criterion {
    case .on: break
    case .onOrAfter, .consecutive, .frequency:
      for column in stride(from: width - 2, through: 1, by: -1) { row[column] += row[column + 1] }
    case .onOrBefore:
      for column in stride(from: 2, to: width, by: 1) { row[column] += row[column - 1] }
    }
  }

  /// How many columns from 1 on follow each other without a gap.
  @inline(__always) private static func streak(_ columns: UInt64) -> Int { (~(columns >> 1)).trailingZeroBitCount }
}
