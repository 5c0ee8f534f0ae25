/// A linear axis with at most seven round ticks, from zero (or below, where values are negative) to at least the largest value.
package struct Scale: Sendable, Hashable {
  package let lower: Double
  package let upper: Double
  package let ticks: [Double]

  /// The finest axis with at most six intervals, so that the lines fill it. Values that are not finite are ignored; those at the edge of
  /// what a number can hold end on the edge of the axis. Without any value, or if all are zero, the axis goes from 0 to 1.
  package init(_ values: some Sequence<Double>, wantsWholeTicks: Bool = false) {
    var low = 0.0
    var high = 0.0
    for value in values where value.isFinite {
      low = min(low, max(value, -Self.edge))
      high = max(high, min(value, Self.edge))
    }
    // A span that a division would lose is none.
    if high - low < 1 / Self.edge { high = 1 }
    var step = Self.roundStep((high - low) / 6)
    if wantsWholeTicks { step = max(1, step) }
    var first = (low / step).rounded(.down)
    var last = (high / step).rounded(.up)
    while last - first > 6 {
      step = Self.roundStep(step * 1.5)
      first = (low / step).rounded(.down)
      last = (high / step).rounded(.up)
    }
    lower = first * step
    upper = last * step
    ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  /// Beyond it a step or a difference could overflow.
  private static let edge = 1e306

  /// 0 at `lower`, 1 at `upper`.
  package func position(_ value: Double) -> Double { (value - lower) / (upper - lower) }

  /// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `raw`.
  private static func roundStep(_ raw: Double) -> Double {
    var magnitude = 1.0
    while magnitude * 10 <= raw { magnitude *= 10 }
    while magnitude > raw { magnitude /= 10 }
    for factor in [1, 2, 2.5, 5] where magnitude * factor >= raw * 0.999_999_9 { return magnitude * factor }
    return magnitude * 10
  }
}
