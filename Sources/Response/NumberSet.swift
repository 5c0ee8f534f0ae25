import Events
import Ledger

/// Canonical subjects in ascending order, and the place of each: subject numbers are spread evenly over 32 bits, so that their upper half says
/// nearly where they stand.
package struct NumberSet: Sendable, Hashable {
  /// Ascending, each once.
  package let numbers: [UInt32]
  /// Where the numbers with an upper half begin; empty for a set that is small.
  private let starts: [UInt32]

  private static let small = 1_024

  package init(_ numbers: [UInt32]) {
    let sorted = RadixSort.sorted(numbers)
    var distinct: [UInt32] = []
    distinct.reserveCapacity(sorted.count)
    for number in sorted where number != distinct.last { distinct.append(number) }
    self.init(ascending: distinct)
  }

  init(ascending numbers: [UInt32]) {
    self.numbers = numbers
    guard numbers.count > Self.small else {
      starts = []
      return
    }
    var starts = [UInt32](repeating: 0, count: 65_537)
    for number in numbers { starts[Int(number >> 16) + 1] += 1 }
    for upper in 1...65_536 { starts[upper] += starts[upper - 1] }
    self.starts = starts
  }

  package var count: Int { numbers.count }
  package var isEmpty: Bool { numbers.isEmpty }

  package func place(of number: UInt32) -> Int? {
    var (low, high) = (0, numbers.count)
    if !starts.isEmpty { (low, high) = (Int(starts[Int(number >> 16)]), Int(starts[Int(number >> 16) + 1])) }
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low < numbers.count && numbers[low] == number ? low : nil
  }

  package func contains(_ number: UInt32) -> Bool { place(of: number) != nil }

  /// How many of these are in none of the others. One walk over all, since they ascend.
  func count(outside others: [NumberSet]) -> Int {
    var places = [Int](repeating: 0, count: others.count)
    var outside = 0
    for number in numbers {
      var isInside = false
      for (index, other) in others.enumerated() {
        var place = places[index]
        while place < other.numbers.count, other.numbers[place] < number { place += 1 }
        places[index] = place
        if place < other.numbers.count, other.numbers[place] == number { isInside = true }
      }
      if !isInside { outside += 1 }
    }
    return outside
  }

  func subtracting(_ other: NumberSet) -> NumberSet { NumberSet(ascending: numbers.filter { !other.contains($0) }) }
  func intersection(_ other: NumberSet) -> NumberSet { NumberSet(ascending: numbers.filter { other.contains($0) }) }

  package var set: SubjectSet { SubjectSet(ascending: numbers.map { SubjectNumber($0) }) }
}
