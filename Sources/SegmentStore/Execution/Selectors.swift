internal import Events
internal import Journeys

/// The selectors of a query made ready for a snapshot: fills one bit mask a row, block by block, by table look-ups only.
///
/// Every comparison becomes a table over the codes of its column, so that no value is looked at while rows are read.
final class Selectors {
  private indirect enum Node {
    case constant(Bool)
    case all([Node])
    case any([Node])
    case not(Node)
    /// A byte for each code of the column, 1 where it passes.
    case column(Column, [UInt8])
    /// On the subject's profile: the same for all rows of a subject.
    case subject(String, Comparison)
  }

  private struct RunFilters {
    var everything: Node?
    var bySelector: [(bit: Int, node: Node)]
  }

  private let snapshot: StoreSnapshot
  /// By event code.
  private let nameMasks: [UInt32]
  private var filters: [RunFilters] = []

  /// - Parameter everything: a filter that is added to every selector.
  /// - Throws: `QueryError` (`unreadable`) if a column cannot be read.
  init(_ selectors: [EventSelector], everything: Filter?, snapshot: StoreSnapshot) throws(QueryError) {
    self.snapshot = snapshot
    var masks = [UInt32](repeating: 0, count: 65_536)
    for (bit, selector) in selectors.enumerated() {
      for (code, name) in snapshot.eventNames.enumerated() where selector.event == nil || selector.event == name {
        masks[code] |= 1 << UInt32(bit)
      }
    }
    nameMasks = masks
    for run in snapshot.runs {
      var bySelector: [(bit: Int, node: Node)] = []
      for (bit, selector) in selectors.enumerated() {
        if let filter = selector.filter { bySelector.append((bit, try Self.compile(filter, for: run))) }
      }
      var node: Node?
      if let everything { node = try Self.compile(everything, for: run) }
      filters.append(RunFilters(everything: node, bySelector: bySelector))
    }
  }

  private static func compile(_ filter: Filter, for run: ColumnRun) throws(QueryError) -> Node {
    switch filter {
    case .all(let parts): return .all(try compile(parts, for: run))
    case .any(let parts): return .any(try compile(parts, for: run))
    case .not(let part): return .not(try compile(part, for: run))
    case .comparison(let property, let comparison):
      if property.scope == .subject { return .subject(property.name, comparison) }
      guard let column = try run.readColumn(property.name) else { return .constant(comparison.matches(nil)) }
      var table = [UInt8](repeating: comparison.matches(nil) ? 1 : 0, count: column.values.count + 1)
      for (index, value) in column.values.enumerated() { table[index + 1] = comparison.matches(value) ? 1 : 0 }
      return .column(column, table)
    }
  }

  private static func compile(_ parts: [Filter], for run: ColumnRun) throws(QueryError) -> [Node] {
    var nodes: [Node] = []
    for part in parts { nodes.append(try compile(part, for: run)) }
    return nodes
  }

  /// Writes the masks of the rows into `masks[0..<rows.count]`.
  func fill(_ masks: UnsafeMutablePointer<UInt32>, rows: Range<Int>, of runIndex: Int) {
    let run = snapshot.runs[runIndex]
    let count = rows.count
    var union: UInt32 = 0
    nameMasks.withUnsafeBufferPointer { names in
      run.events.withUnsafeBufferPointer { events in
        let names = names.baseAddress.unsafelyUnwrapped
        guard let events = events.baseAddress.map({ $0 + rows.lowerBound }) else { return }
        for index in 0..<count {
          let mask = names[Int(events[index])]
          masks[index] = mask
          union |= mask
        }
      }
    }
    let filters = filters[runIndex]
    guard union != 0, filters.everything != nil || !filters.bySelector.isEmpty else { return }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(count, 1)) { buffer in
      guard let passes = buffer.baseAddress else { return }
      if let node = filters.everything {
        evaluate(node, rows: rows, of: run, into: passes)
        for index in 0..<count { masks[index] &= 0 &- UInt32(passes[index]) }
      }
      for (bit, node) in filters.bySelector where union & (1 << UInt32(bit)) != 0 {
        evaluate(node, rows: rows, of: run, into: passes)
        let others = ~(UInt32(1) << UInt32(bit))
        for index in 0..<count { masks[index] &= others | (UInt32(passes[index]) << UInt32(bit)) }
      }
    }
  }

  private func evaluate(_ node: Node, rows: Range<Int>, of run: ColumnRun, into passes: UnsafeMutablePointer<UInt8>) {
    let count = rows.count
    switch node {
    case .constant(let truth): passes.update(repeating: truth ? 1 : 0, count: count)
    case .not(let part):
      evaluate(part, rows: rows, of: run, into: passes)
      for index in 0..<count { passes[index] ^= 1 }
    case .all(let parts): combine(parts, rows: rows, of: run, into: passes) { $0 & $1 }
    case .any(let parts): combine(parts, rows: rows, of: run, into: passes) { $0 | $1 }
    case .column(let column, let table):
      column.codes.withUnsafeBufferPointer { codes in
        table.withUnsafeBufferPointer { table in
          guard let codes = codes.baseAddress.map({ $0 + rows.lowerBound }), let table = table.baseAddress else { return }
          for index in 0..<count { passes[index] = table[Int(codes[index])] }
        }
      }
    case .subject(let property, let comparison):
      var block = run.block(containing: rows.lowerBound)
      var row = rows.lowerBound
      while row < rows.upperBound {
        let end = min(Int(run.starts[block + 1]), rows.upperBound)
        let number = run.subjects[block]
        let value = number == ColumnRun.noActor ? nil : snapshot.profileValue(snapshot.merges[number] ?? number, property)
        (passes + (row - rows.lowerBound)).update(repeating: comparison.matches(value) ? 1 : 0, count: end - row)
        row = end
        block += 1
      }
    }
  }

  private func combine(
    _ parts: [Node], rows: Range<Int>, of run: ColumnRun, into passes: UnsafeMutablePointer<UInt8>, _ operation: (UInt8, UInt8) -> UInt8
  ) {
    guard let first = parts.first else { return }
    evaluate(first, rows: rows, of: run, into: passes)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(rows.count, 1)) { buffer in
      guard let scratch = buffer.baseAddress else { return }
      for part in parts.dropFirst() {
        evaluate(part, rows: rows, of: run, into: scratch)
        for index in 0..<rows.count { passes[index] = operation(passes[index], scratch[index]) }
      }
    }
  }
}

extension ColumnRun {
  /// The column, with a failure to read it as an error of the query.
  func readColumn(_ property: String) throws(QueryError) -> Column? {
    do {
      return try column(property)
    } catch let error as QueryError {
      throw error
    } catch {
      throw QueryError(.unreadable, "A property's column cannot be read from the store; run `sealane doctor` to find the damaged file.")
    }
  }

  /// Index into `subjects` of the block that holds a row.
  func block(containing row: Int) -> Int {
    var low = 0
    var high = subjects.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(starts[middle]) <= row { low = middle } else { high = middle }
    }
    return low
  }
}
