/// A fraction as the percentage that a person types: `95`, `99.9`. Reading back what was written gives the very same fraction.
enum PercentText {
  static func text(_ fraction: Double) -> String {
    let product = fraction * 100
    let rounded = (product * 10_000).rounded() / 10_000
    let plain = rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    for candidate in [plain, String(product)] where Self.fraction(candidate) == fraction { return candidate }
    return shifted(String(fraction), by: 2)
  }

  /// `95th`, `99.9th`, `1st`
  static func ordinal(_ fraction: Double) -> String {
    let text = text(fraction)
    let isTeen = ["11", "12", "13"].contains(text)
    let ending =
      isTeen || text.contains(".") ? "th" : text.hasSuffix("1") ? "st" : text.hasSuffix("2") ? "nd" : text.hasSuffix("3") ? "rd" : "th"
    return text + ending
  }

  /// Nil for what is not a number from 0 to 100.
  static func fraction(_ text: String) -> Double? {
    guard let fraction = Double(shifted(text, by: -2)), (0...1).contains(fraction) else { return nil }
    return fraction
  }

  /// The decimal text with its exponent moved: exact, where multiplying would round.
  private static func shifted(_ text: String, by places: Int) -> String {
    let parts = text.split(separator: "e", maxSplits: 1)
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    return "\(parts.first ?? "")e\(exponent + places)"
  }
}
