import Events
import Foundation
import Intake
import TestSupport
import Testing

/// Bad input is normal input: whatever comes, there is a documented answer. Seeded; `SEALANE_FUZZ_SECONDS` makes it last.
struct FuzzTests {
  static let samples: [(IntakeRequest.Endpoint, String)] = [
    (
      .track,
      #"[{"event":"A","properties":{"token":"t","time":1795435100.5,"distinct_id":"u1","$device_id":"d","$user_id":"u1","$insert_id":"x-1","ip":"1.2.3.4","a":[1,{"b":null}],"é":"\ud83d\ude00 \u0000"}},{"event":"B","properties":{"token":"t"}}]"#
    ),
    (
      .import,
      "{\"event\":\"A\",\"properties\":{\"time\":1795435100,\"distinct_id\":\"u1\",\"$insert_id\":\"i1\"}}\n{\"event\":\"B\",\"properties\":{\"time\":1e9,\"distinct_id\":\"\",\"$insert_id\":\"i2\"}}\n"
    ),
    (
      .engage,
      #"[{"$token":"t","$distinct_id":"u1","$set":{"a":1},"$set_once":{"b":null},"$add":{"n":-1.5},"$append":{"l":{}},"$union":{"l":["a"]},"$remove":{"l":"a"},"$unset":["x"],"$delete":""}]"#
    ),
    (.groups, #"{"$token":"t","$group_key":"org_id","$group_id":"o1","$set":{"tier":true},"$time":"2026-11-01T00:00:00"}"#),
  ]

  static let intake = Intake()

  /// Reads one request and holds its answer against the documents.
  @discardableResult
  static func check(_ request: IntakeRequest, _ note: @autoclosure () -> String) -> IntakeOutcome {
    let outcome = intake.read(request)
    let reply = outcome.reply
    let text = reply.text
    let isDocumented =
      switch reply.status {
      case 200:
        text == "1" || text == "0" || text.hasPrefix(#"{"error":"#) || text.hasPrefix(#"{"code":200,"#) || reply.contentType != "text/plain"
      case 400: text.hasPrefix(#"{"code":400,"error":"#) || text.hasPrefix(#"{"error":"#)
      case 413: text.hasPrefix(#"{"code":413,"error":"request exceeds max limit of "#)
      case 415: text.contains("Content-Encoding")
      default: false
      }
    #expect(isDocumented, "\(note()): \(reply.status) \(text)")
    if reply.contentType == "application/json" {
      #expect((try? JSONSerialization.jsonObject(with: Data(reply.body))) != nil, "\(note()): \(text)")
    }
    if let result = outcome.result {
      let kept = result.batches.reduce(0) { $0 + $1.events.count }
      #expect(
        request.endpoint == .engage || request.endpoint == .groups
          || kept + result.ignoredCount + result.failures.count == result.recordCount)
      for event in outcome.events {
        #expect(event.name.utf8.count <= 255 && event.properties.count <= 255 && event.time <= now)
        #expect(Set(event.properties.map(\.name)).count == event.properties.count)
      }
    }
    return outcome
  }

  static func requests(_ endpoint: IntakeRequest.Endpoint, _ body: [UInt8]) -> [IntakeRequest] {
    ["application/json", "application/x-ndjson", "application/x-www-form-urlencoded"].map { type in
      IntakeRequest(
        endpoint: endpoint, contentType: type, query: endpoint == .track ? "verbose=1" : "strict=1", body: body, receivedAt: now,
        credential: .secret)
    }
  }

  @Test func everyTruncation() {
    for (endpoint, sample) in Self.samples {
      let bytes = Array(sample.utf8)
      for length in 0...bytes.count {
        for request in Self.requests(endpoint, Array(bytes[..<length])) { Self.check(request, "cut at \(length)") }
        for request in Self.requests(endpoint, Array(bytes[length...])) { Self.check(request, "begun at \(length)") }
      }
    }
  }

  @Test func everySplitInTwoLines() {
    for (endpoint, sample) in Self.samples {
      let bytes = Array(sample.utf8)
      for length in 0...bytes.count {
        for request in Self.requests(endpoint, Array(bytes[..<length]) + [0x0A] + Array(bytes[length...])) {
          Self.check(request, "split at \(length)")
        }
      }
    }
  }

  @Test func everyByteReplaced() {
    for (endpoint, sample) in Self.samples {
      let bytes = Array(sample.utf8)
      for at in bytes.indices {
        for byte: UInt8 in [0x00, 0x22, 0x5C, 0x7B, 0x5D, 0x2C, 0x39, 0x80, 0xFF] {
          var changed = bytes
          changed[at] = byte
          for request in Self.requests(endpoint, changed).prefix(2) { Self.check(request, "byte \(at) is \(byte)") }
        }
      }
    }
  }

  @Test func randomMutations() throws {
    let seconds = Double(ProcessInfo.processInfo.environment["SEALANE_FUZZ_SECONDS"] ?? "") ?? 2
    let seed = ProcessInfo.processInfo.environment["SEALANE_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_261_123
    var random = SeededGenerator(seed: seed)
    let end = ContinuousClock.now + .seconds(seconds)
    var count = 0
    while ContinuousClock.now < end {
      count += 1
      let (endpoint, sample) = try #require(Self.samples.randomElement(using: &random))
      var bytes = Array(sample.utf8)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      case 1: bytes = Array(Data(bytes).base64EncodedData())
      case 2: bytes = Array("data=".utf8) + bytes
      case 3: bytes = BodyEncodingTests.deflated(bytes, bits: 31)
      default: break
      }
      random.alter(&bytes, places: 0...6, telling: Array("{}[]\",:0123456789eE.-\\unt\u{1}%&=+".utf8))
      let request = IntakeRequest(
        endpoint: endpoint,
        contentType: ["application/json", "application/x-ndjson", "application/x-www-form-urlencoded", "text/plain", "", nil, "x;;"]
          .randomElement(using: &random) ?? nil,
        contentEncoding: [nil, nil, nil, "gzip", "deflate"].randomElement(using: &random) ?? nil,
        query: ["", "verbose=1", "strict=1", "img=1", "callback=f", "ip=1&verbose=1&%zz=%", "data=e30=&verbose=1"].randomElement(
          using: &random) ?? "",
        body: bytes, remoteAddress: "203.0.113.9", receivedAt: now, credential: .secret)
      Self.check(request, "seed \(seed), case \(count)")
    }
    print("fuzz: \(count) cases from seed \(seed)")
    #expect(count > 500)
  }
}
