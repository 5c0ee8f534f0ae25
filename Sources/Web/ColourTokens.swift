import Foundation

/// The console's colours, as values: the stylesheet is written from them and a test checks their contrast.
package struct ColourTokens: Sendable {
  package var ground: Colour
  package var panel: Colour
  package var line: Colour
  package var ink: Colour
  package var softInk: Colour
  package var accent: Colour
  package var good: Colour
  package var warning: Colour
  package var danger: Colour
  package var sealed: Colour
  /// In this order; told apart by colour-blind people too. The last is "other".
  package var series: [Colour]

  package static let light = ColourTokens(
    ground: 0xF7F8F8, panel: 0xFFFFFF, line: 0xDDE2E4, ink: 0x10191C, softInk: 0x54646B, accent: 0x0B6E7F, good: 0x1E7A45,
    warning: 0x9A6200, danger: 0xB3261E, sealed: 0x5B4B9A,
    series: [0x0B6E7F, 0xD1730F, 0x5B4B9A, 0x2E7D32, 0xB3336B, 0x7A6A00, 0x3B6FB6, 0x6B6B6B])

  package static let dark = ColourTokens(
    ground: 0x0E1416, panel: 0x151D20, line: 0x2A3539, ink: 0xE6ECEE, softInk: 0x9AABB2, accent: 0x4FC3D4, good: 0x6BCB8F,
    warning: 0xE0AE4A, danger: 0xF2857D, sealed: 0xA99BE6,
    series: [0x4FC3D4, 0xF0A04B, 0xA99BE6, 0x7CC47F, 0xE57FA9, 0xC9B84A, 0x7FA8E0, 0xA3A3A3])

  /// Grounds of heat map cells, lightest first: the accent over the panel. Each with the text colour that is legible on it.
  package var heat: [(ground: Colour, text: Colour)] {
    [0.0, 0.08, 0.17, 0.27, 0.38, 0.5, 0.8, 0.9, 1.0].map { share in
      let ground = panel.mixed(with: accent, share: share)
      return (ground, ground.contrast(with: ink) >= ground.contrast(with: panel) ? ink : panel)
    }
  }
}

/// An sRGB colour, 8 bits a channel.
package struct Colour: Sendable, Hashable, ExpressibleByIntegerLiteral {
  package var rgb: UInt32
  package init(integerLiteral rgb: UInt32) { self.rgb = rgb }
  package init(rgb: UInt32) { self.rgb = rgb }

  package var hexadecimal: String {
    let digits = String(rgb, radix: 16, uppercase: true)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  private var channels: [Double] { [rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255].map { Double($0) } }

  package func mixed(with other: Colour, share: Double) -> Colour {
    let mixed = zip(channels, other.channels).map { UInt32(($0 * (1 - share) + $1 * share).rounded()) }
    return Colour(rgb: mixed[0] << 16 | mixed[1] << 8 | mixed[2])
  }

  /// WCAG 2.2, "relative luminance".
  package var luminance: Double {
    let linear = channels.map { channel -> Double in
      let share = channel / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
  }

  /// WCAG 2.2, "contrast ratio": 1 to 21.
  package func contrast(with other: Colour) -> Double {
    let (a, b) = (luminance, other.luminance)
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }
}
