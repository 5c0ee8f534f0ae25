import Testing
import Web

struct ContrastTests {
  @Test(arguments: [ColourTokens.light, .dark])
  func textIsLegible(_ tokens: ColourTokens) {
    let texts = [tokens.ink, tokens.softInk, tokens.accent, tokens.good, tokens.warning, tokens.danger, tokens.sealed]
    for text in texts {
      for ground in [tokens.panel, tokens.ground] {
        #expect(text.contrast(with: ground) >= 4.5, "\(text.hexadecimal) on \(ground.hexadecimal)")
      }
    }
    #expect(tokens.panel.contrast(with: tokens.accent) >= 4.5, "the primary button")
  }

  @Test(arguments: [ColourTokens.light, .dark])
  func marksAreSeen(_ tokens: ColourTokens) {
    for series in tokens.series { #expect(series.contrast(with: tokens.panel) >= 3, "\(series.hexadecimal)") }
  }

  @Test(arguments: [ColourTokens.light, .dark])
  func everyHeatCellIsLegible(_ tokens: ColourTokens) {
    for level in tokens.heat { #expect(level.text.contrast(with: level.ground) >= 4.5, "\(level.ground.hexadecimal)") }
    let luminances = tokens.heat.map(\.ground.luminance)
    #expect(luminances == luminances.sorted() || luminances == luminances.sorted(by: >))
  }

  @Test func contrastIsWCAGs() {
    #expect(abs(Colour(rgb: 0).contrast(with: Colour(rgb: 0xFFFFFF)) - 21) < 1e-9)
    #expect(abs(Colour(rgb: 0x777777).contrast(with: Colour(rgb: 0xFFFFFF)) - 4.478) < 0.001)
  }
}
