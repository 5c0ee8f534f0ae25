/// Order statistics with linear interpolation between closest ranks, ends included (semantics A.21, item 8).
enum Percentile {
  /// Reorders the values. Nil if there are none. Linear time.
  static func value<Number: Comparable & BinaryInteger>(_ fraction: Double, of values: inout [Number]) -> Double? {
    interpolated(fraction, &values) { Double($0) }
  }

  static func value(_ fraction: Double, of values: inout UnsafeMutableBufferPointer<Int64>) -> Double? {
    interpolated(fraction, in: &values) { Double($0) }
  }

  static func value(_ fraction: Double, of values: inout [Double]) -> Double? {
    interpolated(fraction, &values) { $0 }
  }

  @inline(__always) private static func interpolated<Number: Comparable>(
    _ fraction: Double, _ values: inout [Number], _ number: (Number) -> Double
  ) -> Double? {
    values.withUnsafeMutableBufferPointer { interpolated(fraction, in: &$0, number) }
  }

  @inline(__always) private static func interpolated<Number: Comparable>(
    _ fraction: Double, in values: inout UnsafeMutableBufferPointer<Number>, _ number: (Number) -> Double
  ) -> Double? {
    guard !values.isEmpty else { return nil }
    let rank = fraction * Double(values.count - 1)
    let lower = min(Int(rank), values.count - 1)
    select(lower, &values)
    let low = number(values[lower])
    let weight = rank - Double(lower)
    guard weight > 0, lower + 1 < values.count else { return low }
    var next = values[lower + 1]
    for index in (lower + 1)..<values.count where values[index] < next { next = values[index] }
    return low + (number(next) - low) * weight
  }

  /// Hoare's selection with the median of three: afterwards nothing before `rank` is larger and nothing behind it smaller.
  @inline(__always) private static func select<Number: Comparable>(_ rank: Int, _ values: inout UnsafeMutableBufferPointer<Number>) {
    var low = 0
    var high = values.count - 1
    while low < high {
      let a = values[low]
      let b = values[low + (high - low) / 2]
      let c = values[high]
      let pivot = max(min(a, b), min(max(a, b), c))
      var left = low
      var right = high
      while left <= right {
        while values[left] < pivot { left += 1 }
        while pivot < values[right] { right -= 1 }
        if left <= right {
          values.swapAt(left, right)
          left += 1
          right -= 1
        }
      }
      if rank <= right { high = right } else if rank >= left { low = left } else { return }
    }
  }
}
