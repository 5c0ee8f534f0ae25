import CZlib
import Events
import Foundation
import Intake
import TestSupport
import Testing

/// Every way in which clients wrap the same event (mixpanel-api.md, 1.1) comes to the same received event.
struct BodyEncodingTests {
  static let intake = Intake()

  /// How a client may wrap a JSON text.
  enum Wrapping: String, CaseIterable, Sendable {
    case json, jsonWithoutType, array, lines, unlabelledLines, formJSON, formBase64, formBase64Raw, formURLSafe, formUnpadded,
      formPlusAsSpace, queryBase64
    case queryJSON, beacon, bareBase64, gzip, deflate, rawDeflate, gzipForm, gzipLines, gzipTwoMembers, byteOrderMark

    func request(_ endpoint: IntakeRequest.Endpoint, _ json: String) -> IntakeRequest {
      var request = IntakeRequest.json(endpoint, json)
      let base64 = Data(json.utf8).base64EncodedString()
      let form = "application/x-www-form-urlencoded"
      func send(_ text: String, _ type: String?) {
        request.body = Array(text.utf8)
        request.contentType = type
      }
      switch self {
      case .json: break
      case .jsonWithoutType: request.contentType = nil
      case .array: send("[\(json)]", "application/json; charset=utf-8")
      case .lines: send(json + "\n\n", "application/x-ndjson")
      case .unlabelledLines: send("\n" + json + "\r\n" + json + "\n", "application/json")
      case .formJSON: send("verbose=0&data=" + BodyEncodingTests.percent(json) + "&ip=0", form)
      case .formBase64: send("data=" + BodyEncodingTests.percent(base64), form + "; charset=UTF-8")
      case .formBase64Raw: send("data=" + base64, form)
      case .formURLSafe:
        send("data=" + base64.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_"), form)
      case .formUnpadded: send("data=" + BodyEncodingTests.percent(base64.replacingOccurrences(of: "=", with: "")), form)
      case .formPlusAsSpace: send("data=" + BodyEncodingTests.percent(base64.replacingOccurrences(of: "+", with: " ")), form)
      case .queryBase64:
        request.body = []
        request.contentType = nil
        request.query = "ip=0&data=" + BodyEncodingTests.percent(base64)
      case .queryJSON:
        request.body = []
        request.contentType = nil
        request.query = "data=" + BodyEncodingTests.percent(json)
      case .beacon: send("data=" + BodyEncodingTests.percent(base64), "text/plain;charset=UTF-8")
      case .bareBase64: send(base64, "text/plain")
      case .gzip: compress(&request, bits: 31, "gzip")
      case .deflate: compress(&request, bits: 15, "deflate")
      case .rawDeflate: compress(&request, bits: -15, "deflate")
      case .gzipForm:
        send("data=" + BodyEncodingTests.percent(base64), form)
        compress(&request, bits: 31, "gzip")
      case .gzipLines:
        send(json + "\n", "application/x-ndjson")
        compress(&request, bits: 31, "GZIP")
      case .gzipTwoMembers:
        let half = request.body.count / 2
        request.body =
          BodyEncodingTests.deflated(Array(request.body[..<half]), bits: 31)
          + BodyEncodingTests.deflated(Array(request.body[half...]), bits: 31)
        request.contentEncoding = "gzip"
      case .byteOrderMark: send("\u{FEFF}" + json, "application/json")
      }
      return request
    }

    private func compress(_ request: inout IntakeRequest, bits: Int32, _ name: String) {
      request.body = BodyEncodingTests.deflated(request.body, bits: bits)
      request.contentEncoding = name
    }
  }

  @Test("random events come out the same from every wrapping", arguments: Wrapping.allCases)
  func sameFromEveryWrapping(wrapping: Wrapping) throws {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<60 {
      let json = Self.randomEvent(&random)
      let plain = Self.intake.read(.json(.track, json))
      let wrapped = Self.intake.read(wrapping.request(.track, json))
      let expected = try #require(plain.events.first, "the plain event is good: \(plain.reply.text)")
      let seen = try #require(wrapped.events.first, "\(wrapping): \(wrapped.reply.text)")
      #expect(seen.contents == expected.contents)
      #expect(wrapped.reply.text == "1")
    }
  }

  @Test func bombsAreRefusedBeforeTheyUnfold() {
    var request = IntakeRequest.json(.import, "")
    request.body = Self.deflated([UInt8](repeating: 0x20, count: 60_000_000), bits: 31)
    request.contentEncoding = "gzip"
    let reply = Self.intake.read(request).reply
    #expect(reply.status == 413)
    #expect(reply.text == #"{"code":413,"error":"request exceeds max limit of 10485760 bytes","status":"Request Entity Too Large"}"#)
  }

  @Test func brokenCompressionIsABadRequest() {
    let whole = Self.deflated(Array(#"[{"event":"a","properties":{"token":"t"}}]"#.utf8), bits: 31)
    var request = IntakeRequest.json(.track, "")
    request.contentEncoding = "gzip"
    for length in 1..<(whole.count - 1) {
      request.body = Array(whole[..<length])
      #expect(Self.intake.read(request).reply.status == 400, "cut at \(length)")
    }
    request.body = Array("this is no gzip at all".utf8)
    #expect(Self.intake.read(request).reply.text == #"{"error":"the body is not gzip as Content-Encoding says","status":0}"#)
    request.contentEncoding = "br"
    #expect(Self.intake.read(request).reply.status == 415)
  }

  @Test func textThatIsNotUTF8IsSaidSo() {
    for endpoint in [IntakeRequest.Endpoint.track, .import] {
      var request = IntakeRequest.json(endpoint, "", query: "verbose=1")
      request.body = Array(#"{"event":""#.utf8) + [0xFF, 0xFE] + Array(#""}"#.utf8)
      let reply = Self.intake.read(request).reply
      #expect(reply.status == (endpoint == .import ? 400 : 200))
      #expect(reply.text.contains("invalid UTF-8 at byte 10"), "\(reply.text)")
    }
    var utf16 = IntakeRequest.json(.import, "")
    utf16.body = Array(#"[{"event":"a"}]"#.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
    #expect(Self.intake.read(utf16).reply.status == 400)
  }

  @Test func tooManyBytesNameTheLimit() {
    let filler = String(repeating: "x", count: 11_000_000)
    let reply = Self.intake.read(.json(.track, #"{"event":"a","properties":{"token":"t","x":"\#(filler)"}}"#)).reply
    #expect(reply.status == 413)
    #expect(reply.text == #"{"code":413,"error":"request exceeds max limit of 10485760 bytes","status":"Request Entity Too Large"}"#)
  }

  @Test("3,000 records are refused as a whole", arguments: IntakeRequest.Endpoint.allCases)
  func tooManyRecords(endpoint: IntakeRequest.Endpoint) {
    let record = #"{"event":"a","properties":{"token":"t"}}"#
    for body in [
      "[" + Array(repeating: record, count: 3000).joined(separator: ",") + "]",
      Array(repeating: record, count: 2001).joined(separator: "\n"),
    ] {
      let outcome = Self.intake.read(.json(endpoint, body))
      #expect(outcome.result == nil)
      #expect(outcome.reply.status == 413)
      #expect(
        outcome.reply.text == #"{"code":413,"error":"request exceeds max limit of 2000 records","status":"Request Entity Too Large"}"#)
    }
  }

  @Test func aBadLineDoesNotSpoilTheGoodOnes() throws {
    let good = #"{"event":"a","properties":{"time":\#(nowSeconds),"distinct_id":"u1","$insert_id":"i1"}}"#
    let lines = [good, #"{"event":"b","properties":{"#, "", "not json", good, #"{"event":"\#u{FF}"#, good].joined(separator: "\n")
    let outcome = Self.intake.read(.json(.import, lines, query: "strict=1", type: "application/x-ndjson"))
    #expect(outcome.events.count == 3)
    let result = try #require(outcome.result)
    #expect(result.failures.map(\.index) == [1, 2, 4])
    #expect(result.failures[1].message == "invalid JSON at byte 1")
    #expect(outcome.reply.status == 400)
    #expect(outcome.reply.text.contains(#""num_records_imported":3"#))
  }

  /// A string of an event, of all the kinds that make trouble.
  static func randomString(_ random: inout SeededGenerator) -> String {
    let pieces = [
      "a", "Z", "9", "~", "?>", "é", "漢字", "😀", "\u{202E}", "\u{1}", "\\", "\"", "<script>", "&x=1", "+", "%41", " ", "\n", "\u{0}", "/",
    ]
    return (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
  }

  static func randomValue(_ random: inout SeededGenerator, depth: Int = 0) -> Any {
    switch Int.random(in: 0..<(depth < 2 ? 8 : 6), using: &random) {
    case 0: Int.random(in: -1_000_000...1_000_000, using: &random)
    case 1: Double.random(in: -1e6...1e6, using: &random)
    case 2: Bool.random(using: &random)
    case 3: NSNull()
    case 4, 5: randomString(&random)
    case 6: (0..<Int.random(in: 0...4, using: &random)).map { _ in randomValue(&random, depth: depth + 3) }
    default:
      Dictionary(
        (0..<Int.random(in: 0...4, using: &random)).map { ("k\($0)", randomValue(&random, depth: depth + 1)) },
        uniquingKeysWith: { first, _ in first })
    }
  }

  static func randomEvent(_ random: inout SeededGenerator) -> String {
    var properties: [String: Any] = ["token": "t0", "time": nowSeconds - Int.random(in: 0...400_000, using: &random)]
    if Bool.random(using: &random) { properties["distinct_id"] = "u" + randomString(&random) }
    if Bool.random(using: &random) { properties["$device_id"] = "d" + randomString(&random) }
    if Bool.random(using: &random) { properties["$insert_id"] = String(UInt64.random(in: 0 ... .max, using: &random), radix: 36) }
    for _ in 0..<Int.random(in: 0...20, using: &random) { properties["p" + randomString(&random)] = randomValue(&random) }
    let event: [String: Any] = ["event": "e" + randomString(&random), "properties": properties]
    let options: JSONSerialization.WritingOptions = Bool.random(using: &random) ? [] : [.withoutEscapingSlashes]
    return String(decoding: (try? JSONSerialization.data(withJSONObject: event, options: options)) ?? Data(), as: UTF8.self)
  }

  static func percent(_ text: String) -> String {
    text.utf8.map { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        ? String(UnicodeScalar(byte))
        : byte == 0x20 ? "+" : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: byte % 2 == 0)
    }.joined()
  }

  static func deflated(_ bytes: [UInt8], bits: Int32) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(&stream, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
    var input = bytes
    let count = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        deflate(&stream, Z_FINISH)
        return output.count - Int(stream.avail_out)
      }
    }
    return Array(output[..<count])
  }
}
