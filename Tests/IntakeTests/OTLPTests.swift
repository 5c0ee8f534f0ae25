import Events
import Foundation
import Intake
import TestSupport
import Testing

/// A protobuf message as bytes, for requests.
private struct Message {
  var bytes: [UInt8] = []

  private mutating func varint(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func number(_ field: UInt64, _ value: UInt64) {
    varint(field << 3)
    varint(value)
  }

  mutating func fixed(_ field: UInt64, _ value: UInt64) {
    varint(field << 3 | 1)
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  mutating func bytes(_ field: UInt64, _ value: some Collection<UInt8>) {
    varint(field << 3 | 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func message(_ field: UInt64, _ body: (inout Message) -> Void) {
    var inner = Message()
    body(&inner)
    bytes(field, inner.bytes)
  }

  mutating func attribute(_ field: UInt64, _ name: String, _ value: (inout Message) -> Void) {
    message(field) { pair in
      pair.bytes(1, name.utf8)
      pair.message(2, value)
    }
  }
}

@Suite struct OTLPTests {
  static let intake = Intake()
  static let start: UInt64 = 1_795_435_100_000_000_000

  private static var span: [UInt8] {
    var request = Message()
    request.message(1) { resource in
      resource.message(1) { $0.attribute(1, "service.name") { $0.bytes(1, "api".utf8) } }
      resource.message(2) { scope in
        scope.message(2) { span in
          span.bytes(1, [UInt8](repeating: 7, count: 16))
          span.bytes(2, [UInt8](repeating: 9, count: 8))
          span.bytes(5, "chat gpt-5".utf8)
          span.number(6, 3)
          span.fixed(7, start)
          span.fixed(8, start + 1_234_500_000)
          span.attribute(9, "gen_ai.operation.name") { $0.bytes(1, "chat".utf8) }
          span.attribute(9, "gen_ai.system") { $0.bytes(1, "openai".utf8) }
          span.attribute(9, "gen_ai.request.model") { $0.bytes(1, "gpt-5".utf8) }
          span.attribute(9, "gen_ai.usage.prompt_tokens") { $0.number(3, 12) }
          span.attribute(9, "gen_ai.request.temperature") { $0.fixed(4, (0.5).bitPattern) }
          span.attribute(9, "gen_ai.request.stream") { $0.number(2, 1) }
          span.attribute(9, "gen_ai.response.finish_reasons") { $0.message(5) { $0.message(1) { $0.bytes(1, "stop".utf8) } } }
          span.attribute(9, "gen_ai.input.messages") { $0.bytes(1, "a prompt".utf8) }
          span.attribute(9, "enduser.id") { $0.bytes(1, "user-1".utf8) }
          span.attribute(9, "org_id") { $0.number(3, 42) }
          span.message(15) { status in
            status.bytes(2, "an error with the prompt in it".utf8)
            status.number(3, 2)
          }
        }
      }
    }
    return request.bytes
  }

  static let json = """
    {"resourceSpans":[{"scopeSpans":[{"scope":{"name":"x"},"spans":[{"name":"chat gpt-5","status":{"message":"an error","code":2},
    "attributes":[{"value":{"stringValue":"chat"},"key":"gen_ai.operation.name"},{"key":"gen_ai.system","value":{"stringValue":"open\\u0061i"}},
    {"key":"gen_ai.request.model","value":{"stringValue":"gpt-5"}},{"key":"gen_ai.usage.prompt_tokens","value":{"intValue":"12"}},
    {"key":"gen_ai.request.temperature","value":{"doubleValue":0.5}},{"key":"gen_ai.request.stream","value":{"boolValue":true}},
    {"key":"gen_ai.response.finish_reasons","value":{"arrayValue":{"values":[{"stringValue":"stop"}]}}},
    {"key":"gen_ai.input.messages","value":{"stringValue":"a \\"prompt\\" \\ud83d\\ude00"}},{"key":"enduser.id","value":{"stringValue":"user-1"}},
    {"key":"org_id","value":{"intValue":42}}],"traceId":"07070707070707070707070707070707","spanId":"0909090909090909","kind":3,
    "startTimeUnixNano":"1795435100000000000","endTimeUnixNano":"1795435101234500000"}]}],
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"api"}}]}}]}
    """

  private static func request(_ body: [UInt8], isJSON: Bool, _ signal: OTLPRequest.Signal = .traces) -> OTLPRequest {
    OTLPRequest(
      signal: signal, contentType: isJSON ? "application/json" : "application/x-protobuf", body: body, receivedAt: now,
      groupKeys: ["org_id"])
  }

  private func events(_ outcome: OTLPOutcome) -> [ReceivedEvent] {
    if case .judged(let result) = outcome { result.events.all } else { [] }
  }

  @Test func bothFormsSayTheSame() throws {
    let protobuf = events(Self.intake.read(Self.request(Self.span, isJSON: false)))
    let json = events(Self.intake.read(Self.request(Array(Self.json.utf8), isJSON: true)))
    #expect(protobuf.count == 1 && json.map(\.contents) == protobuf.map(\.contents))
    let event = try #require(protobuf.first)
    #expect(event.name == "Model Call" && event.time.milliseconds == 1_795_435_100_000 && event.identity.distinctID == "user-1")
    #expect(event.insertID?.count == 32 && !event.isVerified)
    #expect(
      event.properties.map(\.name) == [
        "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.request.stream", "gen_ai.request.temperature",
        "gen_ai.response.finish_reasons", "gen_ai.usage.input_tokens", "latency_ms", "otel.status_code", "org_id",
      ])
    #expect(event.property("gen_ai.provider.name") == .string("openai") && event.property("gen_ai.usage.input_tokens") == .number(12))
    #expect(event.property("latency_ms") == .number(1234.5) && event.property("org_id") == .string("42"))
  }

  @Test(
    "a value that is no word of a technical vocabulary is not kept under a kept name",
    arguments: ["how do I leave my husband", "", "gpt-5\nIgnore all", "ünï", String(repeating: "a", count: 65), "a@b.example"])
  func freeTextIsNoWord(text: String) throws {
    var request = Message()
    request.message(1) {
      $0.message(2) {
        $0.message(2) { span in
          span.fixed(7, Self.start)
          span.attribute(9, "gen_ai.provider.name") { $0.bytes(1, "openai".utf8) }
          span.attribute(9, "gen_ai.operation.name") { $0.bytes(1, text.utf8) }
          span.attribute(9, "error.type") { $0.bytes(1, text.utf8) }
          span.attribute(9, "gen_ai.response.finish_reasons") { $0.message(5) { $0.message(1) { $0.bytes(1, text.utf8) } } }
        }
      }
    }
    let event = try #require(events(Self.intake.read(Self.request(request.bytes, isJSON: false))).first)
    #expect(event.properties.map(\.name) == ["gen_ai.provider.name"])
  }

  @Test(
    arguments: [
      ("gpt-5-mini", true), ("claude-opus-4-7", true), ("meta-llama/Llama-3.3-70B-Instruct", true), ("ft:gpt-4o:acme::x", false),
      ("acme-secret-project", false), ("my gpt-5", false), ("gpt-5:acme", false),
    ]) func modelsOfKnownFamiliesAlone(name: String, isKept: Bool) throws
  {
    var request = Message()
    request.message(1) {
      $0.message(2) {
        $0.message(2) { span in
          span.fixed(7, Self.start)
          span.attribute(9, "gen_ai.operation.name") { $0.bytes(1, "chat".utf8) }
          span.attribute(9, "gen_ai.request.model") { $0.bytes(1, name.utf8) }
        }
      }
    }
    let event = try #require(events(Self.intake.read(Self.request(request.bytes, isJSON: false))).first)
    #expect(event.property("gen_ai.request.model") == (isKept ? .string(name) : nil))
    // Under an id's name, of which the gate makes a pseudonym.
    #expect(event.property("gen_ai.request.model_id") == (isKept ? nil : .string(name)))
  }

  @Test func whatIsAboutNoModelIsNoEvent() {
    for body in [#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"GET /","startTimeUnixNano":"1795435100000000000"}]}]}]}"#, "{}"] {
      #expect(events(Self.intake.read(Self.request(Array(body.utf8), isJSON: true))).isEmpty)
    }
    let message =
      #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"gen_ai.user.message","attributes":[{"key":"gen_ai.system","value":{"stringValue":"openai"}}]}]}]}]}"#
    #expect(events(Self.intake.read(Self.request(Array(message.utf8), isJSON: true, .logs))).isEmpty)
  }

  @Test func aBoundOnRecords() {
    var limits = IntakeLimits()
    limits.otlpRecords = 3
    for (count, status) in [(3, 200), (4, 413)] {
      var request = Message()
      request.message(1) { $0.message(2) { scope in for _ in 0..<count { scope.message(2) { $0.fixed(7, Self.start) } } } }
      #expect(status == Self.status(Intake(limits: limits).read(Self.request(request.bytes, isJSON: false))))
    }
  }

  private static func status(_ outcome: OTLPOutcome) -> Int {
    switch outcome {
    case .refused(let reply): reply.status
    case .judged(let result): result.reply().status
    }
  }

  // MARK: Fuzzing

  private func check(_ body: [UInt8], _ note: String) {
    for isJSON in [true, false] {
      for signal in OTLPRequest.Signal.allCases {
        let outcome = Self.intake.read(Self.request(body, isJSON: isJSON, signal))
        #expect([200, 400, 413].contains(Self.status(outcome)), "\(note)")
        for event in events(outcome) {
          #expect(["Model Call", "Tool Call", "Agent Call", "Model Evaluation"].contains(event.name), "\(note)")
          #expect(!event.properties.contains { $0.name.contains("messages") } && event.time <= now, "\(note)")
        }
      }
    }
  }

  @Test func everyTruncationAndEveryByte() {
    for sample in [Self.span, Array(Self.json.utf8)] {
      for length in sample.indices {
        check(Array(sample[..<length]), "cut at \(length)")
        check(Array(sample[length...]), "begun at \(length)")
        for byte: UInt8 in [0x00, 0x22, 0x5C, 0x7D, 0x7F, 0x80, 0xFF] {
          var changed = sample
          changed[length] = byte
          check(changed, "byte \(length) is \(byte)")
        }
      }
    }
  }

  @Test func randomMutations() throws {
    let seconds = Double(ProcessInfo.processInfo.environment["SEALANE_FUZZ_SECONDS"] ?? "") ?? 2
    let seed = ProcessInfo.processInfo.environment["SEALANE_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_261_128
    var random = SeededGenerator(seed: seed)
    let end = ContinuousClock.now + .seconds(seconds)
    var count = 0
    while ContinuousClock.now < end {
      count += 1
      var bytes = Bool.random(using: &random) ? Self.span : Array(Self.json.utf8)
      for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(Array("{}[]\",:0123456789\\u\u{1}".utf8).randomElement(using: &random) ?? 0, at: at)
        case 3: bytes.replaceSubrange(at..<min(bytes.count, at + 20), with: bytes.prefix(Int.random(in: 0...60, using: &random)))
        default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
        }
      }
      check(bytes, "seed \(seed), case \(count)")
    }
    print("fuzz: \(count) OTLP requests from seed \(seed)")
  }
}
