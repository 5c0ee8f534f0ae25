import Access
import Events
import Foundation
import Ledger
import Response
import TestSupport
import Testing

/// The blast radius of a million people. Prints figures, and fails where it takes five seconds.
@Suite(.serialized)
struct BlastRadiusBenchmarks {
  private static let isAsked = ProcessInfo.processInfo.environment["SEALANE_BENCH"] != nil
  private static let people: UInt32 = 1_000_000

  /// Sixteen people an organization.
  private struct Million: SubjectResolver, SubjectsMoment {
    var merges: UInt64 { 0 }
    func moment() async throws -> any SubjectsMoment { self }
    func canonical(of numbers: [UInt32]) -> [UInt32] { numbers }
    func members(of canonical: UInt32) -> [UInt32] { [canonical] }
    func organizationIDs(among numbers: [UInt32]) -> Set<UInt32> { [] }
    func everybody(before time: Timestamp?) async throws -> [UInt32] { (0..<BlastRadiusBenchmarks.people).map(Self.number) }
    func organizations(by key: String) async throws -> [OrganizationMembers] {
      stride(from: 0, to: BlastRadiusBenchmarks.people, by: 16).map { first in
        OrganizationMembers(number: SubjectNumber(first), members: (first..<first + 16).map(Self.number))
      }
    }
    /// Spread over 32 bits, as a store draws them.
    static func number(_ ordinal: UInt32) -> UInt32 { ordinal &* 2_654_435_761 }
  }

  @Test(.enabled(if: Self.isAsked)) func aMillionPeopleAndThreeVendors() async throws {
    let company = try await BlastRadiusTests.Company()
    var generator = SeededGenerator(seed: 5)
    for vendor in ["tallymark", "quillon", "merivane"] {
      _ = try await company.declare(vendor, fields: "plan, city", at: BlastRadiusTests.ago(60))
      for _ in 0..<200 {
        let set = (0..<10_000).map { _ in
          SubjectNumber(Million.number(UInt32.random(in: 0..<Self.people, using: &generator)))
        }
        _ = try await company.ledger.disclose(
          0,
          Disclosure(
            .delivery(set: set, events: 10_000), project: company.project.id, purpose: "relay.file", fields: ["event", "time", "plan"]),
          to: Principal(kind: .vendor, id: vendor, credential: "file"))
      }
    }
    for number in 0..<20 { _ = try await company.account("Account \(number)", [.export]) }
    let place = BlastRadiusMaker.Place(resolver: Million(), groupKeys: ["org_id"], fields: ["event", "plan", "time"])
    let clock = ContinuousClock()
    func seconds(_ duration: Duration) -> String { String(format: "%.3f", duration / .seconds(1)) }
    let reading = try await clock.measure { try await company.index.catchUp() }
    print("blast radius: the index of \(try await company.ledger.count()) entries is made in \(seconds(reading)) s")
    for _ in 0..<3 {
      var blast: BlastRadius?
      let taken = try await clock.measure { blast = try await company.maker.blastRadius(of: company.project.id, place) }
      let found = try #require(blast)
      print(
        "blast radius: \(found.people) people, \(found.organizations["org_id"] ?? 0) organizations, vendors hold \(found.vendors.compactMap(\.people)): \(seconds(taken)) s"
      )
      #expect(taken < .seconds(5))
    }
  }
}
