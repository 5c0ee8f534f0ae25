import Foundation
import Ledger
import Logging
import Outbound

/// Asks the witnesses that a policy names for their cosignatures: C2SP tlog-witness. Each on its own, so that one that hangs holds up no other.
struct OutsideWitnesses: Sendable {
  let desk: WitnessDesk
  let ledger: Ledger
  let metrics: Metrics
  let logger: Logger
  var client = HTTPClient(connections: 4)
  /// Between two looks for something new.
  var interval: Duration = .seconds(1)
  var deadline: Duration = .seconds(10)
  var longestPause: Duration = .seconds(300)

  /// Until it is cancelled.
  func run() async {
    await withTaskGroup { tasks in
      for witness in desk.policy?.witnesses ?? [] where witness.url != nil {
        tasks.addTask { await self.ask(witness) }
      }
    }
  }

  private func ask(_ witness: WitnessPolicy.Witness) async {
    var conversation = WitnessConversation(known: desk.size(of: witness.key))
    var failures = 0
    while !Task.isCancelled {
      let outcome = await step(witness, &conversation)
      switch outcome {
      case .nothingNew, .cosigned:
        failures = 0
        if case .cosigned = outcome { await desk.note(nil, of: witness.name) }
      case .again:
        failures = 0
        continue
      case .failed(let reason), .contradicted(let reason):
        failures += 1
        metrics.count("sealane_ledger_witness_failures_total")
        let contradicts = if case .contradicted = outcome { true } else { false }
        await desk.note(reason, of: witness.name, contradicts: contradicts)
      }
      try? await Task.sleep(for: failures == 0 ? interval : min(interval * (1 << min(failures, 10)), longestPause))
    }
  }

  private enum Outcome {
    case nothingNew
    case cosigned
    /// The witness named another size to begin from.
    case again
    case failed(String)
    /// What it cosigned before is not part of this log.
    case contradicted(String)
  }

  private func step(_ witness: WitnessPolicy.Witness, _ conversation: inout WitnessConversation) async -> Outcome {
    do {
      let candidate = try await desk.candidate()
      let published = try await ledger.checkpoint()
      guard let target = conversation.target(candidate: candidate, published: published) else { return .nothingNew }
      let old = conversation.known
      guard old <= target.size else {
        return .contradicted("It has cosigned \(old) entries of this log, which has \(published.size): the log was set back, or forked.")
      }
      let proof = old > 0 && old < target.size ? try await ledger.consistencyProof(from: old, to: target.size) : []
      let url = (witness.url ?? "").hasSuffix("/") ? String((witness.url ?? "").dropLast()) : witness.url ?? ""
      let response = try await client.send(
        OutboundRequest(
          method: "POST", url: url + "/add-checkpoint",
          headers: [("Content-Type", "text/plain; charset=utf-8"), ("User-Agent", "sealane")],
          body: AddCheckpoint.body(old: old, proof: proof, note: target.note), responseLimit: 65_536),
        deadline: deadline)
      let answer = AddCheckpoint.answer(
        status: response.status, contentType: response.header("Content-Type"), body: response.body, to: target.note, from: witness.key)
      switch answer {
      case .cosigned(let note):
        try await desk.take(note, by: witness.key)
        conversation.cosigned(target.size)
        return .cosigned
      case .known(let size):
        guard conversation.learned(size) else {
          return .failed("It names the size \(size) again and again, and does not take a proof from there.")
        }
        return .again
      case .refused(let reason), .failed(let reason): return .failed(reason)
      case .contradicted(let reason): return .contradicted(reason)
      }
    } catch {
      return .failed("\(error)")
    }
  }
}

/// What is known of one witness: which size it has cosigned, and whether it was asked from there. A value, without a network.
struct WitnessConversation: Sendable {
  /// Entries that it has cosigned, as far as is known.
  private(set) var known: UInt64
  /// Sizes that it named in a row without cosigning: more than two are no conversation.
  private var corrections = 0

  init(known: UInt64) { self.known = known }

  /// What to send: the candidate, or, where the witness is ahead of that, what is published; nil where there is nothing new.
  func target(candidate: VerifiedCheckpoint, published: VerifiedCheckpoint) -> VerifiedCheckpoint? {
    let target = known > candidate.size ? published : candidate
    return target.size == known || target.size == 0 ? nil : target
  }

  mutating func cosigned(_ size: UInt64) {
    known = size
    corrections = 0
  }

  /// False where there is no use in asking again at once.
  mutating func learned(_ size: UInt64) -> Bool {
    corrections += 1
    known = size
    return corrections <= 2
  }
}
