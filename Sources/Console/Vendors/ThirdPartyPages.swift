import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Web

/// Hosts that the company's own site calls, as browsers report: those that nobody declared first.
extension Visit {
  private static let thirdPartyRows = 200

  func thirdPartiesPage() async throws -> Response {
    try authorize(.readVendors)
    let found = try await services.vendors.thirdParties(project.id)
    let strangers = found.filter { $0.vendor == nil }
    let sorted = strangers + found.filter { $0.vendor != nil }
    let receipt = try await disclose(sorted.count, .settings, "console.third_parties", fields: ["third_parties"]).receipt
    let content: HTML = """
      \(Self.heading("Third parties", "Hosts that your own site calls, as visitors' browsers report.", actions: vendorTabs(.thirdParties)))\
      \(figures(found, strangers))<section class="panel" id="hosts"><h2>Hosts</h2><p class="sub">Those that no vendor's declaration names come first. Of the last 90 days.</p>\(list(sorted))</section>\
      \(reporting(isUsed: !found.isEmpty))<p class="note">The token stands in your pages' headers, so anybody can send reports: this is what somebody claims that a browser saw. \
      Addresses of pages, samples, browsers and visitors are not kept.</p><p>\(Self.entry(receipt)) <span class="ledger">for what this page shows.</span></p>
      """
    return .html(page("Third parties", current: "Vendors", content))
  }

  private func figures(_ found: [NamedThirdParty], _ strangers: [NamedThirdParty]) -> HTML {
    guard !found.isEmpty else { return "" }
    let reports = found.reduce(0) { $0 + $1.seen.count }
    return """
      <section class="panel"><dl class="figures"><div><dt>Hosts that nobody declared</dt><dd\(strangers.isEmpty ? "" : " class=\"danger\"" as HTML)>\(NumberFormat.exact(strangers.count))</dd></div>\
      <div><dt>Hosts in all</dt><dd>\(NumberFormat.exact(found.count))</dd></div><div><dt>Reports</dt><dd>\(NumberFormat.compact(reports))</dd></div></dl></section>
      """
  }

  private func list(_ parties: [NamedThirdParty]) -> HTML {
    guard !parties.isEmpty else {
      return """
        <p class="empty"><b>No browser has reported a third party.</b> Once your pages say where to report, whatever they load from or send to elsewhere shows here, \
        within half a minute: scripts that somebody pasted in, and what those load in turn.</p>
        """
    }
    let rows = parties.prefix(Self.thirdPartyRows).map { party -> HTML in
      let whose: HTML =
        party.vendor.map { "<a href=\"\(Address("/vendors/\($0)"))\">\($0.rawValue)</a>" as HTML }
        ?? "<span class=\"badge danger\">nobody declared it</span>"
      let directives = party.seen.directives.map { "<bdi class=\"chip\">\($0)</bdi>" as HTML }
      return """
        <tr><th scope="row"><bdi class="name" title="\(party.seen.host)">\(party.seen.host)</bdi></th><td>\(whose)</td><td class="belongs">\(directives.joined(" "))</td>\
        <td class="nowrap">\(Self.day(party.seen.firstDay))</td><td class="nowrap">\(Self.day(party.seen.lastDay))</td><td class="num">\(NumberFormat.exact(party.seen.count))</td></tr>
        """
    }
    let more: HTML =
      parties.count > Self.thirdPartyRows
      ? "<p class=\"sub\">\(NumberFormat.exact(parties.count - Self.thirdPartyRows)) more: <code>sealane vendors third-parties --data DIR</code></p>"
      : ""
    return """
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">Host</th><th scope="col">Whose</th><th scope="col">Called for</th><th scope="col">First day</th>\
      <th scope="col">Last day</th><th scope="col" class="num">Reports</th></tr></thead><tbody>\(rows)</tbody></table></div>\(more)
      """
  }

  /// Reports are counted by day of UTC.
  private static func day(_ number: Int) -> String { LocalTime(zone: "UTC").day(Timestamp(milliseconds: Int64(number) * 86_400_000)) }

  private func reporting(isUsed: Bool) -> HTML {
    let endpoint = "\(services.configuration.intakeOrigin)/csp-report?token=\(project.token)"
    let headers = """
      Content-Security-Policy-Report-Only: default-src 'self'; report-uri \(endpoint); report-to sealane
      Reporting-Endpoints: sealane="\(endpoint)"
      """
    let steps: HTML = """
      <p>Send these headers with your pages. <code>Report-Only</code> blocks nothing; add hosts that you allow behind <code>'self'</code>, and they are not reported any more.</p><pre class="letter">\(headers)</pre>\
      <p>A host that is somebody's is named in that vendor's declaration, and is theirs from the version on that waits or is in force:</p><pre class="code">hosts: [cdn.tallymark.example]</pre>
      """
    return isUsed
      ? "<section class=\"panel\" id=\"reporting\"><h2>Where browsers report</h2><p class=\"sub\">A Content Security Policy of your site</p>\(steps)</section>"
      : "<section class=\"panel\" id=\"reporting\"><h2>Let browsers report</h2><p class=\"sub\">A Content Security Policy of your site</p>\(steps)</section>"
  }
}
