import Access
import Foundation
import Server
import TestSupport
import Testing

/// Of a browser's report the host and the directive are kept, and nothing else can be.
struct CSPReportTests {
  static func single(_ blocked: String, page: String = "https://www.orrery.example/account", directive: String = "script-src-elem")
    -> String
  {
    #"{"csp-report":{"document-uri":"\#(page)","blocked-uri":"\#(blocked)","effective-directive":"\#(directive)","violated-directive":"x"}}"#
  }

  static func host(_ blocked: String, page: String = "https://www.orrery.example/account") -> String? {
    CSPReport.read(Array(single(blocked, page: page).utf8), .single)?.reports.first?.host
  }

  @Test(arguments: [
    ("https://cdn.tallymark.example/x.js?visitor=ada", "cdn.tallymark.example"), ("http://A.Example:8080", "a.example"),
    ("wss://live.a.example/s", "live.a.example"), ("a.example", "a.example"), ("https://user:word@a.example/", "a.example"),
    ("https://a.example./", "a.example"), ("https://[2001:db8::1]:443/x", "[2001:db8::1]"), ("https://192.0.2.7/x", "192.0.2.7"),
    ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"), ("https://a_b.example#x", "a_b.example"),
  ])
  func theHostIsKept(blocked: String, host: String) { #expect(Self.host(blocked) == host) }

  @Test(arguments: [
    "", "inline", "eval", "data", "blob", "self", "wasm-eval", "data:text/html,x", "blob:https://a.example/1",
    "chrome-extension://abcdef/x.js",
    "moz-extension://1/x", "about:blank", "https://", "https:///x", "https://a b.example/", "https://a..example/",
    "https://-/../é.example/",
    "https://[zz]/", "https://\\u0000.example/", "https://ada@/", "javascript://a.example/%0aalert",
  ])
  func whatIsNoThirdPartyIsPassedOver(blocked: String) { #expect(Self.host(blocked) == nil, "\(blocked)") }

  @Test(arguments: [
    "https://www.orrery.example/x", "https://orrery.example/x", "https://api.orrery.example/", "https://a.www.orrery.example/",
  ])
  func itsOwnHostsAreNoThirdParties(blocked: String) { #expect(Self.host(blocked) == nil) }

  @Test func aHostThatOnlyEndsAlikeIsAnother() {
    #expect(Self.host("https://notorrery.example/") == "notorrery.example")
    #expect(Self.host("https://orrery.example.evil.example/") == "orrery.example.evil.example")
  }

  @Test func directivesAreOfAClosedSet() {
    func directive(_ text: String) -> String? {
      CSPReport.read(Array(Self.single("https://a.example", directive: text).utf8), .single)?.reports.first?.directive
    }
    #expect(directive("img-src") == "img-src" && directive("IMG-SRC https://ada.example") == "img-src")
    #expect(directive("ada-was-here") == "other" && directive("sandbox") == "other")
    let older = #"{"csp-report":{"blocked-uri":"https://a.example/x","violated-directive":"font-src 'self' https://fonts.example"}}"#
    #expect(CSPReport.read(Array(older.utf8), .single)?.reports.map { [$0.host, $0.directive] } == [["a.example", "font-src"]])
  }

  @Test func aListHoldsReportsOfAnyKind() {
    let text = """
      [{"type":"csp-violation","url":"https://orrery.example/x","body":{"blockedURL":"https://a.example/x","effectiveDirective":"img-src"}},
       {"type":"network-error","body":{"phase":"dns"}},{"type":"csp-violation"},
       {"type":"csp-violation","body":{"blockedURL":"https://www.orrery.example/y","documentURL":"https://orrery.example/"}}]
      """
    let reading = CSPReport.read(Array(text.utf8), .list)
    #expect(reading?.count == 4 && reading?.reports.map { [$0.host, $0.directive] } == [["a.example", "img-src"]])
    let many = "[" + Array(repeating: "{}", count: CSPReport.mostReports + 1).joined(separator: ",") + "]"
    #expect(CSPReport.read(Array(many.utf8), .list) == nil)
    for bad in ["", "{}", "[1]", "null", "[", #"{"csp-report":1}"#] {
      #expect(CSPReport.read(Array(bad.utf8), .list) == nil && CSPReport.read(Array(bad.utf8), .single) == nil, "\(bad)")
    }
  }

  @Test func theMeterIsBounded() {
    let meter = ThirdPartyMeter()
    let reports = (0..<ThirdPartyMeter.most + 7).compactMap {
      CSPReport.read(Array(Self.single("https://h\($0).example/", directive: "img-src").utf8), .single)?.reports.first
    }
    #expect(meter.add(reports) == 7 && meter.add([reports[0], reports[1], reports[0]]) == 0)
    let drained = meter.drain()
    #expect(drained.count == ThirdPartyMeter.most && drained.first { $0.host == "h0.example" }?.count == 3)
    #expect(meter.drain().isEmpty)
  }

  @Test func fuzzReports() {
    let list =
      #"[{"type":"csp-violation","url":"https://o.example/x","body":{"blockedURL":"https://[2001:db8::1]:8/x","effectiveDirective":"img-src"}}]"#
    var random = Fuzzing.generator(62)
    Fuzzing.forAWhile { round in
      let form = CSPReport.Form.allCases[round % 2]
      var bytes = Array((form == .single ? Self.single("https://u@cdn.a.example:8/x?y#z") : list).utf8)
      random.alter(&bytes, telling: Array("\"\\:/@[]{}.#?".utf8) + SeededGenerator.edges)
      guard let reading = CSPReport.read(bytes, form) else { return }
      #expect(reading.reports.count <= reading.count && reading.count <= CSPReport.mostReports)
      for report in reading.reports {
        #expect(CSPReport.isHost(report.host) && report.host.utf8.count <= 253)
        #expect(!report.host.contains { "/?#@\\ ".contains($0) }, "\(report.host)")
        #expect(report.directive == "other" || CSPReport.directives.contains(report.directive))
      }
    }
  }
}
