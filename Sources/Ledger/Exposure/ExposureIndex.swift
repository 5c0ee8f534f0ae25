import Dispatch
import Events
import Synchronization

/// All entries of the ledger that show subjects, in memory, so that “who exactly was exposed?” is answered in a fraction of a second.
///
/// It is made from the ledger's entries and their details alone: bundle by bundle at the start, and then by reading on. Whatever an answer
/// needs and is not in it yet is read before the answer is made, so that no entry that stood when somebody asked is left out. What it holds
/// says who was shown to whom: whoever hands an answer on enters a disclosure first, as with the ledger's details themselves.
package final class ExposureIndex: Sendable {
  /// Of sets in memory; beyond it they are read from the disk when asked for. Columns and the directory of numbers come on top: about 100
  /// bytes an entry, 10 a subject.
  package static let defaultMemory = 256 << 20

  struct State: Sendable {
    /// Entries before this one were looked at.
    var next: UInt64 = 0
    /// Entries before this one stand in full bundles.
    var readable: UInt64 = 0
    /// Ascending by entry.
    var rows: [ExposureRow] = []
    var directory = SubjectDirectory()
    var arena: SetArena
    var names = NameNumbers()
    var fields = FieldLists()
    /// Tracking plans as they came into force; ascending.
    var plans: [PlanInForce] = []
  }

  package struct Figures: Sendable, Hashable {
    /// Entries that were read.
    package let entries: UInt64
    /// Of those, how many can matter to a question.
    package let rows: Int
    package let subjects: Int
    /// Of sets in memory.
    package let setBytes: Int
  }

  /// A tracking plan that came into force.
  package struct PlanInForce: Sendable, Hashable {
    package let project: ProjectID
    package let version: Int
    /// SHA-256 of its canonical form, hexadecimal.
    package let digest: String
    package let index: UInt64
    package let time: Timestamp
  }

  let ledger: Ledger
  /// Decrypting, unpacking and adding up takes no thread that others wait for.
  private let queue = DispatchQueue(label: "sealane.exposure", qos: .userInitiated)
  /// Held by work on `queue` only.
  private let state: Mutex<State>
  /// Whoever reads on now; others wait for it.
  private let reader = Mutex<Task<LedgerError?, Never>?>(nil)

  package init(_ ledger: Ledger, memory: Int = ExposureIndex.defaultMemory) {
    self.ledger = ledger
    state = Mutex(State(arena: SetArena(budget: memory)))
  }

  package func figures() async -> Figures {
    await onQueue { state in
      Figures(entries: state.next, rows: state.rows.count, subjects: state.directory.count, setBytes: state.arena.bytes)
    }
  }

  /// Reads on until it has every entry that stood at this moment.
  package func catchUp() async throws(LedgerError) {
    let wanted = try await ledger.count()
    while await onQueue({ $0.next }) < wanted {
      let task = reader.withLock { reader in
        if let reader { return reader }
        let task = Task<LedgerError?, Never> {
          defer { self.reader.withLock { $0 = nil } }
          do throws(LedgerError) {
            try await self.readOn()
            return nil
          } catch {
            return error
          }
        }
        reader = task
        return task
      }
      if let error = await task.value { throw error }
    }
  }

  /// Keeps it up with the ledger until the task is cancelled, so that little is left to read when somebody asks.
  package func follow(every pause: Duration = .seconds(1)) async {
    while !Task.isCancelled {
      // What cannot be read is told to whoever asks.
      try? await catchUp()
      try? await Task.sleep(for: pause)
    }
    // The ledger is about to be closed: nothing holds on to its files.
    _ = await reader.withLock { reader in
      reader?.cancel()
      return reader
    }?.value
  }

  func onQueue<Value: Sendable>(_ work: @escaping @Sendable (inout State) -> Value) async -> Value {
    await withCheckedContinuation { answer in
      queue.async { answer.resume(returning: self.state.withLock { work(&$0) }) }
    }
  }

  func trying<Value: Sendable>(
    _ work: @escaping @Sendable (inout State) throws(LedgerError) -> Value
  ) async throws(LedgerError) -> Value {
    try await onQueue { state in Result { () throws(LedgerError) in try work(&state) } }.get()
  }
}
