/// How numbers are written, everywhere the same and without a locale: `12,431`, `12.4k`, `34.7%`, `2 h 14 min`.
package enum NumberFormat {
  /// With thousands separators.
  package static func exact(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var result = ""
    for (offset, digit) in digits.enumerated() {
      if offset > 0, (digits.count - offset) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return number < 0 ? "−" + result : result
  }

  /// At most two decimals, without trailing zeros; tiny numbers with three significant digits.
  package static func exact(_ number: Double) -> String {
    guard number.isFinite else { return "–" }
    if number.magnitude >= 9e15 { return scientific(number) }
    if number != 0, number.magnitude < 0.01 { return scientific(number) }
    let hundredths = (number * 100).rounded()
    guard hundredths.magnitude < 9e17 else { return scientific(number) }
    let whole = Int(hundredths.magnitude) / 100
    let rest = Int(hundredths.magnitude) % 100
    var text = exact(whole)
    if rest != 0 { text += "." + (rest < 10 ? "0\(rest)" : rest % 10 == 0 ? "\(rest / 10)" : "\(rest)") }
    return hundredths < 0 ? "−" + text : text
  }

  /// Three significant digits and a letter from a thousand on: `999`, `1.23k`, `12.4k`, `124k`, `1.2M`. Ends in no zero after a point.
  package static func compact(_ number: Double) -> String {
    guard number.isFinite else { return "–" }
    let magnitude = number.magnitude
    guard magnitude >= 1_000 else { return exact(magnitude >= 100 ? (number * 10).rounded() / 10 : number) }
    let letters: [(Double, String)] = [(1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")]
    var index = letters.lastIndex { magnitude >= $0.0 } ?? 0
    var scaled = magnitude / letters[index].0
    if scaled >= 999.5, index + 1 < letters.count {
      index += 1
      scaled = magnitude / letters[index].0
    }
    guard scaled < 999_999 else { return scientific(number) }
    let decimals = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2
    return (number < 0 ? "−" : "") + fixed(scaled, decimals: decimals) + letters[index].1
  }
  package static func compact(_ number: Int) -> String { compact(Double(number)) }

  /// A share as a percentage with one decimal, so that a column of them lines up. Never rounds to 0 or 100 what is not: `<0.1%`, `>99.9%`.
  package static func percent(_ share: Double) -> String {
    guard share.isFinite else { return "–" }
    if share > 0, share < 0.0005 { return "<0.1%" }
    if share < 1, share >= 0.9995 { return ">99.9%" }
    let text = fixed(share * 100, decimals: 1)
    return (share == 0 || share == 1 || text.contains(".") ? text : text + ".0") + "%"
  }

  /// The share of `part` in `whole`; a dash if there is no whole.
  package static func percent(_ part: Int, of whole: Int) -> String { whole > 0 ? percent(Double(part) / Double(whole)) : "–" }

  /// The two largest units: `45 s`, `2 h 14 min`, `3 d 4 h`.
  package static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 9e12 else { return "–" }
    if seconds < 10 { return fixed(seconds, decimals: 1) + " s" }
    let total = Int(seconds.rounded())
    let (days, hours, minutes, rest) = (total / 86_400, total / 3_600 % 24, total / 60 % 60, total % 60)
    if days > 0 { return hours > 0 ? "\(exact(days)) d \(hours) h" : "\(exact(days)) d" }
    if hours > 0 { return minutes > 0 ? "\(hours) h \(minutes) min" : "\(hours) h" }
    if minutes > 0 { return rest > 0 ? "\(minutes) min \(rest) s" : "\(minutes) min" }
    return "\(rest) s"
  }

  /// `1 subject`, `2 subjects`.
  package static func count(_ number: Int, _ singular: String, _ plural: String? = nil) -> String {
    "\(exact(number)) \(number == 1 ? singular : plural ?? singular + "s")"
  }

  private static func fixed(_ number: Double, decimals: Int) -> String {
    let factor = decimals == 0 ? 1.0 : decimals == 1 ? 10 : 100
    let scaled = Int((number.magnitude * factor).rounded())
    let whole = exact(scaled / Int(factor))
    var rest = String(scaled % Int(factor))
    if decimals > 0 {
      rest = String(repeating: "0", count: decimals - rest.count) + rest
      while rest.hasSuffix("0") { rest.removeLast() }
    }
    let text = decimals == 0 || rest.isEmpty ? whole : whole + "." + rest
    return number < 0 && scaled != 0 ? "−" + text : text
  }

  private static func scientific(_ number: Double) -> String {
    var exponent = 0
    var mantissa = number.magnitude
    while mantissa >= 9.995 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa > 0, mantissa < 0.9995 {
      mantissa *= 10
      exponent -= 1
    }
    return (number < 0 ? "−" : "") + fixed(mantissa, decimals: 2) + "e\(exponent)"
  }
}
