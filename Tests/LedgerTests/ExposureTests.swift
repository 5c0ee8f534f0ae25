import Events
import Foundation
import Ledger
import TestSupport
import Testing

/// The index of exposure, compared with a plain look through everything.
struct ExposureTests {
  private static func records(_ ledger: Ledger) async throws -> [LedgerRecord] {
    var all: [LedgerRecord] = []
    while true {
      let page = try await ledger.records(from: UInt64(all.count), limit: 1_000, goesOn: true)
      if page.isEmpty { return all }
      all += page
    }
  }

  private static func expect(
    _ index: ExposureIndex, _ question: ExposureQuestion, _ records: [LedgerRecord], _ comment: Comment, _ pick: Int
  ) async throws -> PlainExposure {
    let plain = PlainExposure(question, records)
    let answer = try await index.answer(question)
    #expect(answer.entries == plain.entries, comment)
    #expect(answer.subjects.set == SubjectSet(plain.subjects) && answer.subjects.count == plain.subjects.count, comment)
    #expect(Set(answer.fields.keys) == Set(plain.fields.keys), comment)
    for (field, set) in plain.fields { #expect(answer.fields[field]?.set == SubjectSet(set), comment) }
    #expect(answer.first == plain.times.first && answer.last == plain.times.last && answer.rows == plain.rows, comment)
    #expect(answer.untold.map(\.index) == plain.untold, comment)
    #expect(answer.erased.set == SubjectSet(plain.erased), comment)
    #expect(answer.size == min(UInt64(records.count), question.size ?? .max), comment)
    let shown = plain.subjects.sorted()
    if !shown.isEmpty {
      let subject = shown[pick % shown.count]
      #expect(answer.subjects.contains(subject), comment)
      #expect(try await index.proofs(of: [subject], question).map(\.index) == plain.proofs[subject], comment)
    }
    return plain
  }

  @Test("answers are those of a plain look through all records", arguments: 0..<6)
  func equalsAPlainLook(number: Int) async throws {
    let seed = UInt64.random(in: 0...(.max))
    var history = ExposureHistory(seed: seed)
    let ledger = try Sample.open(SimulatedDisk())
    // One that lives along, one without memory for sets, and one that is made at the end.
    let (living, poor) = (ExposureIndex(ledger), ExposureIndex(ledger, memory: 0))
    for step in 0..<900 {
      try await history.step(ledger)
      if step % 97 == 13 { try await living.catchUp() }
      if step % 301 == 300 { try await poor.catchUp() }
    }
    let records = try await Self.records(ledger)
    #expect(records.count > 700)
    let times = records.map(\.entry.time)
    let late = ExposureIndex(ledger)
    var (found, untold, deleted) = (0, 0, 0)
    for round in 0..<60 {
      let question = history.question(about: times)
      let index = [living, poor, late][round % 3]
      let plain = try await Self.expect(
        index, question, records, "seed \(seed), \(question), index \(round % 3)", history.number(below: 1_000))
      found += plain.subjects.isEmpty ? 0 : 1
      untold += plain.untold.isEmpty ? 0 : 1
      if case .vendor = question.source { deleted += 1 }
    }
    #expect(found > 15 && untold > 5 && deleted > 3, "seed \(seed): the questions are about something")
    #expect(await poor.figures().setBytes < (await living.figures()).setBytes)
  }

  @Test func detailsThatDoNotOpenExcludeNobody() async throws {
    let disk = SimulatedDisk()
    let first = try Sample.open(disk)
    for _ in 0..<3 { _ = try await Sample.disclose(first) }
    try await first.close()
    let later = try Ledger.open(
      files: disk, keys: try Sample.keys(sets: 10), publishInterval: .seconds(3600), clock: Sample.clock(from: 1_763_500_000_000))
    _ = try await Sample.disclose(later, subjects: [9])
    let answer = try await ExposureIndex(later).answer(ExposureQuestion(.credential(Sample.owner.credential), in: Sample.project))
    #expect(answer.entries == [3] && answer.subjects.set == SubjectSet([SubjectNumber(9)]))
    #expect(answer.untold.map(\.index) == [0, 1, 2] && answer.untold.allSatisfy { $0.reason == .unreadable })
  }

  @Test func anErasureEndsWhatTheIndexKnows() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    _ = try await Sample.disclose(ledger, subjects: [1, 2])
    // Showed nobody; once its details are gone, nobody can say that.
    let figures = Disclosure(
      .aggregate(queryDigest: "q", dataVersion: 1, groupSizes: []), project: Sample.project, purpose: "test", fields: [])
    _ = try await ledger.disclose(0, figures, to: Sample.owner)
    _ = try await Sample.disclose(ledger, subjects: [2, 3])
    let index = ExposureIndex(ledger)
    let question = ExposureQuestion(.everything, in: Sample.project)
    #expect(try await index.answer(question).subjects.count == 3)
    try await ledger.eraseDetail(of: 0, by: Sample.owner)
    try await ledger.eraseDetail(of: 1, by: Sample.owner)
    for index in [index, ExposureIndex(ledger)] {
      let answer = try await index.answer(question)
      #expect(answer.subjects.set == SubjectSet([2, 3].map { SubjectNumber($0) }) && answer.untold.map(\.index) == [0, 1])
      #expect(answer.untold.allSatisfy { $0.reason == .erased })
    }
  }

  @Test func whatComesAgainAfterADeletionIsHeldAgain() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    let vendor = Principal(kind: .vendor, id: "tallymark", credential: "mixpanel")
    func deliver(_ numbers: [UInt32], _ field: String) async throws -> LedgerReceipt {
      try await ledger.disclose(
        0,
        Disclosure(
          .delivery(set: numbers.map { SubjectNumber($0) }, events: 1), project: Sample.project, purpose: "relay", fields: [field]),
        to: vendor
      ).receipt
    }
    _ = try await deliver([1, 2], "city")
    let deletion = try await ledger.record(
      .vendorDeletionConfirmed(Sample.project, vendor: "tallymark", subjects: [SubjectNumber(1), SubjectNumber(2)]), by: Sample.owner)
    let again = try await deliver([2], "plan")
    let index = ExposureIndex(ledger)
    func held(_ to: Timestamp?) async throws -> ExposureAnswer {
      // From is not asked of a vendor: what it had before, it has still.
      try await index.answer(ExposureQuestion(.vendor("tallymark"), in: Sample.project, from: again.time, to: to))
    }
    #expect(try await held(deletion.time).subjects.count == 2)
    let nothing = try await held(again.time)
    #expect(nothing.subjects.isEmpty && nothing.entries.isEmpty && nothing.untold.isEmpty)
    let now = try await held(nil)
    #expect(now.subjects.set == SubjectSet([SubjectNumber(2)]) && now.entries == [again.index] && Array(now.fields.keys) == ["plan"])
  }

  @Test func whatWasDeliveredBetweenAskingAndConfirmingMayStillBeThere() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    let vendor = Principal(kind: .vendor, id: "tallymark", credential: "mixpanel")
    let one = [SubjectNumber(1)]
    func deliver() async throws -> LedgerReceipt {
      try await ledger.disclose(
        0, Disclosure(.delivery(set: one, events: 1), project: Sample.project, purpose: "relay", fields: ["city"]), to: vendor
      ).receipt
    }
    _ = try await deliver()
    try await ledger.record(.vendorDeletionAsked(Sample.project, vendor: "tallymark", subjects: one), by: Sample.owner)
    let between = try await deliver()
    try await ledger.record(.vendorDeletionConfirmed(Sample.project, vendor: "tallymark", subjects: one), by: Sample.owner)
    let index = ExposureIndex(ledger)
    let question = ExposureQuestion(.vendor("tallymark"), in: Sample.project)
    #expect(try await index.answer(question).entries == [between.index])
    // A second confirmation that nobody asked for is of what is there by then.
    try await ledger.record(.vendorDeletionConfirmed(Sample.project, vendor: "tallymark", subjects: one), by: Sample.owner)
    #expect(try await index.answer(question).entries.isEmpty)
  }

  @Test func plansInForceAreThoseOfTheTime() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    var times: [Timestamp] = []
    for version in 1...3 {
      times.append(
        try await ledger.record(.trackingPlanChanged(Sample.project, version: version, digest: "d\(version)"), by: Sample.owner).time)
    }
    try await ledger.record(.trackingPlanChanged(ProjectID(2), version: 9, digest: "other"), by: Sample.owner)
    let index = ExposureIndex(ledger)
    func versions(_ from: Timestamp?, _ to: Timestamp?) async throws -> [Int] {
      try await index.plans(of: Sample.project, from: from, to: to).map(\.version)
    }
    #expect(try await versions(nil, nil) == [1, 2, 3])
    #expect(try await versions(times[1], times[2]) == [2])
    #expect(try await versions(Timestamp(milliseconds: times[1].milliseconds - 1), nil) == [1, 2, 3])
    #expect(try await versions(times[2], nil) == [3])
    #expect(try await versions(nil, times[0]).isEmpty)
  }
}
