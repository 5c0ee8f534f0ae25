internal import Events
internal import Ledger
internal import Web

/// The ledger that is not cosigned any more, and how approvers may accept it.
extension CustodianSite {
  func ledgerSection(_ visitor: Visitor) throws -> HTML? {
    guard let standing = try approvals.store.witnessed(), let refused = standing.refused else { return nil }
    func state(_ checkpoint: Checkpoint) -> HTML {
      "<strong>\(NumberFormat.count(Int(clamping: checkpoint.size), "entry", "entries"))</strong>, root <code>\(checkpoint.root.description)</code>"
    }
    return """
      <section class="panel" id="ledger"><h2>The server’s ledger is not cosigned any more</h2><dl class="values">\
      <dt>Cosigned last, \(Self.moment(standing.cosignedAt))</dt><dd>\(state(standing.checkpoint))</dd>\
      <dt>Refused, \(Self.moment(refused.refusedAt))</dt><dd>\(state(refused.checkpoint))</dd></dl>\
      <p>If the ledger had to be restored to an earlier state, three approvers together can go on from the one that was refused: one asks, two \
      approve. Otherwise put the right one back at the server, and nothing is to be done here.</p>\
      <form method="post" action="/requests" id="accept-ledger">\(visitor.formToken)<input type="hidden" name="kind" value="accept_ledger">\
      \(Self.purposeField)<button class="danger">Ask to accept it</button></form></section>
      """
  }
}
