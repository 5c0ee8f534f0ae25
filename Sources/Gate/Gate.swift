package import Events
package import Vault

/// Decides for every single value whether it may rest on disk, and in which form: the only maker of `GatedEvent`.
///
/// The steps stand in two lists, `NameSteps.inOrder` and `TextSteps.inOrder`; a `Passage` walks one batch through them. What cannot be
/// judged is dropped and counted. Safe from any thread.
package struct Gate: Sendable {
  /// The field under which an id as sent is sealed at first sight.
  package static let identifierField = Sealing.idField

  let configuration: GateConfiguration
  let pseudonymizer: Pseudonymizer
  let sealer: Sealer?
  let isKnown: @Sendable (Pseudonym) -> Bool
  let counters: GateCounters
  let names: NameRules

  /// `sealer`: nil where there is no custodian; then identities on profiles are dropped. `isKnown` says whether the store has a sealed id
  /// for a pseudonym already.
  package init(
    configuration: GateConfiguration, pseudonymizer: Pseudonymizer, sealer: Sealer?,
    isKnown: @escaping @Sendable (Pseudonym) -> Bool, counters: GateCounters
  ) {
    self.configuration = configuration
    self.pseudonymizer = pseudonymizer
    self.sealer = sealer
    self.isKnown = isKnown
    self.counters = counters
    names = NameRules(groupKeys: configuration.groupKeys)
  }

  /// The whole way of one request through the gate. The batch and its wrapped keys become durable together.
  ///
  /// - Parameters:
  ///   - kept: how many of the last events stand in the batch, with their decisions, for whoever shows them; the others have none.
  ///   - take: gets every event in its turn, so that thousands need not lie in memory at once.
  package func pass(
    events: [ReceivedEvent], profileUpdates: [ReceivedProfileUpdate], kept: Int = .max, take: (GatedEvent) -> Void = { _ in }
  ) -> GatedBatch {
    var passage = Passage(self)
    var gatedEvents: [GatedEvent] = []
    gatedEvents.reserveCapacity(min(kept, events.count))
    for number in events.indices {
      let isKept = events.count - number <= kept
      let event = passage.pass(events[number], isDecided: isKept)
      take(event)
      if isKept { gatedEvents.append(event) }
    }
    let gatedUpdates = profileUpdates.map { passage.pass($0) }
    passage.finish()
    return GatedBatch(events: gatedEvents, profileUpdates: gatedUpdates, wrappedKeys: passage.wrappedKeys)
  }
}
