import Access
import Hummingbird
import Ledger
import Relay
import Web

/// The letter that asks a killed vendor to delete everything: a draft, to be sent by a person.
extension Visit {
  func deletionPanel(_ vendor: Vendor) -> HTML {
    """
    <section class="panel" id="deletion"><h2>What it holds is asked back by a person</h2><p>The ledger has that it is asked to delete everything. Nothing leaves from here any more, so somebody must send the letter; \
    what it answers is written down by <code>sealane vendors confirm-deletion \(vendor.id.rawValue) all</code>.</p>\
    <p><a class="button primary" href="\(Address("/vendors/\(vendor.id)/deletion-request"))">Draft of the letter</a></p></section>
    """
  }

  func deletionRequestPage(_ text: String) async throws -> Response {
    try authorize(.readVendors)
    guard let vendor = try await known(text), vendor.state == .killed else { return ErrorPage.notFound.response }
    let letter = try await services.vendors.deletionRequest(vendor)
    let answer = try await disclose(letter, .settings, "console.vendor.deletion_request", fields: ["deletion_request"])
    let holding = answer.value.holding
    let content: HTML = """
      \(Self.heading("Deletion request", "<a href=\"\(Address("/vendors"))\">Vendors</a> · <a href=\"\(Address("/vendors/\(vendor.id)"))\">\(vendor.id.rawValue)</a>"))\
      <div class="notice warning"><p><b>A draft.</b> Read it, complete what stands in brackets, and send it yourself: nothing leaves from here for a killed vendor.</p></div>\
      <section class="panel"><dl class="figures"><div><dt>People</dt><dd>\(NumberFormat.compact(holding.people))</dd></div><div><dt>Events</dt><dd>\(NumberFormat.compact(holding.events))</dd></div>\
      <div><dt>Fields</dt><dd>\(NumberFormat.exact(holding.fields.count))</dd></div><div><dt>Confirmation asked by</dt><dd class="word">\(answer.value.by)</dd></div></dl></section>\
      <section class="panel"><h2>The letter</h2><p class="sub">The same by <code>sealane vendors deletion-request \(vendor.id.rawValue)</code></p><pre class="letter">\(answer.value.text)</pre></section>\
      <p>\(Self.entry(answer.receipt)) <span class="ledger">for what this page shows.</span></p>
      """
    return .html(page("Deletion request", current: "Vendors", content))
  }
}
