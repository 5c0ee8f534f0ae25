package import Events
internal import Synchronization
package import Vault

/// Which derivatives of sealed fields are out, and who waits for which others: of one project, shared by all of its gates.
///
/// This decides nothing alone. It proposes a `GatedReveal` once as many people as the plan asks for came with the same; the store looks at
/// their profiles as they are at that moment, and reveals only if as many have it still. So what is here may be too much (people who
/// changed their address or were erased), and may be too little (a crash, the bounds), but nothing is ever out by it too early.
package final class Derivatives: Sendable {
  struct Key: Sendable, Hashable {
    let name: String
    let isVerified: Bool
    let pseudonym: Pseudonym
  }

  /// Of each layer, so that the public token cannot crowd out what secret credentials write. What comes beyond stays a pseudonym.
  static let mostWaiting = 100_000
  static let mostHolders = 1_000_000
  static let mostOpen = 1_000_000
  /// More than are needed, since some may have changed their minds.
  static let spareHolders = 64

  private struct Waiting {
    var holders: Set<Pseudonym> = []
    /// Whether the store has been asked and has not answered yet.
    var isAsked = false
  }

  private struct State {
    /// What the plan in force asks for: who passed the gate by an earlier one may have been asked for fewer.
    var least: [String: Int] = [:]
    var open: Set<Key> = []
    var waiting: [Key: Waiting] = [:]
    /// By layer.
    var waitingCounts = [false: 0, true: 0]
    var holderCounts = [false: 0, true: 0]

    mutating func add(_ holder: Pseudonym, to key: Key, atLeast: Int) {
      if waiting[key] == nil {
        guard waitingCounts[key.isVerified, default: 0] < Derivatives.mostWaiting else { return }
        waitingCounts[key.isVerified, default: 0] += 1
      }
      guard waiting[key]?.holders.count ?? 0 < atLeast + Derivatives.spareHolders,
        holderCounts[key.isVerified, default: 0] < Derivatives.mostHolders
      else { return }
      if waiting[key, default: Waiting()].holders.insert(holder).inserted { holderCounts[key.isVerified, default: 0] += 1 }
    }

    mutating func removeWaiting(_ key: Key) -> Waiting? {
      guard let removed = waiting.removeValue(forKey: key) else { return nil }
      waitingCounts[key.isVerified, default: 0] -= 1
      holderCounts[key.isVerified, default: 0] -= removed.holders.count
      return removed
    }
  }

  private let state = Mutex(State())

  package init() {}

  func isOpen(_ key: Key) -> Bool { state.withLock { $0.open.contains(key) } }

  /// Notes who came with what, once it is durable.
  ///
  /// - Returns: what the store is to be asked to reveal.
  package func add(_ arrived: [WaitingDerivative]) -> [GatedReveal] {
    state.withLock { state in
      var reveals: [GatedReveal] = []
      for one in arrived {
        // It came out in the meantime.
        if state.open.contains(one.key) {
          reveals.append(GatedReveal(key: one.key, text: one.text, subjects: [one.subject], atLeast: 1))
          continue
        }
        let atLeast = max(one.atLeast, state.least[one.key.name] ?? 0)
        state.add(one.subject, to: one.key, atLeast: atLeast)
        guard let waiting = state.waiting[one.key], waiting.holders.count >= atLeast, !waiting.isAsked else { continue }
        state.waiting[one.key]?.isAsked = true
        reveals.append(GatedReveal(key: one.key, text: one.text, subjects: Array(waiting.holders), atLeast: atLeast))
      }
      return reveals
    }
  }

  /// Takes in what the store answered; nil: it could not.
  ///
  /// - Parameter holders: who of the reveal's subjects has it still, one id for each person.
  /// - Returns: what to ask next.
  package func settle(_ reveal: GatedReveal, holders: [Pseudonym]?, isRevealed: Bool) -> GatedReveal? {
    // For one who came late nothing is written down here.
    guard reveal.atLeast > 1 else { return nil }
    return state.withLock { state in
      state.waiting[reveal.key]?.isAsked = false
      guard let holders, let waiting = state.removeWaiting(reveal.key) else { return nil }
      let since = waiting.holders.subtracting(reveal.subjects)
      // A plan that came into force while the store was asked may ask for more.
      if isRevealed, reveal.atLeast >= state.least[reveal.key.name] ?? 0, state.open.count < Self.mostOpen {
        state.open.insert(reveal.key)
        return since.isEmpty ? nil : GatedReveal(key: reveal.key, text: reveal.text, subjects: Array(since), atLeast: 1)
      }
      for holder in since.union(holders) { state.add(holder, to: reveal.key, atLeast: reveal.atLeast) }
      guard !since.isEmpty, let left = state.waiting[reveal.key]?.holders, left.count >= reveal.atLeast else { return nil }
      state.waiting[reveal.key]?.isAsked = true
      return GatedReveal(key: reveal.key, text: reveal.text, subjects: Array(left), atLeast: reveal.atLeast)
    }
  }

  /// What the profiles of a store hold of some derivatives.
  package struct Census: Sendable {
    private struct Found {
      /// An id of each person, by the number under which the person counts.
      var people: [UInt32: Pseudonym] = [:]
      var addresses: Set<Pseudonym> = []
      var isOut = false
    }

    let derivatives: [String: TrackingPlan.Derivative]
    private let pseudonymizer: Pseudonymizer
    private var found: [Key: Found] = [:]

    package init(_ derivatives: [String: TrackingPlan.Derivative], pseudonymizer: Pseudonymizer) {
      self.derivatives = derivatives
      self.pseudonymizer = pseudonymizer
    }

    /// Of one layer of a profile. `person`: equal for the ids of one person.
    package mutating func count(_ properties: [StoredProperty], isVerified: Bool, subject: Pseudonym, person: UInt32) {
      for property in properties {
        guard let derivative = derivatives[property.name] else { continue }
        let pseudonym: Pseudonym
        var isOut = false
        switch property.value {
        case .pseudonym(let waiting): pseudonym = waiting
        case .string(let text): (pseudonym, isOut) = (pseudonymizer.tag(field: property.name, value: text), true)
        default: continue
        }
        let key = Key(name: property.name, isVerified: isVerified, pseudonym: pseudonym)
        // What is rare may be left out, what many share turns up early.
        guard found[key] != nil || found.count < 4 * Derivatives.mostWaiting else { continue }
        if isOut { found[key, default: Found()].isOut = true }
        if found[key]?.people.count ?? 0 < derivative.atLeast + Derivatives.spareHolders {
          if let address = TrackingPlan.Derivative.source(of: property.name, in: properties),
            !found[key, default: Found()].addresses.insert(address.tag).inserted
          {
            continue
          }
          found[key, default: Found()].people[person] = subject
        }
      }
    }

    fileprivate var all: [(key: Key, holders: [Pseudonym], isOut: Bool)] { found.map { ($0, Array($1.people.values), $1.isOut) } }
  }

  /// Begins anew with what a store holds: what is out counts as out where as many people have it as the plan asks for now.
  package func take(_ census: Census) {
    state.withLock { state in
      for (name, derivative) in census.derivatives { state.least[name] = derivative.atLeast }
      state.open = state.open.filter { census.derivatives[$0.name] == nil }
      for (key, holders, isOut) in census.all {
        guard let atLeast = census.derivatives[key.name]?.atLeast else { continue }
        if isOut, holders.count >= atLeast, state.open.count < Self.mostOpen {
          state.open.insert(key)
          _ = state.removeWaiting(key)
        } else {
          for holder in holders { state.add(holder, to: key, atLeast: atLeast) }
        }
      }
    }
  }

  /// Of how many derivatives the names are out, and how many wait.
  package var counts: (open: Int, waiting: Int) { state.withLock { ($0.open.count, $0.waiting.count) } }
}

/// Somebody's derivative that was stored as a pseudonym, and its text, which is in memory only until enough people share it.
package struct WaitingDerivative: Sendable, Silent {
  let key: Derivatives.Key
  let text: String
  let subject: Pseudonym
  let atLeast: Int

  package var description: String { "<waiting derivative>" }
}

/// A derivative that is to be written in the clear, if at least so many of these people have it still. Only the gate's room makes one.
package struct GatedReveal: Sendable, Silent {
  let key: Derivatives.Key
  package let text: String
  package let subjects: [Pseudonym]
  package let atLeast: Int

  /// The property that holds it, the layer, and what stands there now.
  package var name: String { key.name }
  package var isVerified: Bool { key.isVerified }
  package var pseudonym: Pseudonym { key.pseudonym }

  package var description: String { "<reveal>" }
}
