internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The custodian's own pages. Until approvals come they open nothing for anybody: they say what is held, in counts.
enum StatusPages {
  static func router(_ status: CustodianStatus) -> Router<BasicRequestContext> {
    let router = Router()
    router.get("/") { _, _ in answer(.ok, "text/html; charset=utf-8", page(try status.report())) }
    router.get("/custodian.css") { _, _ in answer(.ok, "text/css; charset=utf-8", style) }
    router.get("/status.json") { _, _ in answer(.ok, "application/json", try json(status.report())) }
    router.get("/healthz") { _, _ in
      // Alive means: the store answers. That the server is away is the server's trouble, and said so.
      guard let report = try? status.report() else {
        return answer(
          .serviceUnavailable, "application/json", #"{"error":"The custodian's store does not answer; run sealane-custodian doctor."}"#)
      }
      return answer(.ok, "application/json", #"{"status":"ok","server_reached":\#(report.isReached),"alarms":\#(report.alarms)}"#)
    }
    return router
  }

  private static func answer(_ code: HTTPResponse.Status, _ type: String, _ body: String) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = type
    headers[.cacheControl] = "no-store"
    for (name, value) in [
      ("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
      ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return Response(status: code, headers: headers, body: .init(byteBuffer: ByteBuffer(string: body)))
  }

  private static func json(_ report: CustodianStatus.Report) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(report), as: UTF8.self)
  }

  private static func page(_ report: CustodianStatus.Report) -> String {
    let projects = report.projects.map {
      "<tr><td>\($0.project)</td><td>\($0.recordKeys)</td><td>\($0.subjects)</td><td>\($0.epochs)</td><td>\($0.erased)</td></tr>"
    }
    let keys = report.keys.map { "<tr><td><code>\(escape($0.id))</code></td><td>\(escape($0.state))</td></tr>" }
    let alarm = report.lastAlarm.map {
      "<p class=\"alarm\"><strong>\(report.alarms) alarm\(report.alarms == 1 ? "" : "s").</strong> The last one: \(escape($0))</p>"
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>Sealane custodian</title><link rel="stylesheet" href="/custodian.css"></head><body><main>
      <h1>Custodian</h1>
      \(alarm ?? "")
      <p>This process holds the keys to identities, and no events. It opens nothing for anybody: there are no approvals yet.</p>
      <dl>
      <dt>Server</dt><dd>\(escape(report.server)), \(report.isReached ? "reached in the last round" : "not reached in the last round")</dd>
      <dt>Last round</dt><dd>\(time(report.lastRound))</dd>
      <dt>Last delivery taken</dt><dd>\(time(report.lastDelivery))</dd>
      <dt>Key in force, SHA-256</dt><dd><code>\(escape(report.fingerprint ?? "none"))</code></dd>
      <dt>Identity, SHA-256</dt><dd><code>\(escape(report.identity))</code></dd>
      </dl>
      <h2>Record keys held</h2>
      <table><thead><tr><th>Project</th><th>Keys</th><th>Subjects</th><th>Epochs</th><th>Erased</th></tr></thead>
      <tbody>\(projects.isEmpty ? "<tr><td colspan=\"5\">None yet: they come with the first sealed values.</td></tr>" : projects.joined())</tbody></table>
      <h2>HPKE keys</h2>
      <table><thead><tr><th>Key</th><th>State</th></tr></thead><tbody>\(keys.joined())</tbody></table>
      </main></body></html>
      """
  }

  private static func time(_ milliseconds: Int64?) -> String {
    guard let milliseconds else { return "none since the start" }
    return Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
  }

  private static func escape(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }

  private static let style = """
    body{margin:0;background:#fbfaf7;color:#1c1b19;font:16px/1.5 system-ui,sans-serif}
    main{max-width:46rem;margin:3rem auto;padding:0 1rem}
    h1{font-size:1.6rem}h2{font-size:1.1rem;margin-top:2rem}
    dt{color:#5d5a54}dd{margin:0 0 .6rem}code{overflow-wrap:anywhere}
    table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
    th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #dedad2}
    .alarm{border-left:4px solid #b3261e;padding:.6rem .8rem;background:#fbe9e7}
    @media (prefers-color-scheme:dark){body{background:#191816;color:#eceae4}dt{color:#a7a39a}th,td{border-color:#3a3833}.alarm{background:#3a1d1a}}
    """
}
