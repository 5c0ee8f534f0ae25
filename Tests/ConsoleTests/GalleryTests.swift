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
    var pages = PageTests.pages.map { (path: $0, isPost: false) }
    let filtered =
      "/insights?s0=Signed%20Up&s0.c0.p=plan&s0.c0.v=team%2C%20free&s0.c1.p=&s1=*&s1.m=percentile&s1.p=latency_ms&s1.q=95&f.c0.p=profile%3Acountry&f.c0.o=not&f.c0.v=DE&from=2026-10-25&to=2026-11-23"
    pages += [
      (filtered, false), ("/setup", false), ("/nowhere", false), (Address("/door", [.init("to", door)]).text, false),
      ("/subjects?q=jane%40example.com", false), ("/insights?s0=*&from=2026-11-23&to=2026-10-23", false),
      ("/insights?s0=*&from=2024-01-01&to=2026-11-23", false), ("/retention?a=*&b=*&unit=day&n=30&from=2026-10-25&to=2026-11-23", false),
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
    try write(try await site.post("/settings/accounts", [.init("name", "Import"), .init("scope", "send")]), "/account-made")
    try write(try await site.get("/", cookie: ""), "/signed-out")
    let up = directory.deletingLastPathComponent()
    try Data(Asset.stylesheet.text.utf8).write(to: up.appendingPathComponent("style.css"))
    try Data(Asset.script.text.utf8).write(to: up.appendingPathComponent("script.js"))
  }
}
