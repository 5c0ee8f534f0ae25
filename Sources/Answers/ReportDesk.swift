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
  ///   - mark: called when a part is done, with its name, for those who measure.
  /// - Throws: `QueryError`, and `LedgerError` where nothing may leave.
  package func answer(
    _ query: Query, about subject: Subject, purpose: String, to principal: Principal, at instant: Timestamp, now: Timestamp,
    mark: (String) -> Void = { _ in }
  ) async throws -> Disclosed<Answer> {
    let report = try await subject.engine.report(query, subject.rules, at: instant)
    mark("engine")
    let populations = try query.populations(subject.rules.calendar, shown: report.shownGroups)
    let noticed = try await notice(populations, query.level, subject, principal, now)
    mark("differences")
    let disclosure = Disclosure(
      .aggregate(
        queryDigest: Disclosure.digest(ofQuery: Array(query.canonicalJSON.utf8)), dataVersion: report.notes.dataVersion,
        groupSizes: report.groupSizes(of: query)),
      project: subject.project, purpose: purpose, fields: report.fields(of: query),
      subjectsInValues: Set(report.groupValues.flatMap(\.pseudonyms)).compactMap(subject.number), singledOut: noticed.actors)
    let answer = try await ledger.disclose(Answer(report: report, singlesOut: noticed.isAny), disclosure, to: principal)
    await tell(noticed, about: subject, to: principal, answer.receipt)
    return answer
  }

  // MARK: Whom answers single out

  /// Whom an answer tells apart from all others.
  package struct Noticed: Sendable {
    let found: [SingledOut]
    package var isAny: Bool { !found.isEmpty }
    /// They count as shown: for the disclosure.
    package var actors: [SubjectNumber] { Array(Set(found.flatMap(\.actors))) }
  }

  /// For answers that say how many are behind a figure. Whoever discloses enters the `actors`, and tells afterwards.
  package func notice(
    _ door: Door, about subject: Subject, to principal: Principal, now: Timestamp
  ) async throws -> Noticed {
    let noticed = try await notice([Population(behind: door)], door.query.level, subject, principal, now)
    // A door to a few is no trick: whoever may open it is charged for each of them.
    return Noticed(found: noticed.found.filter { $0.how != .few })
  }

  /// Nobody where the credential has no quota: the machine's own user.
  private func notice(
    _ populations: [Population], _ level: Level, _ subject: Subject, _ principal: Principal, _ now: Timestamp
  ) async throws -> Noticed {
    guard subject.rules.smallestGroup > 1, let holder = QuotaHolder(principal) else { return Noticed(found: []) }
    let search = try await DifferenceSearch(subject, book, .init(holder: holder, project: subject.project, level: level), now: now)
    var found: [SingledOut] = []
    for population in populations { found += try await search.found(by: population) }
    return Noticed(found: found)
  }

  package func tell(_ noticed: Noticed, about subject: Subject, to principal: Principal, _ receipt: LedgerReceipt) async {
    guard noticed.isAny else { return }
    // Among so few there is nobody to hide behind, and every question would be one too many. They are charged and entered all the same.
    let known = try? await subject.engine.catalog().subjectCount
    if let known, known < subject.rules.smallestGroup { return }
    let ways = Set(noticed.found.map(\.how)).map(\.rawValue).sorted()
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
}
