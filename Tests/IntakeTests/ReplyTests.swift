import Events
import Intake
import Testing

/// The answers that clients compare character by character (mixpanel-api.md, 1.2 to 1.4, 1.11, 1.12).
struct ReplyTests {
  static let intake = Intake()
  static let good = #"{"event":"a","properties":{"token":"t"}}"#

  @Test(
    "answers of /track",
    arguments: [
      ("", 200, "text/plain", "1"), ("verbose=0", 200, "text/plain", "1"),
      ("verbose=1", 200, "application/json", #"{"error":null,"status":1}"#),
      ("strict=1", 200, "text/plain", "1"), ("callback=jsonp_1", 200, "text/javascript", "jsonp_1(1);"),
      ("callback=a.b.c&verbose=1", 200, "text/javascript", #"a.b.c({"error":null,"status":1});"#),
      ("callback=alert(1)", 400, "application/json", #"{"error":"'callback' must be the name of a function","status":0}"#),
      ("redirect=http%3A%2F%2Fevil.example%2F", 200, "text/plain", "1"),
    ])
  func answers(query: String, status: Int, type: String, text: String) {
    let reply = Self.intake.read(.json(.track, Self.good, query: query)).reply
    #expect(reply.status == status)
    #expect(reply.contentType == type)
    #expect(reply.text == text)
    #expect(!reply.headers.contains { $0.name.lowercased() == "location" })
  }

  @Test func thePixel() {
    let reply = Self.intake.read(.json(.track, Self.good, query: "img=1&verbose=1")).reply
    #expect(reply.contentType == "image/gif")
    #expect(reply.body.count == 43 && reply.text.hasPrefix("GIF89a"))
  }

  @Test func nothingSent() {
    #expect(Self.intake.read(.json(.track, "")).reply.text == "0")
    #expect(Self.intake.read(.json(.track, "", query: "verbose=1")).reply.text == #"{"error":"data, missing or empty","status":0}"#)
    #expect(Self.intake.read(.json(.track, "[]", query: "verbose=1")).reply.text == #"{"error":"data, missing or empty","status":0}"#)
    #expect(
      Self.intake.read(.json(.import, "", query: "strict=1")).reply.text
        == #"{"code":400,"error":"data, missing or empty","status":"Bad Request"}"#)
    #expect(Self.intake.read(.json(.import, "[]", query: "strict=1")).reply.text == #"{"code":200,"num_records_imported":0,"status":"OK"}"#)
  }

  @Test func importAnswersByMode() {
    #expect(Self.intake.read(.json(.import, Self.good)).reply.text == "1")
    #expect(Self.intake.read(.json(.import, Self.good, query: "strict=0")).reply.text == "1")
    #expect(Self.intake.read(.json(.import, Self.good, query: "strict=0&verbose=1")).reply.text == #"{"error":null,"status":1}"#)
    let reply = Self.intake.read(.json(.import, Self.good, credential: IntakeRequest.Credential.none)).reply
    #expect(reply.status == 401)
    #expect(reply.text == #"{"code":401,"error":"Invalid credentials","status":"Unauthorized"}"#)
  }

  @Test func parametersMayStandInTheForm() {
    let form = "application/x-www-form-urlencoded"
    let body = "data=\(BodyEncodingTests.percent(Self.good))&verbose=1&ip=0"
    #expect(Self.intake.read(.json(.track, body, type: form)).reply.text == #"{"error":null,"status":1}"#)
  }

  @Test func brokenJSON() {
    #expect(Self.intake.read(.json(.track, #"{"event":"#)).reply.text == "0")
    let verbose = Self.intake.read(.json(.track, #"{"event":}"#, query: "verbose=1")).reply
    #expect(verbose.text == #"{"error":"invalid JSON at byte 9","status":0}"#)
    let strict = Self.intake.read(.json(.import, #"[{"event":"a"},]"#, query: "strict=1")).reply
    #expect(strict.status == 400)
    #expect(strict.text == #"{"code":400,"error":"invalid JSON at byte 15","status":"Bad Request"}"#)
  }

  @Test func fixedAnswers() {
    #expect(IntakeReply.rateLimited().status == 429)
    #expect(IntakeReply.unavailable("no \"room\"").text == #"{"code":503,"error":"no \"room\"","status":"Service Unavailable"}"#)
    #expect(IntakeReply.unauthorized(.track).text == #"{"error":"Invalid credentials","status":"error"}"#)
    #expect(StartupAnswer.reply(path: "/flags/")?.text == #"{"flags":{}}"#)
    #expect(StartupAnswer.reply(path: "/flags/definitions")?.text == #"{"flags":[]}"#)
    #expect(StartupAnswer.reply(path: "/settings/")?.text == #"{"sdk_config":{"config":{}}}"#)
    #expect(StartupAnswer.reply(path: "/decide")?.text == #"{"notifications":[],"config":{"enable_collect_everything":false}}"#)
    #expect(StartupAnswer.reply(path: "/flags/abc/first-time-events")?.status == 200)
    #expect(StartupAnswer.reply(path: "/track") == nil)
    #expect(IntakeRequest.Endpoint(path: "/track/") == .track)
    #expect(IntakeRequest.Endpoint(path: "/import") == .import)
    #expect(IntakeRequest.Endpoint(path: "/imports") == nil)
  }

  @Test(
    "origins are echoed only if they are some",
    arguments: [
      ("https://app.example", true), ("http://localhost:3000", true), ("null", true), ("https://a b", false),
      ("x\r\nSet-Cookie: a=b", false), ("*", false), ("", false),
    ])
  func origins(origin: String, isEchoed: Bool) {
    let headers = CrossOrigin.headers(origin: origin)
    #expect(headers.contains(.init("Access-Control-Allow-Origin", origin)) == isEchoed)
    #expect(headers.contains(.init("Access-Control-Allow-Credentials", "true")) == isEchoed)
    let preflight = CrossOrigin.preflight(origin: origin)
    #expect(preflight.status == 204)
    #expect(preflight.headers.contains { $0.name == "Access-Control-Allow-Headers" && $0.value.contains("traceparent") } == isEchoed)
  }
}
