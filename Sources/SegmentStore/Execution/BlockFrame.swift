internal import CRowBits

/// The memory behind one `BlockView`: bit sets, and the chunks that its addresses point into. Used by one thread, again and again.
final class BlockFrame {
  let view: UnsafeMutablePointer<BlockView>
  /// `bits`, `primary`, one for each selector's filter, one for scratch.
  private let sets: UnsafeMutablePointer<UInt64>
  let filterBits: UnsafeMutablePointer<UnsafeMutablePointer<UInt64>>
  let columns: UnsafeMutablePointer<ColumnView>
  let bits: UnsafeMutablePointer<UInt64>
  let primary: UnsafeMutablePointer<UInt64>
  let scratch: UnsafeMutablePointer<UInt64>
  private(set) var keys: KeyChunk?
  private var chunks: [AnyObject] = []

  /// - Parameter rows: no block that it will show has more.
  init(rows: Int, selectors: Int, columns columnCount: Int) {
    let words = (rows + 63) / 64
    let none = UnsafeMutablePointer<UInt64>.allocate(capacity: words * (selectors + 3))
    sets = none
    bits = none
    primary = none + words
    scratch = none + words * 2
    filterBits = .allocate(capacity: max(selectors, 1))
    for selector in 0..<selectors { (filterBits + selector).initialize(to: none + words * (3 + selector)) }
    columns = .allocate(capacity: max(columnCount, 1))
    columns.initialize(repeating: ColumnView(), count: max(columnCount, 1))
    view = .allocate(capacity: 1)
  }

  deinit {
    view.deallocate()
    columns.deallocate()
    filterBits.deallocate()
    sets.deallocate()
  }

  func hold(_ chunk: AnyObject) { chunks.append(chunk) }

  func begin(keys: KeyChunk) {
    chunks.removeAll(keepingCapacity: true)
    self.keys = keys
  }
}
