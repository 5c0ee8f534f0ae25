import Access
import Events
import Journeys
import Synchronization

/// What one credential has asked about the same days, so that questions which differ by a few people are noticed.
///
/// Held in memory, newest questions first to stay: a restart forgets it. What it finds, and what it cannot, stands in docs/THREAT-MODEL.md.
package final class DifferenceBook: Sendable {
  /// What may be compared: questions of one credential about the same actors of the same days.
  struct Key: Sendable, Hashable {
    var holder: QuotaHolder
    var project: ProjectID
    var level: Level
    var range: DateRange?
  }

  /// A set of actors that somebody knows the size of.
  struct Known: Sendable {
    var population: Population
    /// Nil until anybody needs to know who they are.
    var actors: SubjectBitmap?
    /// The data of which `actors` is.
    var version: UInt64 = 0
  }

  private struct Page {
    var known: [Known] = []
    var lastUsed: UInt64 = 0
    var bytes: Int { known.reduce(0) { $0 + ($1.actors?.bytes ?? 0) + 512 } }
  }
  private struct State {
    var pages: [Key: Page] = [:]
    var clock: UInt64 = 0
  }

  /// Sets that are kept of one credential about the same days.
  static let mostKnown = 128
  private let memory: Int
  private let state = Mutex(State())

  /// - Parameter memory: bytes that all sets may take, about.
  package init(memory: Int = 64 << 20) { self.memory = memory }

  /// Writes a set down, unless it stands there.
  ///
  /// - Returns: those that were there before.
  func note(_ known: Known, _ key: Key) -> [Known] {
    state.withLock { state in
      state.clock += 1
      var page = state.pages[key] ?? Page()
      page.lastUsed = state.clock
      let others = page.known.filter { $0.population != known.population }
      page.known = others + [known]
      if page.known.count > Self.mostKnown { page.known.removeFirst() }
      state.pages[key] = page
      shrink(&state)
      return others
    }
  }

  /// Those that are written down.
  func known(_ key: Key) -> [Known] { state.withLock { $0.pages[key]?.known ?? [] } }

  /// Writes down who belongs to a set that stands there.
  func fill(_ known: Known, _ key: Key) {
    state.withLock { state in
      guard let index = state.pages[key]?.known.firstIndex(where: { $0.population == known.population }) else { return }
      state.pages[key]?.known[index] = known
      shrink(&state)
    }
  }

  /// Whoever has not asked for longest is forgotten first.
  private func shrink(_ state: inout State) {
    var bytes = state.pages.values.reduce(0) { $0 + $1.bytes }
    while bytes > memory, state.pages.count > 1, let oldest = state.pages.min(by: { $0.value.lastUsed < $1.value.lastUsed }) {
      bytes -= oldest.value.bytes
      state.pages[oldest.key] = nil
    }
  }
}
