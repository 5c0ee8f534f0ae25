import Access
import Delivery
import Events
import Foundation
import Journeys
import Ledger
import Relay
import Testing

/// The register as a table and as a bill of materials.
struct RegisterTests {
  static func declaration(_ more: String = "", name: String = "Tallymark") throws -> VendorDeclaration {
    try VendorDeclaration(
      yaml: """
        vendor: tallymark
        name: '\(name)'
        purpose: Product analytics
        legal_basis: consent
        contract: {reference: C-1}
        contacts: {breach: b, privacy: p}
        countries: {storage: [US], processing: [US]}
        review: 2027-01-31
        \(more)
        """)
  }

  static func register(_ declaration: VendorDeclaration) async throws -> VendorRegister {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-register-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let control = try ControlDatabase.open(at: directory.appendingPathComponent("control.sqlite"))
    let project = try await control.createProject(name: "Main").id
    _ = try await control.declare(
      declaration.id, in: project, source: "x", digest: String(repeating: "0", count: 64),
      by: Principal(kind: .owner, id: "st_1", credential: "ses_1"), entry: 1)
    let vendor = try #require(try await control.vendor(declaration.id))
    let version = try #require(try await control.versions(of: declaration.id).first)
    try control.close()
    return VendorRegister(
      project: project, projectName: "Main",
      entries: [VendorRegister.Entry(vendor: vendor, version: version, declaration: declaration, subjects: 3, liveGrants: 2)],
      at: Timestamp(milliseconds: 1_763_400_000_000), isComplete: false)
  }

  @Test func everyColumnHasACell() async throws {
    let lines = try await Self.register(Self.declaration()).csv.split(separator: "\r\n")
    #expect(lines.count == 2)
    #expect(lines[0].split(separator: ",").count == VendorRegister.columns.count)
    #expect(lines[1].split(separator: ",", omittingEmptySubsequences: false).count == VendorRegister.columns.count)
    #expect(lines[1].hasSuffix(",0,3,no,0,,2,2025-11-17T17:20:00.000Z"))
  }

  @Test(arguments: ["=1+1", "+1", "-x", "@x", "=HYPERLINK(\"http://evil.example\")"]) func noCellIsAFormula(name: String) async throws {
    let line = try #require(try await Self.register(Self.declaration(name: name)).csv.split(separator: "\r\n").last)
    #expect(line.contains(name == "+1" ? ",+1," : "'\(name.first ?? "?")"), "\(line)")
  }

  @Test func theDirectionIsThatOfTheService() async throws {
    let declared = try Self.declaration("fields: [plan]\ndestination: {type: file, path: /tmp/out}")
    let serial = try #require(UUID(uuidString: "3E671687-395B-41F5-A30F-A58921A69B79"))
    let text = try await Self.register(declared).cycloneDX(serial: serial, version: "1").text
    #expect(text.contains(#""serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79""#))
    #expect(text.contains(#""destination":["urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#vendor/tallymark"],"flow":"outbound""#))
    #expect(text.components(separatedBy: #""flow":"inbound""#).count == 4, "event, time and plan")
  }

  // MARK: Hosts of a declaration

  @Test func hostsAreReadInSmallLetters() throws {
    #expect(try Self.declaration().hosts.isEmpty)
    #expect(
      try Self.declaration("hosts: [CDN.Tallymark.example, tallymark.example]").hosts == ["cdn.tallymark.example", "tallymark.example"])
  }

  @Test(arguments: ["localhost", "https://a.example", "a.example/x", "*.a.example", "a..example", "a b.example", ".example", "a.example:8"])
  func whatIsNoHostIsRefused(host: String) {
    #expect(throws: ChannelError.self) { try Self.declaration("hosts: ['\(host)']") }
  }
}
