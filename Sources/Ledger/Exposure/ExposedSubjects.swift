import Events

/// A set of subjects that ledger entries show, by raw number: bits over the ordinals of a directory.
///
/// Sets of one answer share the directory; it never changes behind them.
package struct ExposedSubjects: Sendable {
  private let directory: SubjectDirectory
  /// Bit n of word w: ordinal 64 w + n. Missing words are empty.
  private let words: [UInt64]
  package let count: Int

  init(_ bits: OrdinalBits, _ directory: SubjectDirectory) {
    self.directory = directory
    words = bits.words
    count = bits.count
  }

  package var isEmpty: Bool { count == 0 }

  package func contains(_ number: SubjectNumber) -> Bool {
    guard let ordinal = directory.ordinal(of: number.rawValue), Int(ordinal >> 6) < words.count else { return false }
    return words[Int(ordinal >> 6)] >> UInt64(ordinal & 63) & 1 != 0
  }

  /// In the order of first appearance in the ledger: cheap, and the same at every look.
  package var rawNumbers: [UInt32] {
    let numbers = directory.numbers
    return [UInt32](unsafeUninitializedCapacity: count) { buffer, filled in
      for (index, word) in words.enumerated() where word != 0 {
        var rest = word
        while rest != 0 {
          buffer[filled] = numbers[index << 6 + rest.trailingZeroBitCount]
          filled += 1
          rest &= rest &- 1
        }
      }
    }
  }

  /// Ascending, each once.
  package var set: SubjectSet { SubjectSet(ascending: RadixSort.sorted(rawNumbers).map { SubjectNumber($0) }) }
}

extension ExposedSubjects: Equatable {
  package static func == (left: ExposedSubjects, right: ExposedSubjects) -> Bool {
    left.count == right.count && left.set == right.set
  }
}

/// Bits over ordinals: places in a directory, or in any other list that does not change meanwhile.
package struct OrdinalBits: Sendable, Hashable {
  package private(set) var words: [UInt64]

  package init(_ count: Int) { words = [UInt64](repeating: 0, count: (count + 63) >> 6) }

  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  @inline(__always) package mutating func insert(_ ordinal: UInt32) { words[Int(ordinal >> 6)] |= 1 << UInt64(ordinal & 63) }
  @inline(__always) package func contains(_ ordinal: UInt32) -> Bool { words[Int(ordinal >> 6)] >> UInt64(ordinal & 63) & 1 != 0 }

  mutating func formUnion(_ other: OrdinalBits) {
    for index in other.words.indices { words[index] |= other.words[index] }
  }
}

/// Numbers into ascending order, 11 bits a pass: a million in some milliseconds.
package enum RadixSort {
  package static func sorted(_ values: [UInt32]) -> [UInt32] {
    if values.count < 256 { return values.sorted() }
    var from = values
    var to = [UInt32](repeating: 0, count: values.count)
    for shift in [UInt32(0), 11, 22] {
      var starts = [Int](repeating: 0, count: 2049)
      for value in from { starts[Int(value >> shift & 2047) + 1] += 1 }
      for digit in 1...2048 { starts[digit] += starts[digit - 1] }
      for value in from {
        let digit = Int(value >> shift & 2047)
        to[starts[digit]] = value
        starts[digit] += 1
      }
      swap(&from, &to)
    }
    return from
  }
}
