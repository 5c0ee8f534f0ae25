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
  /// - Parameter kept: how many of the last events stand in the batch one by one too, with their decisions, for whoever shows them.
  package func pass(_ events: ReceivedEvents, profileUpdates: [ReceivedProfileUpdate] = [], kept: Int = 0) -> GatedBatch {
    var passage = Passage(self)
    var rows = GatedRows()
    var keptEvents: [GatedEvent] = []
    var events = events
    if let plan = configuration.plan { passage.removeUnplanned(&events, by: plan) }
    if !events.isEmpty {
      events.bytes.withUnsafeBufferPointer { bytes in
        var all = RowsPassage(passage, events, bytes)
        passage = all.run(kept: kept)
        rows = all.rows
        keptEvents = all.keptEvents
      }
    }
    let gatedUpdates = profileUpdates.flatMap { passage.pass($0) }
    passage.finish()
    return GatedBatch(
      rows: rows, events: keptEvents, profileUpdates: gatedUpdates, wrappedKeys: passage.wrappedKeys, derivatives: passage.waiting)
  }

  /// The same of events one by one; all of them are kept.
  package func pass(events: [ReceivedEvent], profileUpdates: [ReceivedProfileUpdate], kept: Int = .max) -> GatedBatch {
    pass(ReceivedEvents(events), profileUpdates: profileUpdates, kept: kept)
  }
}

extension Gate {
  /// A short text of a stranger as it may be shown: what detectors recognize as identifying is replaced, wherever it stands.
  package static func masked(_ text: String) -> String { Redaction.ofName(text) ?? text }
}
