internal import Synchronization

/// Remembers what each name means, so that its words are taken apart once. Safe from any thread; the mutex guards `known`.
///
/// Names come from strangers: at most `limit` are remembered, and none that is itself an identifier or a secret.
final class NameRules: Sendable {
  static let limit = 4096

  private let steps: NameSteps
  private let known = Mutex<[String: NameRule]>([:])

  init(groupKeys: [String]) { steps = NameSteps(groupKeys: groupKeys) }

  func snapshot() -> [String: NameRule] { known.withLock { $0 } }

  func rule(for name: String) -> NameRule { steps.rule(for: name) }

  func remember(_ fresh: [String: NameRule]) {
    known.withLock { known in
      for (name, rule) in fresh where known.count < Self.limit { known[name] = rule }
    }
  }
}
