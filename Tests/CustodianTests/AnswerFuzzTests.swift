import Crypto
import Custodian
import Events
import Foundation
import Ledger
import Logging
import Synchronization
import TestSupport
import Testing
import Vault

/// A server that answers whatever it likes: the custodian takes it or says that it was unexpected. Seeded; `SEALANE_FUZZ_SECONDS` makes it last.
struct AnswerFuzzTests {
  static let samples: [String] = [
    #"{"erasures":[{"entry":17,"commitment":"abab","project":1,"subjects":["s_0123456789abcdef0123456789abcdef"]}]}"#,
    #"{"entry":17,"subjects":[{"subject":"s_0123456789abcdef0123456789abcdef","match":"id"}],"more":false}"#,
    #"{"announcement":"sealane custodian key v1\nidentity 00\n","sealing":true}"#,
    #"{"entry":18446744073709551615,"values":[{"subject":"s_0123456789abcdef0123456789abcdef","field":"$email","layer":"verified","value":"AQID"}]}"#,
    #"{"entry":1}"#, #"{"error":"no \u001b[31m such thing"}"#, "SLPB\u{1}\u{1}\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}abcd", "",
  ]

  @Test("a server that alters its checkpoints: nothing is cosigned but what continues") func fuzzCheckpoints() async throws {
    let random = Mutex(Fuzzing.generator(22))
    let bench = try CustodianBench()
    let honest = bench.server.connection
    let connection = ServerConnection { request in
      let answer = try await honest.exchange(request)
      guard request.path.hasPrefix("/custodian/v1/checkpoint") else { return answer }
      var body = answer.body
      random.withLock { $0.alter(&body, places: 0...2, telling: Array("{}[]\":,\\0u-1e+/=A".utf8)) }
      return ServerConnection.Answer(status: answer.status, body: body)
    }
    let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    // The first one is believed, so it must not be altered.
    _ = try await Witness(store: bench.store, connection: honest, logger: silent, clock: bench.clock.read).round()
    let witness = Witness(store: bench.store, connection: connection, logger: silent, clock: bench.clock.read)
    let end = ContinuousClock.now + .seconds(Fuzzing.seconds ?? 1)
    var (taken, refused) = (0, 0)
    while ContinuousClock.now < end || taken == 0 || refused == 0 {
      bench.server.state.withLock { state in
        if state.ledger.entries.count < 200 {
          state.ledger.entries.append(FakeLedger.entry("settings_changed", facts: ["a": "b"], project: nil))
        }
      }
      do {
        if try await witness.round() { taken += 1 } else { refused += 1 }
      } catch is CustodianError { refused += 1 } catch is Witness.Failure { refused += 1 } catch is FakeServer.Broken {
        refused += 1
      } catch is SignedNote.Failure { refused += 1 }
      let cosigned = try #require(try bench.store.witnessed()?.checkpoint)
      let root = bench.server.state.withLock { state in
        MerkleTree.root(of: state.ledger.entries.prefix(Int(cosigned.size)).map { MerkleHash.leaf($0) })
      }
      #expect(cosigned.root == root && cosigned.origin == FakeLedger.origin)
    }
  }

  @Test("answers of any status and body") func fuzz() async throws {
    let random = Mutex(Fuzzing.generator(13))
    let connection = ServerConnection { _ in
      random.withLock { random in
        var body = Array((Self.samples.randomElement(using: &random) ?? "").utf8)
        random.alter(&body, places: 0...3, telling: Array("{}[]\":,\\0u-1e".utf8))
        return ServerConnection.Answer(
          status: [200, 200, 200, 204, 404, 403, 409, 500, 0, -1].randomElement(using: &random) ?? 200, body: body)
      }
    }
    let announcement = try CustodianKeyAnnouncement(
      key: try #require(CustodianPublicKey(bytes: [9] + [UInt8](repeating: 0, count: 31))), previous: nil, madeAt: 1,
      signedBy: Curve25519.Signing.PrivateKey())
    let end = ContinuousClock.now + .seconds(Fuzzing.seconds ?? 1)
    var (taken, refused) = (0, 0)
    while ContinuousClock.now < end {
      for call in 0..<8 {
        do {
          switch call {
          case 0:
            for order in try await connection.erasures(after: 3) { #expect(Int64(exactly: order.entry) != nil) }
          case 1:
            let answer = try await connection.subjects(project: ProjectID(1), ids: [], tags: [])
            #expect(answer.subjects.allSatisfy { Pseudonym($0.subject) != nil })
          case 2: _ = try await connection.keyInForce()
          case 3:
            let answer = try await connection.sealedValues(
              project: ProjectID(1), subjects: [], fields: [], request: "", requester: "", approvers: [])
            #expect(answer.values.allSatisfy { ["verified", "unverified", "id"].contains($0.layer) })
          case 4: _ = try await connection.send(receipt: "")
          case 5: _ = try await connection.acknowledge([ProjectID(1): 3])
          case 6:
            if case .refused(let sentence) = try await connection.announce(announcement) {
              #expect(sentence.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } && sentence.unicodeScalars.count <= 200)
            }
          default: _ = try await connection.parcels(limit: 10)
          }
          taken += 1
        } catch let error as CustodianError {
          #expect(!error.description.isEmpty)
          refused += 1
        } catch is AnnouncementError { refused += 1 }
      }
    }
    #expect(taken > 0 && refused > 0)
  }
}
