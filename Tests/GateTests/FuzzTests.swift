import Events
import Foundation
import Gate
import TestSupport
import Testing

/// Seeded random input: no crash, nothing shaped like an e-mail address survives, and what passed once passes unchanged.
/// `SEALANE_FUZZ_SECONDS` makes it last.
struct FuzzTests {
  static let fragments = [
    "ann@example.com", "@", "%40", ".", "..", "://", "https://", "/", "?", "#", ":", "::", "[", "]", "<", ">", "+49 151 12345678", "+", "-",
    "_", " ", "\n",
    "10.0.0.1", "2001:db8::1", "4111111111111111", "sk-proj-", "aB3dE5fG7hJ9kL1mN3pQ5", "eyJhbGciOiJIUzI1NiJ9",
    "-----BEGIN PRIVATE KEY-----", "-----END ",
    "password=", "token: ", "Bearer ", "\"", "'", "\\", "[email]", "[id]", "[redacted: jwt]", "example.com", "a", "Z", "0", "12", "ü", "日本",
    "👋", "\u{0}", "\u{FF20}",
    "user-4711", "mailto:", "tel:", ";", ",", "=", "&", "data:", "x@y.zz", "@b.co", "v1.2.3.4", "(415) 555-2671", "%", "%2", "%4", "ghp_",
    "AKIA", "\u{200B}",
  ]

  @Test("random texts", arguments: [1, 2, 3, 4] as [UInt64])
  func texts(seed: UInt64) throws {
    var generator = Fuzzing.generator(seed)
    let fixture = GateFixture()
    let shape = try NSRegularExpression(pattern: "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}")
    Fuzzing.rounds(5000, arguments: 4) { round in
      let text = (0..<Int.random(in: 1...12, using: &generator)).map { _ in Self.fragments.randomElement(using: &generator) ?? "" }.joined()
      guard case .string(let once)? = fixture.judge(text).stored else { return }
      #expect(
        shape.firstMatch(in: once, range: NSRange(once.startIndex..., in: once)) == nil,
        "seed \(seed) round \(round): \(once.debugDescription)")
      let again = fixture.judge(once)
      #expect(
        again.stored == .string(once) && again.decision.treatment == .kept,
        "seed \(seed) round \(round): \(once.debugDescription) became \(again)")
    }
  }

  @Test("random values under random names", arguments: [11, 12] as [UInt64])
  func values(seed: UInt64) {
    var generator = Fuzzing.generator(seed)
    let fixture = GateFixture()
    Fuzzing.rounds(1500, arguments: 2) { _ in
      let properties = (0..<5).map { _ in Property(text(&generator), value(&generator, depth: 0)) }
      let event = fixture.pass(properties, named: text(&generator))
      let stored = event.properties.flatMap { [$0.name] + $0.value.texts } + [event.name] + event.decisions.map(\.property)
      let leak = stored.first { $0.contains("ann@example.com") || $0.contains("user-4711") || $0.contains("4111111111111111") }
      if let leak {
        Issue.record("\(leak.debugDescription) was stored")
        return
      }
      #expect(event.decisions.count >= 5)
      _ = event.rows
      _ = fixture.profile(.set(properties.map { .init($0.name, $0.value) }))
    }
  }

  private func text(_ generator: inout SeededGenerator) -> String {
    (0..<Int.random(in: 0...4, using: &generator)).map { _ in Self.fragments.randomElement(using: &generator) ?? "" }.joined(separator: " ")
  }

  private func value(_ generator: inout SeededGenerator, depth: Int) -> PropertyValue {
    switch Int.random(in: 0..<(depth < 4 ? 7 : 5), using: &generator) {
    case 0: .null
    case 1: .boolean(true)
    case 2: .number(Double.random(in: -1e6...1e6, using: &generator))
    case 3, 4: .string(text(&generator))
    case 5: .list((0..<3).map { _ in value(&generator, depth: depth + 1) })
    default: .object((0..<3).map { _ in Property(text(&generator), value(&generator, depth: depth + 1)) })
    }
  }
}
