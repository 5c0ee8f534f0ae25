import Access
import Events
import Foundation
import Journeys
import Ledger
import Relay
import Testing

/// The letter that asks for everything back says what is asked of whom, and names nobody.
struct DeletionRequestTests {
  static let now = Timestamp(milliseconds: 1_764_374_400_000)

  static func letter(
    people: Int = 1_204, isComplete: Bool = true, entry: UInt64? = 42, unconfirmed: Int = 0, by: CalendarDate? = nil,
    subprocessors: String = "[]"
  ) async throws -> DeletionRequest {
    let declaration = try VendorDeclaration(
      yaml: """
        vendor: tallymark
        name: Tallymark
        purpose: Product analytics
        legal_basis: legitimate interests
        contract: {reference: C-2026-1}
        contacts: {breach: security@tallymark.example, privacy: privacy@tallymark.example}
        countries: {storage: [US], processing: [US]}
        subprocessors: \(subprocessors)
        review: 2027-01-31
        """)
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-letter-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let control = try ControlDatabase.open(at: directory.appendingPathComponent("control.sqlite"))
    let project = try await control.createProject(name: "Main").id
    _ = try await control.declare(
      declaration.id, in: project, source: "x", digest: String(repeating: "0", count: 64),
      by: Principal(kind: .owner, id: "st_1", credential: "ses_1"), entry: 1)
    try await control.setState(.killed, of: declaration.id, from: [.declared])
    let vendor = try #require(try await control.vendor(declaration.id))
    try control.close()
    return DeletionRequest(
      vendor: vendor, declaration: declaration,
      holding: DeletionRequest.Holding(
        people: people, events: 30_112, fields: ["event", "plan"], first: now, last: now, isComplete: isComplete), unconfirmed: unconfirmed,
      entry: entry, date: now, by: by)
  }

  @Test func itSaysWhatIsAsked() async throws {
    let text = try await Self.letter(subprocessors: "[{name: Cloudhost, country: US}]").text
    for words in [
      "DRAFT.", "privacy@tallymark.example", "security@tallymark.example", "C-2026-1",
      "1204 people, delivered in batches of together 30112 events", "event, plan",
      "2025-11-29T00:00:00", "v_ and 32", "Article 28(3)(g)", "Article 17", "backups", "Cloudhost (US)", "by 2025-12-29", "entry no. 42",
    ] { #expect(text.contains(words), "\(words)") }
    #expect(text.hasPrefix("DRAFT.") && !text.contains("at least") && !text.contains("single people"))
  }

  @Test func whatIsNotKnownIsSaid() async throws {
    let text = try await Self.letter(people: 1, isComplete: false, entry: nil, unconfirmed: 2, by: CalendarDate("2026-03-01")).text
    #expect(text.contains("at least 1 person, delivered in batches of together 30112 events"))
    #expect(text.contains("2 requests to erase single people"))
    #expect(text.contains("[Our ledger has no entry") && text.contains("by 2026-03-01") && !text.contains("entry no."))
  }

  @Test(arguments: [
    ("{type: mixpanel, url: https://x.example, project_id: 1, username: u, secret_env: X}", 1_999),
    ("{type: segment, url: https://x.example, write_key_env: X}", 5_000), ("{type: file, path: /x}", 5_000),
  ])
  func requestsAreBounded(destination: String, most: Int) throws {
    let declaration = try RegisterTests.declaration("destination: \(destination)")
    #expect(declaration.destination?.mostIDsOfDeletion == most)
  }
}
