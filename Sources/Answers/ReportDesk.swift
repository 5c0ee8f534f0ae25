import Access
import Events
import Journeys
import Ledger

/// Gives out reports: small groups merged, whom the answer singles out noticed and charged, all of it entered in the ledger first.
package struct ReportDesk: Sendable {
  /// Whom a report is asked about.
  package struct Subject: Sendable {
    package let project: ProjectID
    package let engine: any Engine
    package let rules: ReportRules
    /// The number of an id that a value names; nil if nobody ever arrived under it.
    package let number: @Sendable (Pseudonym) -> SubjectNumber?

    package init(
      project: ProjectID, engine: any Engine, rules: ReportRules, number: @escaping @Sendable (Pseudonym) -> SubjectNumber?
    ) {
      self.project = project
      self.engine = engine
      self.rules = rules
      self.number = number
    }
  }

  /// A report, and whether it singles somebody out, by itself or with what the same credential has asked before.
  package struct Answer: Sendable {
    package let report: Report
    package let singlesOut: Bool
  }

  private let ledger: Ledger
  private let alerts: AlertDesk
  private let book: DifferenceBook

  package init(ledger: Ledger, alerts: AlertDesk, book: DifferenceBook) {
    self.ledger = ledger
    self.alerts = alerts
    self.book = book
  }

  /// - Parameters:
  ///   - query: with no saved cohort left in it.
  ///   - now: for which days are over; `instant` may be another.
  ///   - mark: called when the engine is done, for those who measure.
  /// - Throws: `QueryError`, and `LedgerError` where nothing may leave.
  package func answer(
    _ query: Query, about subject: Subject, purpose: String, to principal: Principal, at instant: Timestamp, now: Timestamp,
    mark: () -> Void = {}
  ) async throws -> Disclosed<Answer> {
    let report = try await subject.engine.report(query, subject.rules, at: instant)
    let found = try await singledOut(by: query, report, subject, principal, now)
    mark()
    let disclosure = Disclosure(
      .aggregate(
        queryDigest: Disclosure.digest(ofQuery: Array(query.canonicalJSON.utf8)), dataVersion: report.notes.dataVersion,
        groupSizes: report.groupSizes(of: query)),
      project: subject.project, purpose: purpose, fields: report.fields(of: query),
      subjectsInValues: Set(report.groupValues.flatMap(\.pseudonyms)).compactMap(subject.number),
      singledOut: Array(Set(found.flatMap(\.actors))))
    let answer = try await ledger.disclose(Answer(report: report, singlesOut: !found.isEmpty), disclosure, to: principal)
    if !found.isEmpty { await raise(found, subject, principal, answer.receipt) }
    return answer
  }

  private func raise(_ found: [SingledOut], _ subject: Subject, _ principal: Principal, _ receipt: LedgerReceipt) async {
    // Among so few there is nobody to hide behind, and every question would be one too many. They are charged and entered all the same.
    let known = try? await subject.engine.catalog().subjectCount
    if let known, known < subject.rules.smallestGroup { return }
    let ways = Set(found.map(\.how)).map(\.rawValue).sorted()
    await alerts.raise(
      NewAlert(
        .differencing, of: principal, project: subject.project,
        sentence:
          "Answers to one credential tell fewer than \(subject.rules.smallestGroup) people apart from all others. They count as shown to it. \(Self.words(ways))",
        details: [
          "how": .text(ways.joined(separator: ", ")), "smallest_group": .number(Int64(subject.rules.smallestGroup)),
          "ledger_entry": .number(Int64(receipt.index)),
        ]))
  }

  private static func words(_ ways: [String]) -> String {
    ways.compactMap(SingledOut.How.init(rawValue:)).map { way in
      switch way {
      case .few: "A filter left so few."
      case .difference: "Two questions about the same days differ by so few."
      case .rest: "All but so few of a group were asked for in parts."
      case .overlap: "Two questions about the same days share so few."
      }
    }.joined(separator: " ")
  }

  // MARK: Differences

  /// Whom the answer singles out, alone or together with earlier ones. Nobody where the credential has no quota: the machine's own user.
  private func singledOut(
    by query: Query, _ report: Report, _ subject: Subject, _ principal: Principal, _ now: Timestamp
  ) async throws -> [SingledOut] {
    guard subject.rules.smallestGroup > 1, let holder = QuotaHolder(principal) else { return [] }
    let days = try await Days(subject, now)
    let hasMerged = report.notes.excluded.contains { $0.reason == ReportNotes.smallGroup }
    var found: [SingledOut] = []
    for population in query.populations(days.that(matter:), withOthers: hasMerged) {
      let key = DifferenceBook.Key(holder: holder, project: subject.project, level: query.level, range: population.range)
      // Who belongs is asked only where it can matter: a filter chooses them, or chose others of the same days before.
      let mayMatter = population.isNarrowed || book.known(key).contains { $0.population.isNarrowed }
      guard mayMatter else {
        _ = book.note(.init(population: population), key)
        continue
      }
      let new = try await filled(.init(population: population), subject, now)
      let earlier = book.note(new, key)
      found += try await compare(new, earlier, key, subject, now, isOver: population.range.map(days.isOver) ?? false)
    }
    return found
  }

  private func compare(
    _ new: DifferenceBook.Known, _ earlier: [DifferenceBook.Known], _ key: DifferenceBook.Key, _ subject: Subject, _ now: Timestamp,
    isOver: Bool
  ) async throws -> [SingledOut] {
    guard let set = new.actors else { return [] }
    let comparison = Comparison(set: set, isNarrowed: new.population.isNarrowed, smallest: subject.rules.smallestGroup)
    var found = comparison.few.map { [$0] } ?? []
    var others: [SubjectBitmap] = []
    for var known in earlier {
      // Days that are over hardly change; of others the sets of a moment ago say nothing.
      if known.actors == nil || (!isOver && known.version != new.version) {
        known = try await filled(known, subject, now)
        book.fill(known, key)
      }
      guard var actors = known.actors else { continue }
      if known.version != new.version, comparison.difference(actors) != nil {
        // Late events may make the difference: only what stands in the same data counts.
        known = try await filled(known, subject, now)
        book.fill(known, key)
        actors = known.actors ?? actors
      }
      others.append(actors)
      if let difference = comparison.difference(actors) { found.append(difference) }
    }
    if let rest = comparison.rest(others) { found.append(rest) }
    if let overlap = comparison.overlap(others) { found.append(overlap) }
    return found
  }

  private func filled(_ known: DifferenceBook.Known, _ subject: Subject, _ now: Timestamp) async throws -> DifferenceBook.Known {
    var known = known
    known.version = await subject.engine.dataVersion()
    known.actors = SubjectBitmap(try await subject.engine.numbers(known.population.door, subject.rules, at: now))
    return known
  }
}

/// The days for which there can be data that changes no more.
private struct Days {
  private let first: CalendarDate?
  private let lastComplete: CalendarDate

  init(_ subject: ReportDesk.Subject, _ now: Timestamp) async throws {
    let calendar = subject.rules.calendar
    first = try await subject.engine.firstEvent().map { time throws(QueryError) in try calendar.date(of: time) }
    lastComplete = try calendar.date(of: now).advanced(byDays: -1)
  }

  /// Ranges that begin before all data or end today are about the same days as those that do not. A range of nothing else stays as it is.
  func that(matter range: DateRange) -> DateRange {
    let cut = DateRange(from: max(range.from, first ?? range.from), to: min(range.to, lastComplete))
    return cut.from <= cut.to ? cut : range
  }

  func isOver(_ range: DateRange) -> Bool { range.to <= lastComplete }
}
