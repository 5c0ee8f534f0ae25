import Crypto
import Custodian
import Events
import Foundation
import Notices
import Testing

/// The custodian signs its own mail, with keys of its own, or none leaves.
struct MailSigningTests {
  private let it: ApprovalBench
  private var directory: URL { it.bench.directory }

  init() throws { it = try ApprovalBench() }

  private struct Records: DNSTextRecords {
    let records: [MailSigner.Record]

    func records(of name: String) async -> DNSTextAnswer {
      records.first { $0.name == name }.map { .found([Array($0.text.utf8)]) } ?? .none
    }
  }

  private func settings(from: String = "security@orrery.example") throws -> MailSettings {
    try MailSettings(
      host: "localhost", port: 25, security: "none", username: nil, from: from, fromName: "Orrery Labs Security", bounces: nil,
      messagesPerMinute: 600, connections: 4, certificateAuthority: nil)
  }

  private func keyFiles() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasPrefix("dkim-") }.sorted()
  }

  private static let message = Array(
    [
      "From: <security@orrery.example>", "To: <ada@brightfen.example>", "Subject: What happened", "Date: Mon, 17 Nov 2025 17:20:00 +0000",
      "Message-ID: <1@orrery.example>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", "Dear Ada,", "",
    ].joined(separator: "\r\n").utf8)

  @Test func `mail is signed with both keys, and a byte that changes breaks both`() async throws {
    var settings = try settings()
    #expect(try settings.signer(in: directory) == nil)
    try settings.sign(as: MailSettings.DKIM(domain: "orrery.example", selector: "n1"), in: directory)
    let read = try #require(try MailSettings.read(in: directory))
    #expect(read == settings && read.dkim?.selector == "n1")
    let signer = try #require(try read.signer(in: directory))
    #expect(signer.records.map(\.name) == ["n1-rsa._domainkey.orrery.example", "n1-ed25519._domainkey.orrery.example"])
    let file = directory.appendingPathComponent("dkim-n1.json")
    #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
    // A zone file's strings are of 255 bytes at most, and make the record again.
    for record in signer.records {
      let strings = record.line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map(
        \.element)
      #expect(strings.joined() == record.text && strings.allSatisfy { $0.utf8.count <= 255 })
    }

    let signed = try signer.signed(Self.message, at: it.clock.read())
    #expect(signed.suffix(Self.message.count).elementsEqual(Self.message))
    let verifier = DKIMVerifier(records: Records(records: signer.records), now: Int(it.clock.read().milliseconds / 1000))
    let checks = await verifier.check(MailMessage(signed))
    #expect(checks.map(\.outcome) == [.pass, .pass] && checks.allSatisfy { $0.weaknesses.isEmpty && $0.alignment == .same })
    for word in ["security@", "ada@", "What", "17:20", "<1@", "MIME-V", "utf-8", "Dear"] {
      var altered = signed
      let place = try #require(signed.firstIndex(of: Array(word.utf8), after: signed.count - Self.message.count))
      altered[place + 1] ^= 1
      let checks = await verifier.check(MailMessage(altered))
      #expect(checks.count == 2 && checks.allSatisfy { $0.outcome != .pass }, "\(word)")
    }
    // A field put above the signed one.
    let start = signed.count - Self.message.count
    let second = Array(signed[..<start]) + Array("Subject: Urgent\r\n".utf8) + signed[start...]
    #expect(await verifier.check(MailMessage(second)).allSatisfy { $0.outcome == .fail(.headersAltered) })
  }

  @Test func `the same name keeps its keys, another one replaces them, none destroys them`() throws {
    var settings = try settings()
    try settings.sign(as: MailSettings.DKIM(domain: "orrery.example", selector: "n1"), in: directory)
    let first = try settings.signer(in: directory)?.records
    try settings.sign(as: MailSettings.DKIM(domain: "orrery.example", selector: "n1"), in: directory)
    #expect(try settings.signer(in: directory)?.records == first && keyFiles() == ["dkim-n1.json"])
    try settings.sign(as: MailSettings.DKIM(domain: "orrery.example", selector: "n2"), in: directory)
    #expect(try settings.signer(in: directory)?.records.map(\.text) != first?.map(\.text))
    #expect(try keyFiles() == ["dkim-n2.json"])
    try settings.sign(as: nil, in: directory)
    #expect(try keyFiles() == [] && MailSettings.read(in: directory)?.dkim == nil)
    try settings.sign(as: MailSettings.DKIM(domain: "orrery.example", selector: "n3"), in: directory)
    try MailSettings.remove(in: directory)
    #expect(try keyFiles() == [] && MailSettings.read(in: directory) == nil)
  }

  @Test func `a backup has the keys, and not a trial's letters`() async throws {
    var settings = try settings()
    try settings.sign(as: MailSettings.DKIM(domain: "orrery.example", selector: "n1"), in: directory)
    let letters = directory.appendingPathComponent("notices")
    try FileManager.default.createDirectory(at: letters, withIntermediateDirectories: false)
    try Data("To: <dora@orrery.example>".utf8).write(to: letters.appendingPathComponent("1.eml"))
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-signing-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let (file, target) = (place.appendingPathComponent("backup"), place.appendingPathComponent("restored"))
    let made = try CustodianBackup.make(of: directory, to: file, now: it.clock.read())
    _ = try CustodianRestore.restore(file, shares: Array(made.shares.prefix(2)), to: target, now: it.clock.read())
    #expect(try MailSettings.read(in: target)?.signer(in: target)?.records == settings.signer(in: directory)?.records)
    #expect(!FileManager.default.fileExists(atPath: target.appendingPathComponent("notices").path))
  }

  @Test("where the keys are not there or not whole, nothing is sent", arguments: ["gone", "cut", "open"])
  func keysThatCannotBeRead(what: String) throws {
    var settings = try settings()
    try settings.sign(as: MailSettings.DKIM(domain: "orrery.example", selector: "n1"), in: directory)
    _ = try NoticeWorker(it.approvals, settings: settings)
    let file = directory.appendingPathComponent("dkim-n1.json")
    switch what {
    case "gone": try FileManager.default.removeItem(at: file)
    case "cut": try FileHandle(forWritingTo: file).truncate(atOffset: 200)
    default: try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    }
    #expect(throws: CustodianError.self) { try NoticeWorker(it.approvals, settings: settings) }
    #expect(CustodianCheck.run(directory, now: it.clock.read()).contains { $0.severity == .bad && $0.sentence.contains("dkim-n1.json") })
  }

  @Test(
    "what nobody would take for the sender's signature is refused",
    arguments: [
      ("other.example", "n1"), ("mail.orrery.example", "n1"), ("example.", "n1"), ("", "n1"), ("orrery.example", ""),
      ("orrery.example", "../n1"),
      ("orrery.example", "N1"), ("orrery.example", "n.1"), ("orrery.example", "-n"), ("orrery.example", String(repeating: "n", count: 41)),
    ])
  func otherNames(domain: String, selector: String) throws {
    var settings = try settings()
    #expect(throws: CustodianError.self) { try settings.sign(as: MailSettings.DKIM(domain: domain, selector: selector), in: directory) }
    #expect(try keyFiles() == [] && MailSettings.read(in: directory) == nil)
    var below = try self.settings(from: "security@mail.orrery.example")
    try below.sign(as: MailSettings.DKIM(domain: "orrery.example", selector: "n1"), in: directory)
  }

  @Test func `an address that mail cannot go to is a name of the statement, and reaches nobody`() async throws {
    // Without the extension of SMTP for it, nothing can be written to jürgen@orrery.example.
    let people = try await it.affected(["dora", "jürgen", "a,b"])
    let statement = try await it.statement(it.bench.server.addIncident(people))
    let stored = try #require(try it.store.statement(statement))
    #expect(stored.unreachable == 2 && stored.statement?.people == 3 && stored.statement?.names == 3)
    #expect(try it.store.recipients(of: statement) == [LetterKind(.person, .en): 1])
  }

  @Test func `a relay that takes such addresses reaches them`() async throws {
    var settings = try settings()
    settings.smtpUTF8 = true
    let people = try await it.affected(["dora", "jürgen", "a,b"])
    let request = try await it.approvedScope(it.bench.server.addIncident(people))
    _ = try it.approvals.beginNotices(request.digest, by: it.approver("Ada"), ticket: it.ticket(request))
    try await NoticeWorker(it.approvals, settings: settings).round()
    #expect(try it.store.statement(request.digest)?.unreachable == 1)
    #expect(try it.store.recipients(of: request.digest).values.reduce(0, +) == 2)
  }
}

extension [UInt8] {
  fileprivate func firstIndex(of word: [UInt8], after start: Int) -> Int? {
    (start...(count - word.count)).first { self[$0..<($0 + word.count)].elementsEqual(word) }
  }
}
