import Access
import Events
import Foundation
import Testing

struct TrackingPlanTests {
  @Test func versionsAreKeptInTheirOrderAndByProject() async throws {
    let surroundings = try Surroundings()
    let database = surroundings.control
    let project = try await database.createProject(name: "One").id
    let other = try await database.createProject(name: "Two").id
    func add(_ version: Int, to project: ProjectID) async throws -> TrackingPlanVersion {
      try await database.addTrackingPlan(
        version, digest: String(repeating: "\(version)", count: 64), canonical: "{}", source: "# \(version)",
        ledgerIndex: 40 + Int64(version), project: project)
    }
    #expect(try await database.trackingPlan(of: project) == nil)
    let first = try await add(1, to: project)
    let second = try await add(2, to: project)
    #expect(try await database.trackingPlan(of: project) == second && second.source == "# 2" && second.ledgerIndex == 42)
    #expect(try await database.trackingPlan(1, of: project) == first)
    #expect(try await database.trackingPlan(3, of: project) == nil)
    #expect(try await database.trackingPlan(of: other) == nil)
    for version in [2, 4, 0] {
      await #expect(throws: AccessError.self, "\(version) does not follow") { _ = try await add(version, to: project) }
    }
    await #expect(throws: AccessError.self) { _ = try await add(1, to: ProjectID(99)) }
    #expect(try await add(1, to: other).version == 1)
  }
}
