import Crypto
import Custodian
import Events
import Foundation
import Testing
import Vault

/// The bytes that are signed: docs/FORMATS.md, "Requests to the custodian".
struct RequestFormatTests {
  private static let ada = Approver(id: .init(repeating: 0x0A, count: 16), name: "Ada")
  private static let time = Timestamp(milliseconds: 1_763_400_000_000)

  private func request(
    _ wish: CustodianRequest.Wish, purpose: String = "Support case 4711, the customer asked us"
  ) throws -> CustodianRequest {
    try CustodianRequest(wish, purpose: purpose, by: Self.ada, at: Self.time, nonce: .init(repeating: 7, count: 32))
  }

  @Test func `the page's vector is what this program writes`() throws {
    let page = try FormatsDocument()
    let wish = CustodianRequest.Wish.open(
      project: ProjectID(7), subjects: ["s_0102030405060708090a0b0c0d0e0f10", "g_00000000000000000000000000000001"],
      fields: ["$name", "$email"])
    let made = try request(wish)
    #expect(String(decoding: made.canonical, as: UTF8.self) == page["canonical request"])
    #expect(made.digest == (try page.bytes("SHA-256 of the request")))
    #expect(made.challenge(for: .request) == (try page.bytes("challenge of its request")))
    #expect(made.challenge(for: .approval) == (try page.bytes("challenge of its approvals")))
    #expect(made.challenge(for: .completion) == (try page.bytes("challenge of its completion")))
    #expect(CustodianRequest(canonical: made.canonical) == made)
  }

  @Test func `order and repetition make no other request`() throws {
    let (a, b) = ("s_" + String(repeating: "a", count: 32), "s_" + String(repeating: "b", count: 32))
    let one = try request(.open(project: ProjectID(7), subjects: [a, b], fields: ["$id", "$email"]))
    #expect(try request(.open(project: ProjectID(7), subjects: [b, a, b], fields: ["$email", "$id", "$id"])) == one)
    #expect(try CustodianRequest(one.wish, purpose: one.purpose, by: Self.ada, at: Self.time).digest != one.digest)
  }

  @Test("what cannot be read aloud is not written")
  func refused() {
    let subject = "s_" + String(repeating: "a", count: 32)
    let wishes: [CustodianRequest.Wish] = [
      .open(project: ProjectID(0), subjects: [subject], fields: ["$id"]), .open(project: ProjectID(1), subjects: [], fields: ["$id"]),
      .open(project: ProjectID(1), subjects: [subject], fields: []), .open(project: ProjectID(1), subjects: ["ada"], fields: ["$id"]),
      .open(project: ProjectID(1), subjects: [String(repeating: "a", count: 32)], fields: ["$id"]),
      .open(project: ProjectID(1), subjects: [subject], fields: ["a\u{202E}b"]),
      .open(project: ProjectID(1), subjects: (0...10).map { "s_" + String(repeating: "0", count: 30) + "\(10 + $0)" }, fields: ["$id"]),
      .admit(name: ""), .admit(name: "a\u{200B}"), .admit(name: " a"), .dailyLimit(subjects: 0), .dailyLimit(subjects: 1_001),
      .remove(approver: "0b", name: "Bea"), .remove(approver: String(repeating: "0B", count: 16), name: "Bea"),
      .remove(approver: String(repeating: "0b", count: 16), name: ""),
    ]
    for wish in wishes { #expect(throws: ApprovalError.self, "\(wish)") { try request(wish) } }
    for purpose in ["", "too short", "two\nlines of words", "hidden \u{2066}direction", String(repeating: "a", count: 501)] {
      #expect(throws: ApprovalError.self, "\(purpose)") { try request(.admit(name: "Dora"), purpose: purpose) }
    }
  }

  @Test("bytes that were altered anywhere are another request or none")
  func altered() throws {
    for wish in [
      CustodianRequest.Wish.open(project: ProjectID(7), subjects: ["s_" + String(repeating: "a", count: 32)], fields: ["$email"]),
      .admit(name: "Dora"), .dailyLimit(subjects: 40), .passkey, .remove(approver: String(repeating: "0b", count: 16), name: "Bea"),
    ] {
      let sound = try request(wish)
      for index in sound.canonical.indices {
        for bit in 0..<8 {
          var bytes = sound.canonical
          bytes[index] ^= 1 << bit
          if let read = CustodianRequest(canonical: bytes) { #expect(read.canonical == bytes && read.digest != sound.digest) }
        }
        #expect(CustodianRequest(canonical: Array(sound.canonical[..<index])) == nil)
      }
      #expect(CustodianRequest(canonical: sound.canonical + [0x20]) == nil)
    }
  }
}
