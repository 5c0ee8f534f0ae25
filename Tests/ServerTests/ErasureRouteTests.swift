import Access
import Events
import Foundation
import Journeys
import Ledger
import Outbound
import SegmentStore
import Server
import Synchronization
import Testing

@Suite struct ErasureRouteTests {
  private static let principal = Principal(kind: .system, id: "test", credential: "test")
  private static let stranger = Pseudonym(high: 7, low: 7)

  /// What a crash between the ledger's entry and the store leaves, and what a restore of an older backup brings back.
  @Test func whatTheLedgerSaysIsErasedBeforeAnythingIsServed() async throws {
    let gone = Mutex<SubjectReference?>(nil)
    try await TestServer.run { server in
      let events = (0..<3).map { server.event("Called", "user-\($0)", "i\($0)") }
      #expect(try await server.importEvents("[\(events.joined(separator: ","))]").status == 200)
      let project = try #require(server.installation.projects.all.first)
      let chosen = try #require(try await project.store.findSubjects(prefix: "", limit: 10).first).subject
      _ = try await server.installation.ledger.record(
        .subjectErased(project.id, [chosen.number], ids: [chosen.pseudonym]), by: Self.principal)
      // Of somebody whom an older state of the data does not know, and of a project that it does not have.
      for id in [project.id, ProjectID(9)] {
        _ = try await server.installation.ledger.record(
          .subjectErased(id, [SubjectNumber(77)], ids: [Self.stranger]), by: Self.principal)
      }
      gone.withLock { $0 = chosen }
    } afterwards: { configuration in
      let gone = try #require(gone.withLock { $0 })
      for _ in 0..<2 {
        let installation = try await Installation.open(configuration)
        let store = try #require(installation.projects.all.first).store
        let left = try await store.findSubjects(prefix: "", limit: 10).map(\.subject.pseudonym)
        #expect(left.count == 2 && !left.contains(gone.pseudonym))
        let noted = try await installation.access.erasures(after: nil)
        #expect(noted.map(\.subjects) == [[gone.pseudonym], [Self.stranger], [Self.stranger]] && noted.allSatisfy { $0.receipt == nil })
        // The custodian is told of all.
        #expect(try await installation.access.erasuresToCarryOut(after: nil) == noted)
        await installation.close()
      }
    }
  }

  /// The control database of an older version, or of a moment before: whoever was erased and came back keeps what came since.
  @Test func whatCameBackAfterAnErasureStays() async throws {
    try await TestServer.run { server in
      #expect(try await server.importEvents("[\(server.event("Called", "ada", "i1"))]").status == 200)
      let project = try #require(server.installation.projects.all.first)
      let ada = try #require(try await project.store.findSubjects(prefix: "", limit: 10).first).subject.pseudonym
      _ = try await server.control.text(
        "POST", "/api/v1/deletions", body: Array(#"{"subjects":["s_\#(ada)"]}"#.utf8), deadline: .seconds(60))
      #expect(try await server.importEvents("[\(server.event("Called again", "ada", "i2"))]").status == 200)
      try await server.installation.access.forgetErasures()
      try await server.installation.access.setSetting("erasures_seen", to: nil)
    } afterwards: { configuration in
      let installation = try await Installation.open(configuration)
      let store = try #require(installation.projects.all.first).store
      #expect(try await store.catalog().events.map(\.name) == ["Called again"])
      #expect(try await installation.access.erasures(after: nil).count == 1)
      await installation.close()
    }
  }

  @Test func onlyTheOwnerAsksAndOnlyThePinnedCustodianSigns() async throws {
    try await TestServer.run { server in
      #expect(try await server.send("GET", server.console + "/api/v1/erasures", headers: [server.credential]).status == 403)
      for wrong in ["after=x", "subject=ada", "subject=g_00000000000000000000000000000000", "other=1"] {
        let answer = try await server.control.text("GET", "/api/v1/erasures")
        #expect(answer == #"{"erasures":[],"next":null}"#)
        await #expect(throws: (any Error).self) { _ = try await server.control.text("GET", "/api/v1/erasures?\(wrong)") }
      }
      for path in ["/custodian/v1/erasures", "/custodian/v1/erasures?after=3"] {
        #expect(try await server.send("GET", server.console + path).status == 401)
      }
      #expect(try await server.send("POST", server.console + "/custodian/v1/erasures", json: #"{"receipt":""}"#).status == 401)
    }
  }
}
