import Access
import Events
import Journeys
import Ledger

/// Looks for people whom an answer tells apart, alone or together with what the same credential has asked before.
struct DifferenceSearch {
  let subject: ReportDesk.Subject
  let book: DifferenceBook
  let key: DifferenceBook.Key
  let now: Timestamp
  private let days: Days

  /// Sets of earlier questions that one answer is worth looking up.
  private static let mostLookedUp = 32

  init(_ subject: ReportDesk.Subject, _ book: DifferenceBook, _ key: DifferenceBook.Key, now: Timestamp) async throws {
    self.subject = subject
    self.book = book
    self.key = key
    self.now = now
    days = try await Days(subject, now)
  }

  func found(by population: Population) async throws -> [SingledOut] {
    let smallest = subject.rules.smallestGroup
    guard let span = days.complete(population.range) else {
      // Of a running day only what it is by itself can be said: the next question sees other data.
      guard population.isNarrowed, let set = try await filled(.init(population), over: population.range)?.actors else { return [] }
      return Comparison(set: set, isNarrowed: true, smallest: smallest).few.map { [$0] } ?? []
    }
    var (new, earlier) = book.note(.init(population), key)
    let beside = earlier.filter { known in
      guard let other = days.complete(known.population.range) else { return false }
      if other == span { return true }
      // A cohort of fixed periods may well be about the days of a range; one that goes by the clock is about days of its own.
      return (other.days == nil || span.days == nil) && !known.population.moves && !population.moves
    }
    // Who belongs is asked only where it can matter: where a choice of somebody's is among them.
    guard population.isNarrowed || beside.contains(where: { $0.population.isNarrowed }) else { return [] }
    guard try await fill(&new, over: span.days) else { return [] }
    guard let set = new.actors else { return [] }
    let comparison = Comparison(set: set, isNarrowed: population.isNarrowed, smallest: smallest)
    var found = comparison.few.map { [$0] } ?? []
    var others: [DifferenceBook.Known] = []
    var lookedUp = 0
    for var known in beside.reversed() {
      // Chosen alike, they differ by what was done: the figures of one report say that.
      if known.population.chooser == population.chooser { continue }
      guard let other = days.complete(known.population.range) else { continue }
      if known.actors == nil || known.days != other.days {
        lookedUp += 1
        if lookedUp > Self.mostLookedUp { continue }
        guard try await fill(&known, over: other.days) else { continue }
      }
      if let actors = known.actors, comparison.difference(actors) != nil,
        let difference = try await confirmed(new, [known], { comparison, sets in sets.first.flatMap(comparison.difference) })
      {
        found.append(difference)
      }
      others.append(known)
    }
    let sets = others.compactMap(\.actors)
    for (combination, test) in [(comparison.rest(sets), Comparison.rest), (comparison.overlap(sets), Comparison.overlap)] {
      guard let combination else { continue }
      let involved = others.filter { known in combination.sets.contains { $0 === known.actors } }
      if let again = try await confirmed(new, involved, { test($0)($1)?.singledOut }) { found.append(again) }
    }
    return found
  }

  /// Late events may make a difference: what is held against somebody must stand in the same data.
  private func confirmed(
    _ new: DifferenceBook.Known, _ others: [DifferenceBook.Known], _ test: (Comparison, [SubjectBitmap]) -> SingledOut?
  ) async throws -> SingledOut? {
    var new = new
    var fresh: [SubjectBitmap] = []
    if others.contains(where: { $0.version != new.version }) {
      guard try await fill(&new, over: new.days, again: true) else { return nil }
      for var known in others {
        if known.version != new.version { guard try await fill(&known, over: known.days, again: true) else { continue } }
        if let actors = known.actors { fresh.append(actors) }
      }
    } else {
      fresh = others.compactMap(\.actors)
    }
    guard let set = new.actors else { return nil }
    return test(Comparison(set: set, isNarrowed: new.population.isNarrowed, smallest: subject.rules.smallestGroup), fresh)
  }

  /// False where the engine cannot say who they are: the question that it was asked for is at a limit that its population is beyond.
  private func fill(_ known: inout DifferenceBook.Known, over range: DateRange?, again: Bool = false) async throws -> Bool {
    if !again, known.actors != nil, known.days == range { return true }
    guard let filled = try await filled(known, over: range) else { return false }
    known = filled
    book.fill(known, key)
    return true
  }

  private func filled(_ known: DifferenceBook.Known, over range: DateRange?) async throws -> DifferenceBook.Known? {
    var known = known
    known.version = await subject.engine.dataVersion()
    known.days = range
    do {
      known.actors = SubjectBitmap(try await subject.engine.numbers(known.population.door(over: range), subject.rules, at: now))
    } catch let error as QueryError {
      guard error.code == .invalid || error.code == .tooLarge else { throw error }
      return nil
    }
    return known
  }
}

/// The days for which there can be data that changes no more.
private struct Days {
  /// Of a question; nil: of all days, as a cohort is.
  struct Span: Hashable {
    let days: DateRange?
  }

  private let first: CalendarDate?
  private let last: CalendarDate

  init(_ subject: ReportDesk.Subject, _ now: Timestamp) async throws {
    let calendar = subject.rules.calendar
    first = try await subject.engine.firstEvent().map { time throws(QueryError) in try calendar.date(of: time) }
    last = try calendar.date(of: now).advanced(byDays: -1)
  }

  /// Ranges that begin before all data or end today are about the same days as those that do not. Nil where no day of a range is over.
  func complete(_ range: DateRange?) -> Span? {
    guard let range else { return Span(days: nil) }
    let cut = DateRange(from: max(range.from, first ?? range.from), to: min(range.to, last))
    return cut.from <= cut.to ? Span(days: cut) : nil
  }
}
