package import Events

package struct StickinessReport: Sendable, Hashable {
  /// Start of each bucket that the range touches.
  package var buckets: [Timestamp]
  package var firstIncomplete: Int
  /// Whether the range cuts the last bucket or its time is not over; it counts as a bucket all the same.
  package var isLastPartial: Bool
  /// Subjects by the number of buckets in which they were active: `exact[k - 1]` in exactly `k`.
  package var exact: [Int]
  package init(buckets: [Timestamp], firstIncomplete: Int, isLastPartial: Bool, exact: [Int]) {
    self.buckets = buckets
    self.firstIncomplete = firstIncomplete
    self.isLastPartial = isLastPartial
    self.exact = exact
  }

  /// In at least `k` buckets: the running sum from the end.
  package var atLeast: [Int] {
    var sum = 0
    return Array(
      exact.reversed().map { count in
        sum += count
        return sum
      }.reversed())
  }
}

extension StickinessReport {
  var json: JSONValue {
    [
      "buckets": .list(buckets.map { .string($0.text) }), "first_incomplete": .number(Double(firstIncomplete)),
      "last_partial": .boolean(isLastPartial), "subjects": .number(Double(exact.reduce(0, +))),
      "exact": .list(exact.map { .number(Double($0)) }), "at_least": .list(atLeast.map { .number(Double($0)) }),
    ]
  }
}
