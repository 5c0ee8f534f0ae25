/// What the rows of a segment that are kept use of its lists, so that nothing of the hidden ones comes into another file by a dictionary.
struct UsedValues {
  private(set) var events: [Bool]
  private(set) var properties: [Bool]
  /// By property, of the shared values.
  private(set) var values: [[Bool]]

  /// Goes through all rows of the segment.
  ///
  /// - Parameter codes: the store's, by the file's.
  init(of input: Segment, codes eventCodes: [UInt16], without hidden: HiddenRows) throws(StoreError) {
    events = [Bool](repeating: false, count: input.statistics.count)
    properties = [Bool](repeating: false, count: input.properties.count)
    values = []
    for property in input.properties.indices {
      values.append([Bool](repeating: false, count: try input.sharedValues(property).count))
    }
    for (number, run) in input.runs.enumerated() where run.partition.end > hidden.cutoff {
      for block in run.blocks.indices {
        let decoded = try MergedBlock(input, number, block)
        var kept: [Int] = []
        for subject in decoded.keys.subjects.indices {
          decoded.forEachRow(of: subject) { row in
            if hidden.contains(raw: row.raw, time: row.time, event: eventCodes[row.event]) { return }
            kept.append(row.row)
            events[row.event] = true
          }
        }
        for property in input.properties.indices {
          let shared = values[property].count
          guard let (codes, _) = try input.rawColumn(property, number, block, shared: shared) else { continue }
          for row in kept where codes[row] != 0 {
            properties[property] = true
            if Int(codes[row]) <= shared { values[property][Int(codes[row]) - 1] = true }
          }
        }
      }
    }
  }
}
