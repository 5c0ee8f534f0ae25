import Access
import Hummingbird
import Ledger
import Passkeys
import Web

/// Service accounts that take a second person: who asked for what, and the answers.
extension Visit {
  /// Nothing where nothing waits.
  func accountRequests() async throws -> HTML {
    guard may(.manageServiceAccounts) else { return "" }
    let requests = try await services.control.accountRequests(of: project.id).filter { [.waiting, .approved].contains($0.state(at: now)) }
    guard !requests.isEmpty else { return "" }
    let people = try await services.control.staff()
    let rows = requests.map { request -> HTML in
      let draft = request.draft
      func name(_ id: StaffMember.ID?) -> String { people.first { $0.id == id }?.name ?? id?.rawValue ?? "" }
      let networks = draft.networks.isEmpty ? "anywhere" : draft.networks.map(\.description).joined(separator: ", ")
      let state: HTML =
        request.state(at: now) == .approved ? "agreed by <bdi>\(name(request.decidedBy))</bdi>" : "waits for somebody else"
      return """
        <tr><th scope="row">\(ValueView.name(draft.name))</th><td>\(draft.scopes.map(\.rawValue).sorted().joined(separator: ", "))</td><td>\(networks)</td>\
        <td class="num">\(NumberFormat.exact(draft.quota.rows))</td><td class="num">\(Int(draft.lifetime.components.seconds / 86_400))</td>\
        <td><bdi>\(name(request.askedBy))</bdi></td><td>\(state)</td><td>\(next(request))</td></tr>
        """
    }
    return """
      <section class="panel" id="account-requests"><h2>Service accounts that were asked for</h2><p class="sub">One that may export or administer takes two people. Agree only if you know what it is for: ask.</p>\
      <div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">May</th><th scope="col">From</th><th scope="col" class="num">Rows a day</th><th scope="col" class="num">Days</th>\
      <th scope="col">Asked by</th><th scope="col">State</th><th scope="col"><span class="unseen">Next</span></th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  private func next(_ request: AccountRequest) -> HTML {
    let isMine = request.askedBy == session.session.staff
    let hidden: HTML = "<input type=\"hidden\" name=\"request\" value=\"\(value: String(request.id))\">"
    switch request.state(at: now) {
    case .waiting where !isMine:
      return """
        <form data-passkey data-begin="/confirm/begin" data-finish="/confirm/finish" data-then="account-\(Int(request.id))"><input type="hidden" name="act" value="approve_account">\
        <input type="hidden" name="about" value="\(value: String(request.id))"><button class="primary">Agree, with my passkey</button><p role="status" hidden></p></form>\
        <form method="post" action="/settings/accounts/agree" id="account-\(Int(request.id))" hidden>\(formToken)\(hidden)<input type="hidden" name="ticket"></form>\
        <form method="post" action="/settings/accounts/refuse">\(formToken)\(hidden)<button class="link">Refuse</button></form>
        """
    case .waiting:
      return
        "<form method=\"post\" action=\"/settings/accounts/refuse\">\(formToken)\(hidden)<button class=\"link\">Take it back</button></form>"
    case .approved where isMine:
      return
        "<form method=\"post\" action=\"/settings/accounts/make\">\(formToken)\(hidden)<button class=\"primary\">Make it and show the secret</button></form>"
    case .approved, .refused, .made, .expired: return ""
    }
  }

  private func asked() async throws -> AccountRequest {
    guard let id = Int64(fields.text("request")) else { throw AccessError(.notFound, "There is no such request.") }
    return try await services.control.accountRequest(id, of: project.id)
  }

  func agreeToAccount() async throws -> Response {
    try authorize(.manageServiceAccounts)
    let request = try await asked()
    try services.staff.redeem(Base64URL.decode(fields.text("ticket")) ?? [], for: .approveAccount(request.id), by: session)
    let receipt = try await services.staff.accounts.decide(on: request, isApproved: true, by: session.session.staff, as: principal)
    return try await settingsPage("<div class=\"notice good\"><p>Agreed. Whoever asked makes it now. \(Self.entry(receipt))</p></div>")
  }

  func refuseAccount() async throws -> Response {
    try authorize(.manageServiceAccounts)
    let receipt = try await services.staff.accounts.decide(
      on: try await asked(), isApproved: false, by: session.session.staff, as: principal)
    return try await settingsPage("<div class=\"notice good\"><p>Refused. \(Self.entry(receipt))</p></div>")
  }

  func makeAgreedAccount() async throws -> Response {
    try authorize(.manageServiceAccounts)
    let (made, receipt) = try await services.staff.accounts.makeAgreed(try await asked(), by: session.session.staff, as: principal)
    return secretPage("New service account", made, receipt)
  }
}
