import Access
import Events
import Journeys
import Ledger
import Synchronization

/// What one credential has asked, so that questions which differ by a few people are noticed.
///
/// Held in memory, the newest questions first to stay: a restart forgets it. What it finds, and what it cannot, stands in
/// docs/THREAT-MODEL.md.
package final class DifferenceBook: Sendable {
  /// What may be compared: sets of the same actors that one credential knows the size of.
  struct Key: Sendable, Hashable {
    var holder: QuotaHolder
    var project: ProjectID
    var level: Level
  }

  /// A set of actors that somebody knows the size of.
  struct Known: Sendable {
    let population: Population
    /// Equal for equal populations.
    let id: String
    /// Of the question, in memory.
    let weight: Int
    /// Nil until anybody needs to know who they are.
    var actors: SubjectBitmap?
    /// The days and the data of which `actors` is.
    var days: DateRange?
    var version: UInt64 = 0

    init(_ population: Population) {
      self.population = population
      let text = population.door.json.text
      id = Disclosure.digest(ofQuery: Array(text.utf8))
      // The question as a value is about as large again.
      weight = 1_000 + 4 * text.utf8.count + population.chooser.utf8.count
    }

    var bytes: Int { weight + (actors?.bytes ?? 0) }
  }

  private struct Page {
    var known: [Known] = []
    var bytes = 0
    var lastUsed: UInt64 = 0
  }
  private struct State {
    var pages: [Key: Page] = [:]
    var bytes = 0
    var clock: UInt64 = 0
  }

  /// Sets that are kept of one credential.
  static let mostKnown = 256
  private let memory: Int
  private let state = Mutex(State())

  /// - Parameter memory: bytes that all sets may take, about; those of one credential a quarter of it.
  package init(memory: Int = 64 << 20) { self.memory = memory }

  /// Writes a set down as the newest. One that stands there keeps its actors.
  ///
  /// - Returns: it, and those that were there before, the oldest first.
  func note(_ new: Known, _ key: Key) -> (Known, earlier: [Known]) {
    state.withLock { state in
      var page = state.pages[key] ?? Page()
      state.clock += 1
      page.lastUsed = state.clock
      state.bytes -= page.bytes
      var known = new
      if let index = page.known.firstIndex(where: { $0.id == new.id }) {
        known = page.known.remove(at: index)
        page.bytes -= known.bytes
      }
      let earlier = page.known
      page.known.append(known)
      page.bytes += known.bytes
      shrink(&page)
      state.pages[key] = page
      state.bytes += page.bytes
      shrink(&state, except: key)
      return (known, earlier)
    }
  }

  /// Writes down who belongs to a set that stands there.
  func fill(_ known: Known, _ key: Key) {
    state.withLock { state in
      guard var page = state.pages[key], let index = page.known.firstIndex(where: { $0.id == known.id }) else { return }
      state.bytes -= page.bytes
      page.bytes += known.bytes - page.known[index].bytes
      page.known[index] = known
      shrink(&page)
      state.pages[key] = page
      state.bytes += page.bytes
      shrink(&state, except: key)
    }
  }

  /// A credential's oldest questions make room for its newest.
  private func shrink(_ page: inout Page) {
    while page.known.count > 1, page.known.count > Self.mostKnown || page.bytes > memory / 4 {
      page.bytes -= page.known.removeFirst().bytes
    }
  }

  /// Whoever has not asked for longest is forgotten first.
  private func shrink(_ state: inout State, except key: Key) {
    while state.bytes > memory, let oldest = state.pages.filter({ $0.key != key }).min(by: { $0.value.lastUsed < $1.value.lastUsed }) {
      state.bytes -= oldest.value.bytes
      state.pages[oldest.key] = nil
    }
  }
}
