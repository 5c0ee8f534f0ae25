import Foundation
import Journeys
import SegmentStore
import Synchronization
import Testing

/// The threads that queries run on.
struct ScanThreadsTests {
  @Test("a question waits for a thread, and too many waiting ones are refused") func refusesWhatCannotWait() async {
    let threads = ScanThreads(count: 2)
    let gate = Barrier()
    let outcomes = await withTaskGroup(of: QueryError.Code?.self) { group in
      for _ in 0..<80 {
        group.addTask {
          do throws(QueryError) {
            return try await threads.run { () throws(QueryError) -> QueryError.Code? in
              gate.wait()
              return nil
            }
          } catch { return error.code }
        }
      }
      var outcomes: [QueryError.Code?] = []
      // Two are at work and sixty-four wait: the others are answered while the gate is shut.
      for _ in 0..<14 { if let outcome = await group.next() { outcomes.append(outcome) } }
      gate.open()
      for await outcome in group { outcomes.append(outcome) }
      return outcomes
    }
    #expect(outcomes.prefix(14).allSatisfy { $0 == .busy })
    // The two threads may come late to take theirs out of the row.
    #expect(outcomes.dropFirst(14).count { $0 != nil } <= 2)
    threads.stop()
  }

  @Test("after the stop nothing is taken, and what waited is answered") func stops() async {
    let threads = ScanThreads(count: 2)
    #expect(await (try? threads.run { () throws(QueryError) in 7 }) == 7)
    threads.stop()
    await #expect(throws: QueryError.self) { try await threads.run { () throws(QueryError) in 7 } }
  }

  @Test("whoever gives up before his turn gets an error, not an answer") func cancellation() async {
    let threads = ScanThreads(count: 1)
    let gate = Barrier()
    let first = Task { try await threads.run { () throws(QueryError) in gate.wait() } }
    let second = Task { () -> QueryError.Code? in
      do throws(QueryError) {
        try await threads.run { () throws(QueryError) in }
        return nil
      } catch { return error.code }
    }
    second.cancel()
    gate.open()
    #expect(await second.value == .cancelled)
    _ = await first.result
    threads.stop()
  }
}

private final class Barrier: Sendable {
  private let isOpen = Atomic<Bool>(false)
  func open() { isOpen.store(true, ordering: .releasing) }
  func wait() { while !isOpen.load(ordering: .acquiring) { sched_yield() } }
}
