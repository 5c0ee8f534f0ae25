internal import Synchronization

/// Names of browser and system of a user agent, as words of a closed set: `Firefox, Windows`. Which there are, and how they are told, is said
/// by lists of expressions in the order in which they decide, as uap-core has them (docs/decisions/0020-user-agents.md). Safe from any thread.
package final class UserAgents: Sendable {
  package struct Expression: Sendable, Hashable {
    package var pattern: String
    /// What it names, where `$1` stands for the pattern's first group. Nil: that group.
    package var name: String?

    package init(_ pattern: String, name: String? = nil) {
      self.pattern = pattern
      self.name = name
    }
  }

  /// What is none of the names.
  package static let other = "Other"
  /// Bytes of a text that are read; no browser sends more.
  package static let longest = 512
  /// Texts whose names are remembered, in each of two generations.
  static let remembered = 4096

  private let browsers: FamilyList
  private let systems: FamilyList
  private let seen = Mutex(Seen())

  package init(browsers: [Expression], systems: [Expression]) {
    self.browsers = FamilyList(browsers)
    self.systems = FamilyList(systems)
  }

  /// How many names there are.
  package var count: (browsers: Int, systems: Int) { (browsers.names.count, systems.names.count) }
  /// Patterns that are no expressions of RE2, which are left out.
  package var unreadable: [String] { browsers.unreadable + systems.unreadable }

  package func names(in text: String) -> String {
    let text = text.utf8.count <= Self.longest ? text : String(decoding: text.utf8.prefix(Self.longest), as: UTF8.self)
    if let known = seen.withLock({ $0[text] }) { return known }
    let names = namesStated(in: text) ?? "\(browsers.name(of: text)), \(systems.name(of: text))"
    seen.withLock { $0[text] = names }
    return names
  }

  /// What this gave, so that what passed once passes unchanged.
  private func namesStated(in text: String) -> String? {
    guard text.utf8.count <= browsers.longestName + systems.longestName + 2 else { return nil }
    for comma in text.utf8.indices where text.utf8[comma] == UInt8(ascii: ",") {
      let rest = text.utf8[comma...].dropFirst()
      guard rest.first == UInt8(ascii: " "), let browser = browsers.stated(String(text.utf8[..<comma]) ?? ""),
        let system = systems.stated(String(rest.dropFirst()) ?? "")
      else { continue }
      return "\(browser), \(system)"
    }
    return nil
  }

  /// The names of texts that came lately: bounded, whatever is sent.
  private struct Seen {
    private var young: [String: String] = [:]
    private var old: [String: String] = [:]

    subscript(text: String) -> String? {
      mutating get {
        if let known = young[text] { return known }
        guard let known = old[text] else { return nil }
        self[text] = known
        return known
      }
      set {
        if young.count >= UserAgents.remembered { (old, young) = (young, [:]) }
        young[text] = newValue
      }
    }
  }
}
