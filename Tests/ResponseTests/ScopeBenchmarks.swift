import Events
import Foundation
import Ledger
import Response
import TestSupport
import Testing

/// A vendor that held nearly a million people, resolved to who they are now. Prints figures, and fails where the scope takes two seconds.
@Suite(.serialized)
struct ScopeBenchmarks {
  private static let isAsked = ProcessInfo.processInfo.environment["SEALANE_BENCH"] != nil
  private static let subjects = 1_000_000

  /// A fifth of all ids are devices of somebody else; organizations of ten people and more.
  private struct Company: SubjectResolver, SubjectsMoment {
    let numbers: [UInt32]
    let parents: [UInt32: UInt32]
    let groups: [OrganizationMembers]
    var merges: UInt64 { UInt64(parents.count) }

    init() {
      var generator = SeededGenerator(seed: 3)
      var all: Set<UInt32> = []
      while all.count < ScopeBenchmarks.subjects { all.insert(UInt32.random(in: 0..<UInt32.max, using: &generator)) }
      let numbers = all.sorted().shuffled(using: &generator)
      let devices = numbers.count / 5
      var parents: [UInt32: UInt32] = [:]
      for device in 0..<devices { parents[numbers[device]] = numbers[devices + device] }
      self.numbers = numbers
      self.parents = parents
      groups = stride(from: devices, to: numbers.count, by: 16).map {
        OrganizationMembers(number: SubjectNumber(UInt32($0)), members: Array(numbers[$0..<min(numbers.count, $0 + 16)]))
      }
    }

    func moment() async throws -> any SubjectsMoment { self }
    func canonical(of numbers: [UInt32]) -> [UInt32] { numbers.map { parents[$0] ?? $0 } }
    func members(of canonical: UInt32) -> [UInt32] { [canonical] + parents.filter { $0.value == canonical }.map(\.key) }
    func organizationIDs(among numbers: [UInt32]) -> Set<UInt32> { [] }
    func everybody(before time: Timestamp?) async throws -> [UInt32] { numbers.filter { parents[$0] == nil } }
    func organizations(by key: String) async throws -> [OrganizationMembers] { groups }
  }

  @Test(.enabled(if: Self.isAsked)) func aVendorThatHeldAMillion() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let keys = try LedgerKeys(
      origin: "sealane.test/ledger", signingSeed: [UInt8](repeating: 7, count: 32), setsKey: [UInt8](repeating: 9, count: 32))
    let ledger = try Ledger.open(directory: directory, keys: keys)
    let company = Company()
    var generator = SeededGenerator(seed: 4)
    let fields = ["$email", "$name", "city", "region", "country", "browser", "os", "referrer", "org_id", "plan", "role", "id"]
    for _ in 0..<300 {
      let set = (0..<10_000).map { _ in SubjectNumber(company.numbers[Int.random(in: 0..<company.numbers.count, using: &generator)]) }
      _ = try await ledger.disclose(
        0,
        Disclosure(
          .delivery(set: set, events: 10_000), project: ProjectID(1), purpose: "relay",
          fields: fields.filter { _ in Bool.random(using: &generator) }),
        to: Principal(kind: .vendor, id: "tallymark", credential: "mixpanel"))
    }
    let index = ExposureIndex(ledger)
    try await index.catchUp()
    let maker = ScopeMaker(index, resolver: company, groupKeys: ["org_id"])
    let clock = ContinuousClock()
    func seconds(_ duration: Duration) -> String { String(format: "%.3f", duration / .seconds(1)) }
    var last: Scope?
    for _ in 0..<3 {
      let making = try await clock.measure { last = try await maker.scope(ExposureQuestion(.vendor("tallymark"), in: ProjectID(1))) }
      let scope = try #require(last)
      print(
        "scope: \(scope.affected.count) of \(scope.affected.count + scope.notAffectedCount) people, \(scope.fields.count) fields, "
          + "\(scope.organizations["org_id"]?.count ?? 0) organizations: \(seconds(making)) s")
      #expect(making < .seconds(2))
    }
    let scope = try #require(last)
    var digest = ""
    let digesting = clock.measure { digest = scope.digest }
    print("scope: its one form and digest \(digest.prefix(16)): \(seconds(digesting)) s")
    let verdict = try await clock.measure { _ = try await maker.verdict(on: SubjectNumber(scope.affected.numbers[0]), in: scope) }
    print("scope: what is to be said to one person, with proofs: \(seconds(verdict)) s")
    let changing = clock.measure { _ = scope.change(from: scope, at: company) }
    print("scope: the difference of two versions: \(seconds(changing)) s")
    try await ledger.close()
  }
}
