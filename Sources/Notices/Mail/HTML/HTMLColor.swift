/// Colours of CSS, the usual ways to write them.
enum HTMLColor {
  static let names: [String: UInt32] = [
    "white": 0xFFFFFF, "black": 0x000000, "red": 0xFF0000, "green": 0x008000, "blue": 0x0000FF, "yellow": 0xFFFF00, "gray": 0x808080,
    "grey": 0x808080, "silver": 0xC0C0C0, "lightgray": 0xD3D3D3, "lightgrey": 0xD3D3D3, "whitesmoke": 0xF5F5F5, "snow": 0xFFFAFA,
    "ivory": 0xFFFFF0, "ghostwhite": 0xF8F8FF, "floralwhite": 0xFFFAF0, "azure": 0xF0FFFF, "mintcream": 0xF5FFFA, "navy": 0x000080,
    "orange": 0xFFA500, "purple": 0x800080, "teal": 0x008080, "maroon": 0x800000, "darkgray": 0xA9A9A9, "dimgray": 0x696969,
  ]

  /// One colour; nil for what is none that is known here.
  static func named(_ value: String) -> UInt32? {
    if let color = names[value] { return color }
    if value.hasPrefix("rgb") { return function(value)?.color }
    let digits = value.hasPrefix("#") ? value.dropFirst() : value[...]
    guard digits.utf8.allSatisfy({ $0.hexadecimal != nil }) else { return nil }
    switch digits.utf8.count {
    case 3, 4: return UInt32(digits.prefix(3).flatMap { [$0, $0] }.map(String.init).joined(), radix: 16)
    case 6, 8: return UInt32(digits.prefix(6), radix: 16)
    default: return nil
    }
  }

  static func isTransparent(_ value: String) -> Bool {
    if value == "transparent" { return true }
    if value.hasPrefix("#"), value.utf8.count == 9 { return value.hasSuffix("00") }
    return function(value).map { $0.alpha < 0.1 } ?? false
  }

  /// The first of a value with several words.
  static func first(in value: String) -> UInt32? {
    if let start = value.firstRange(of: "rgb")?.lowerBound { return function(String(value[start...]))?.color }
    for word in value.split(separator: " ") {
      if word.hasPrefix("#") || names[String(word)] != nil, let color = named(String(word)) { return color }
    }
    return nil
  }

  private static func function(_ value: String) -> (color: UInt32, alpha: Double)? {
    guard value.hasPrefix("rgb"), let open = value.firstIndex(of: "("), let close = value.firstIndex(of: ")"), open < close else {
      return nil
    }
    let numbers = value[value.index(after: open)..<close].split { $0 == "," || $0 == " " || $0 == "/" }.prefix(4).map { Double($0) ?? 0 }
    guard numbers.count >= 3 else { return nil }
    let color = numbers.prefix(3).reduce(UInt32(0)) { $0 << 8 | UInt32(max(0, min(255, $1))) }
    return (color, numbers.count == 4 ? numbers[3] : 1)
  }
}
