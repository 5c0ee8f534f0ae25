/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same on every machine. For made-up data only, never for keys.
struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// In 0..<1.
  mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func chance(_ probability: Double) -> Bool { fraction() < probability }

  /// In 0..<bound; `bound` is at least 1.
  mutating func below(_ bound: Int) -> Int { Int(next(upperBound: UInt64(max(1, bound)))) }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

  /// An index by weight: the first choices are the likelier ones (Zipf).
  mutating func rank(of count: Int) -> Int {
    let value = fraction() * fraction()
    return min(count - 1, Int(value * Double(count)))
  }

  /// Log-normal around `median`, `spread` in powers of e.
  mutating func around(_ median: Double, spread: Double) -> Double {
    // The sum of four uniforms is near enough to a normal distribution for made-up latencies.
    let normal = (fraction() + fraction() + fraction() + fraction() - 2) * 1.732
    return median * exponential(normal * spread)
  }

  private func exponential(_ x: Double) -> Double {
    // (1 + x/1024)^1024 by ten squarings; no libm, so that the data is equal to the bit everywhere.
    var value = 1 + x / 1024
    for _ in 0..<10 { value *= value }
    return value
  }
}
