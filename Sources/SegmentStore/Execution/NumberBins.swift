internal import Journeys

/// The bins of a numeric breakdown: below the first edge, from each to the next, from the last.
struct NumberBins: Sendable {
  let edges: [Double]

  var count: Int { edges.count + 1 }

  /// How many edges a number has reached.
  func index(_ number: Double) -> Int { edges.firstIndex { number < $0 } ?? edges.count }

  func group(_ index: Int) -> ReportGroup {
    .bin(from: index > 0 ? edges[index - 1] : nil, to: index < edges.count ? edges[index] : nil)
  }

  init(edges: [Double]) { self.edges = edges }

  /// Bins that each hold about as many of the given values.
  /// - Parameter counts: different values and how often each comes.
  init(equal wanted: Int, counts: [(value: Double, count: Int)]) {
    let sorted = counts.sorted { $0.value < $1.value }
    let total = sorted.reduce(0) { $0 + $1.count }
    var edges: [Double] = []
    var place = 0
    var passed = 0
    for part in 1..<max(wanted, 2) where total > 0 {
      // The value at this rank of all of them in order.
      let rank = part * total / wanted
      while passed + sorted[place].count <= rank {
        passed += sorted[place].count
        place += 1
      }
      let edge = sorted[place].value
      // Below the smallest there would be nobody.
      if place > 0, edges.last != edge { edges.append(edge) }
    }
    self.edges = edges
  }
}
