import Foundation
import Notices
import TestSupport
import Testing

/// The resolver against a name server of these tests, which answers as it likes.
struct SystemTextRecordsTests {
  private func ask(_ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) async throws -> DNSTextAnswer {
    let server = try SmallNameServer(answer: answer)
    defer { server.stop() }
    let records = SystemTextRecords(server: "127.0.0.1", port: server.port, timeoutSeconds: 1, attempts: 1)
    return await records.records(of: "ed._domainkey.orrery.example")
  }

  @Test func recordsArePutTogether() async throws {
    let long = String(repeating: "x", count: 255)
    let found = try await ask { SmallNameServer.answer($0, [["v=DKIM1; ", "k=rsa"], [long, long, "y"], [""]]) }
    #expect(found == .found([Array("v=DKIM1; k=rsa".utf8), Array((long + long + "y").utf8), []]))
  }

  @Test func aNameWithoutARecordIsAnAnswer() async throws {
    #expect(try await ask { SmallNameServer.answer($0, [], code: 3) } == .none)
    #expect(try await ask { SmallNameServer.answer($0, []) } == .none)
  }

  @Test func silenceAndFailureAreNone() async throws {
    #expect(try await ask { _ in nil } == .silent)
    #expect(try await ask { SmallNameServer.answer($0, [], code: 2) } == .silent)
    #expect(await SystemTextRecords(server: "127.0.0.1", port: 1, timeoutSeconds: 1, attempts: 1).records(of: "a.example") == .silent)
  }

  @Test("a key over DNS") func whole() async throws {
    let signer = try DKIMTests.ed25519.get()
    let record = signer.record
    let server = try SmallNameServer { SmallNameServer.answer($0, [[record]]) }
    defer { server.stop() }
    let checks = await DKIMTests.check(try DKIMTests.signed(signer), SystemTextRecords(server: "127.0.0.1", port: server.port))
    #expect(checks.map(\.outcome) == [.pass])
  }

  @Test("fuzz: any answer is one, or none") func fuzz() async throws {
    let generator = Locked(Fuzzing.generator(64))
    let server = try SmallNameServer { question in
      let bytes = generator.use { random in
        var bytes = SmallNameServer.answer(question, [["v=DKIM1; k=ed25519; p=AA"], ["abc", "def"]])
        random.alter(&bytes, places: 0...4, telling: [0, 1, 0x10, 0xC0, 0x0C, 0xFF])
        return bytes
      }
      // An answer to another question is waited out: the time is better spent.
      return Array(question.prefix(2)) + bytes.dropFirst(2)
    }
    defer { server.stop() }
    let records = SystemTextRecords(server: "127.0.0.1", port: server.port, timeoutSeconds: 1, attempts: 1)
    let answers = await withTaskGroup(of: DNSTextAnswer.self) { group in
      for _ in 0..<60 { group.addTask { await records.records(of: "a.orrery.example") } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.contains { if case .found = $0 { true } else { false } })
  }
}
