package import Events
package import Gate
import Synchronization
internal import Vault

/// Derivatives of sealed fields that came to be shared by enough people.
extension SegmentStore {
  /// Takes in what a durable batch brought, and writes in the clear what enough people share now.
  package func keep(_ arrived: [WaitingDerivative], by derivatives: Derivatives) async throws(StoreError) {
    var open = derivatives.add(arrived)
    var failure: StoreError?
    while !open.isEmpty {
      let asked = open
      open = []
      // Together, so that they share a frame and its sync.
      await withTaskGroup(of: (GatedReveal, Result<AppendOutcome, StoreError>).self) { group in
        for reveal in asked {
          group.addTask { [self] in
            do throws(StoreError) { return (reveal, .success(try await self.reveal(reveal))) } catch { return (reveal, .failure(error)) }
          }
        }
        for await (reveal, result) in group {
          switch result {
          case .success(let outcome):
            if let next = derivatives.settle(reveal, holders: outcome.holders, isRevealed: outcome.isRevealed) { open.append(next) }
          case .failure(let error):
            failure = error
            _ = derivatives.settle(reveal, holders: nil, isRevealed: false)
          }
        }
      }
    }
    if let failure { throw failure }
  }

  /// The batch that a reveal is as the profiles are now, and who of its subjects has the derivative, one id for each person; empty where those
  /// are too few. Asked by the committing thread between two frames, so that nothing changes before it is written: reveals that share a frame
  /// are about different values, of which a profile has one.
  func judged(_ reveal: GatedReveal) throws(StoreError) -> (batch: IncomingBatch, holders: [Pseudonym], isRevealed: Bool) {
    let current = state.withLock { $0 }
    var people = Set<UInt32>()
    // One address under several ids, as devices have them, is one person too.
    var addresses = Set<Pseudonym>()
    var holders: [Pseudonym] = []
    var batch = IncomingBatch()
    for subject in reveal.subjects {
      guard let number = identities.number(of: subject), let image = try current.profile(of: number, cache: cache) else { continue }
      let layer = reveal.isVerified ? image.verified : image.unverified
      let value = layer?[reveal.name]
      guard value == .pseudonym(reveal.pseudonym) || value == .string(reveal.text) else { continue }
      let isNewPerson = people.insert(current.journal.canonical(number)).inserted
      let address = TrackingPlan.Derivative.source(of: reveal.name, in: layer?.properties ?? [])
      let isNewAddress = address.map { addresses.insert($0.tag).inserted } ?? true
      if isNewPerson, isNewAddress { holders.append(subject) }
      guard value == .pseudonym(reveal.pseudonym) else { continue }
      batch.add(
        StoredUpdate(
          target: StoredIdentity(subject), operation: .set([.init(reveal.name, .string(reveal.text))]), time: Timestamp(milliseconds: 0),
          ignoresTime: true, isVerified: reveal.isVerified))
    }
    let isRevealed = holders.count >= reveal.atLeast
    return (isRevealed ? batch : IncomingBatch(), holders, isRevealed)
  }

  /// Reads the profiles of all people, in two layers. `person`: equal for the ids that count as one.
  package func readProfiles(
    _ body: (_ layer: [StoredProperty], _ isVerified: Bool, _ subject: Pseudonym, _ person: UInt32) -> Void
  ) throws(StoreError) {
    let current = state.withLock { $0 }
    var seen = Set<UInt32>()
    let fresh = current.memtables.flatMap { table, _ in table.with { Array($0.profiles.keys) } }
    for number in fresh + current.profileFiles.flatMap(\.numbers) where seen.insert(number).inserted {
      guard !identities.isGroup(number), let image = try current.profile(of: number, cache: cache),
        let subject = identities.pseudonym(of: number)
      else { continue }
      let person = current.journal.canonical(number)
      if let layer = image.verified { body(layer.properties, true, subject, person) }
      if let layer = image.unverified { body(layer.properties, false, subject, person) }
    }
  }
}
