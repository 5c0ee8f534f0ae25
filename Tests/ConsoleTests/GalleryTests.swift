import Foundation
import Testing
import Web

/// Writes every page with every kind of data as files, to be looked at: `SEALANE_GALLERY=/tmp/gallery swift test --filter Gallery`.
struct GalleryTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["SEALANE_GALLERY"] != nil), arguments: SampleEngine.Kind.allCases)
  func pages(_ kind: SampleEngine.Kind) async throws {
    let directory = URL(fileURLWithPath: ProcessInfo.processInfo.environment["SEALANE_GALLERY"] ?? "/tmp/gallery").appendingPathComponent(
      kind.rawValue)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let site = try await Site(kind, hasEvents: kind != .empty)
    _ = try await site.post("/settings/accounts", [.init("name", "Nightly export"), .init("scope", "export")])
    let query =
      "{\"report\":\"funnel\",\"range\":{\"from\":\"2026-10-25\",\"to\":\"2026-11-23\"},\"steps\":[{\"event\":\"Signed Up\"},{\"event\":\"Key Created\"}]}"
    _ = try await site.post("/reports", [.init("name", "Weekly activation"), .init("query", query)])
    let door = "{\"query\":\(query),\"cell\":{\"report\":\"funnel\",\"step\":0,\"dropped_after\":true}}"
    if kind != .empty {
      let name = kind == .hostile ? "\u{202E}gnp <b>" + String(repeating: "W", count: 80) : "Power users"
      let definition =
        #"{"all":[{"did":{"event":"API Call","at_least":50,"last_days":30}},{"property":"plan","operator":"equals","values":["team","enterprise"]}]}"#
      _ = try await site.post("/cohorts", [.init("name", name), .init("definition", definition)])
      _ = try await site.post(
        "/cohorts",
        [.init("name", "Gone quiet"), .init("definition", #"{"all":[{"stopped":{"event":"API Call","days":14}},{"saved":1}]}"#)])
      _ = try await site.post("/door/cohort", [.init("to", door), .init("name", "Lost at the first key")])
    }
    var pages = PageTests.pages.map { (path: $0, isPost: false) }
    let filtered =
      "/insights?s0=Signed%20Up&s0.c0.p=plan&s0.c0.v=team%2C%20free&s0.c1.p=&s1=*&s1.m=percentile&s1.p=latency_ms&s1.q=95&f.c0.p=profile%3Acountry&f.c0.o=not&f.c0.v=DE&from=2026-10-25&to=2026-11-23"
    pages += [
      (filtered, false), ("/setup", false), ("/nowhere", false), (Address("/door", [.init("to", door)]).text, false),
      ("/subjects?q=jane%40example.com", false), ("/insights?s0=*&from=2026-11-23&to=2026-10-23", false),
      ("/insights?s0=*&from=2024-01-01&to=2026-11-23", false), ("/retention?a=*&b=*&unit=day&n=30&from=2026-10-25&to=2026-11-23", false),
    ]
    let cohorts =
      "/cohorts/build?r0=did&r0.e=API%20Call&r0.e.c0.p=model&r0.e.c0.v=large&r0.n=50&r0.t=last&r1=did&r1.not=yes&r1.e=Invoice%20Paid&r1.t=between&r1.from=2026-10-01&r1.to=2026-10-31&r2=first&r2.e=Signed%20Up&r3=stopped&r3.e=Dashboard%20Viewed&r4=profile&r4.p=plan&r4.v=team&r5=cohort&r5.k=1"
    pages += [
      (cohorts, false), (cohorts + "&r6=cohort&r6.k=&join=any&level=org_id", false), ("/cohorts/1", false), ("/cohorts/2", false),
      ("/cohorts/3", false),
      (
        "/insights?s0=*&s0.m=unique&f.c0.p=plan&f.c0.v=team&f.c1.k=1&by.cohort=1&by.cohort=2&from=2026-10-25&to=2026-11-23&level=org_id",
        false
      ),
      ("/funnels?s0=Signed%20Up&s0.c0.k=1&s0.c0.o=notin&s1=Key%20Created&by.cohort=1&by.cohort=2&from=2026-10-25&to=2026-11-23", false),
    ]
    var index = 0
    func write(_ answer: Site.Answer, _ path: String) throws {
      index += 1
      var text = answer.text.replacing("href=\"\(Asset.stylesheet.path)\"", with: "href=\"../style.css\"").replacing(
        "src=\"\(Asset.script.path)\"", with: "src=\"../script.js\"")
      text += "\n<!-- \(path.replacing("--", with: "- -")) -->"
      let name = path.split(separator: "?").first.map { $0.replacing("/", with: "_") } ?? "_"
      try Data(text.utf8).write(to: directory.appendingPathComponent("\(index < 10 ? "0" : "")\(index)\(name.prefix(20)).html"))
    }
    for page in pages { try write(try await site.get(page.path), page.path) }
    try write(try await site.post("/door", [.init("to", door)]), "/door-open")
    try write(try await site.post("/settings/accounts", [.init("name", "Import"), .init("scope", "intake")]), "/account-made")
    try write(try await site.get("/", cookie: ""), "/signed-out")
    let up = directory.deletingLastPathComponent()
    try Data(Asset.stylesheet.text.utf8).write(to: up.appendingPathComponent("style.css"))
    try Data(Asset.script.text.utf8).write(to: up.appendingPathComponent("script.js"))
  }
}
