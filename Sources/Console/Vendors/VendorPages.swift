import Access
import Delivery
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Passkeys
import Relay
import Web

/// Vendors: who gets part of the events outside of the company, what each may get and got, and the kill switch.
extension Visit {
  func vendorsPage(_ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.readVendors)
    let vendors = try await services.control.vendors(of: project.id)
    let receipt = try await disclose(vendors.count, .settings, "console.vendors", fields: ["vendors"]).receipt
    var rows: [HTML] = []
    for vendor in vendors {
      let versions = try await services.control.versions(of: vendor.id)
      let shown = versions.first { $0.version == vendor.inForce } ?? versions.first
      let declaration = shown.flatMap { try? VendorDeclaration(yaml: $0.source) }
      let waits = versions.first.map { $0.state(newest: $0.version) == .waiting } ?? false
      rows.append(
        """
        <tr><th scope="row"><a href="\(Address("/vendors/\(vendor.id)"))">\(ValueView.name(declaration?.name ?? vendor.id.rawValue))</a></th>\
        <td>\(vendorState(vendor))\(waits ? " <span class=\"badge warn\">version \(versions.first?.version ?? 0) waits</span>" as HTML : "")</td>\
        <td class="reason">\(declaration?.purpose ?? "–")</td><td class="num">\(NumberFormat.exact(declaration?.fields.count ?? 0))</td>\
        <td class="num">\(NumberFormat.exact(vendor.progress.events))</td><td class="nowrap">\(vendor.progress.lastSuccessAt.map(time.minute) ?? "never")</td>\
        <td class="nowrap">\(declaration.map { review($0) } ?? "–")</td></tr>
        """)
    }
    let list: HTML =
      vendors.isEmpty
      ? """
      <p class="empty"><b>No vendor is declared: nothing leaves for anybody.</b> Whoever is to get events is declared first: what for, by which contract, and which fields. \
      Then somebody else sees what a week of it would have been, and agrees.</p>
      """
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Vendor</th><th scope="col">State</th><th scope="col">Purpose</th><th scope="col" class="num">Fields</th>\
      <th scope="col" class="num">Events sent</th><th scope="col">Last</th><th scope="col">Review</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let content: HTML = """
      \(Self.heading("Vendors", "Who gets part of the events of \(project.name) outside of the company.", actions: vendorTabs(.vendors)))\(notice)<section class="panel">\(list)</section>\
      \(may(.manageVendors) ? declareForm("") : "")\(Self.vendorNote)<p>\(Self.entry(receipt))</p>
      """
    return .html(page("Vendors", current: "Vendors", content), status: status)
  }

  private static let vendorNote: HTML = """
    <p class="note">A vendor gets pseudonyms that no other vendor and nobody here knows, and the fields that stand in its declaration. Sealed values never leave. \
    Each batch is in the ledger, with exactly its subjects, before it leaves.</p>
    """

  func vendorState(_ vendor: Vendor) -> HTML {
    switch vendor.state {
    case .declared: "<span class=\"reason\">declared, nothing flows</span>"
    case .flowing:
      vendor.progress.lastError == nil
        ? "<span class=\"good\">flowing</span>"
        : "<span class=\"warn\">waiting</span> <span class=\"reason\">\(vendor.progress.lastError ?? "")</span>"
    case .paused: "<span class=\"warn\">paused</span>"
    case .killed: "<span class=\"badge danger\">killed</span>"
    }
  }

  private func review(_ declaration: VendorDeclaration) -> HTML {
    let isDue = declaration.review.description < String(now.text.prefix(10))
    return isDue ? "<span class=\"danger\">\(declaration.review.description), due</span>" : "\(declaration.review.description)"
  }

  private func declareForm(_ text: String) -> HTML {
    """
    <section class="panel" id="declare"><h2>\(text.isEmpty ? "Declare a vendor" : "Change the declaration")</h2><p class="sub">YAML, as docs/VENDORS.md explains. Nothing changes until somebody else agrees to it.</p>\
    <form method="post" action="/vendors">\(formToken)<label class="unseen" for="source">Declaration</label><textarea name="source" id="source" rows="18" spellcheck="false" class="code" required>\
    \(value: text.isEmpty ? Self.example : text)</textarea><button class="primary">Declare</button></form></section>
    """
  }

  private static let example = """
    vendor: tallymark
    name: Tallymark
    purpose: Product analytics for the growth team
    legal_basis: legitimate interests
    contract: {reference: C-2026-1, notice_hours: 24}
    contacts: {breach: security@tallymark.example, privacy: privacy@tallymark.example}
    countries: {storage: [US], processing: [US]}
    review: 2027-01-31
    events: [Request, Signup]
    fields: [plan, model]
    destination:
      type: mixpanel
      url: https://api.tallymark.example
      project_id: 1
      username: sealane
      secret_file: /etc/sealane/tallymark.secret

    """

  // MARK: One

  func vendorPage(_ text: String, _ notice: HTML = "", status: HTTPResponse.Status = .ok) async throws -> Response {
    try authorize(.readVendors)
    guard let vendor = try await known(text) else { return ErrorPage.notFound.response }
    let versions = try await services.control.versions(of: vendor.id)
    let letters = try await services.control.deadLetters(of: vendor.id, limit: 20)
    let people = try await services.control.staff()
    let grants = try await services.vendors.grants.inventory(project.id)
    let receipt = try await disclose(versions.count, .settings, "console.vendor", fields: ["vendor", "vendor_grants"]).receipt
    let inForce = versions.first { $0.version == vendor.inForce }
    let shown = (inForce ?? versions.first).flatMap { try? VendorDeclaration(yaml: $0.source) }
    // Nobody agrees to anything of a killed vendor any more.
    let waiting = vendor.state == .killed ? nil : versions.first.flatMap { $0.state(newest: $0.version) == .waiting ? $0 : nil }
    let content: HTML = """
      \(Self.heading(shown?.name ?? vendor.id.rawValue, "<a href=\"\(Address("/vendors"))\">Vendors</a> · <code>\(vendor.id.rawValue)</code> · \(vendorState(vendor))", actions: actions(vendor)))\
      \(notice)\(vendor.state == .killed ? deletionPanel(vendor) : "")\(vendor.state == .killed ? grantPanel(vendor, grants) : "")\(try await waiting.asyncMap { try await waitingPanel($0, of: vendor, people) } ?? "")\(progressPanel(vendor))\
      \(shown.map { registerPanel($0) } ?? "")\(vendor.state == .killed ? "" : grantPanel(vendor, grants))\(letterPanel(letters))\(versionPanel(versions, people))\
      \(may(.manageVendors) && vendor.state != .killed ? declareForm(versions.first?.source ?? "") : "")<p>\(Self.entry(receipt))</p>
      """
    return .html(page(shown?.name ?? vendor.id.rawValue, current: "Vendors", content), status: status)
  }

  func known(_ text: String) async throws -> Vendor? {
    guard let id = Vendor.ID(rawValue: text), let vendor = try await services.control.vendor(id), vendor.project == project.id else {
      return nil
    }
    return vendor
  }

  private func actions(_ vendor: Vendor) -> HTML {
    let hidden: HTML = "\(formToken)<input type=\"hidden\" name=\"vendor\" value=\"\(value: vendor.id.rawValue)\">"
    var actions: HTML = ""
    if may(.manageVendors), vendor.state == .flowing {
      actions = "<form method=\"post\" action=\"/vendors/pause\">\(hidden)<button>Pause</button></form>"
    }
    if may(.manageVendors), vendor.state == .paused {
      actions = "<form method=\"post\" action=\"/vendors/resume\">\(hidden)<button>Resume</button></form>"
    }
    guard may(.killVendors), vendor.state != .killed else { return actions }
    return "\(actions)<a class=\"button danger\" href=\"\(Address("/vendors/\(vendor.id)/kill"))\">Kill switch</a>"
  }

  private func progressPanel(_ vendor: Vendor) -> HTML {
    let progress = vendor.progress
    return """
      <section class="panel"><h2>What left</h2><p class="sub">Last batch: \(progress.lastSuccessAt.map(time.minute) ?? "never")</p><dl class="figures"><div><dt>Events</dt><dd>\(NumberFormat.compact(progress.events))</dd></div>\
      <div><dt>Batches, each in the ledger</dt><dd>\(NumberFormat.compact(progress.batches))</dd></div>\
      <div><dt>Refused for good</dt><dd>\(NumberFormat.compact(progress.deadLetters))</dd></div></dl></section>
      """
  }

  private func registerPanel(_ it: VendorDeclaration) -> HTML {
    func names(_ all: [String]) -> HTML {
      let chips = all.map { "<bdi class=\"chip\">\(VisibleText.shortened($0, to: 40))</bdi>" as HTML }
      return chips.isEmpty ? "–" : "<span class=\"tags\">\(chips.joined(" "))</span>"
    }
    return """
      <section class="panel"><h2>What it may get, and why</h2><dl class="values"><dt>Purpose</dt><dd>\(it.purpose)</dd><dt>Legal basis</dt><dd>\(it.legalBasis)</dd>\
      <dt>Events</dt><dd>\(it.events.map { names($0) } ?? "all")</dd><dt>Fields</dt><dd>\(names(it.fields))</dd>\
      <dt>Goes to</dt><dd>\(goesTo(it))</dd>\
      <dt>Contract</dt><dd>\(it.contract.reference)\(noticePeriod(it))</dd>\
      <dt>On the day of a breach</dt><dd>\(it.breachContact)</dd><dt>For the data</dt><dd>\(it.privacyContact)</dd>\
      <dt>Stores in</dt><dd>\(it.storageCountries.joined(separator: ", "))</dd><dt>Processes in</dt><dd>\(it.processingCountries.joined(separator: ", "))</dd>\
      <dt>Its own processors</dt><dd>\(it.subprocessors.isEmpty ? "none" : it.subprocessors.map { "\($0.name) (\($0.country))" }.joined(separator: ", "))</dd>\
      <dt>Next review</dt><dd>\(review(it))</dd></dl></section>
      """
  }

  private func goesTo(_ it: VendorDeclaration) -> HTML {
    guard let destination = it.destination else { return "nothing by Sealane" }
    return "\(destination.word), <code>\(destination.place)</code>"
  }

  private func noticePeriod(_ it: VendorDeclaration) -> HTML {
    guard let hours = it.contract.noticeHours else { return "" }
    return ", tells of a breach within \(NumberFormat.count(hours, "hour"))"
  }

  /// What somebody is to agree to: what would have left last week.
  private func waitingPanel(_ version: VendorVersion, of vendor: Vendor, _ people: [StaffMember]) async throws -> HTML {
    let simulation: HTML
    do {
      let answer = try await services.vendors.simulate(version, project.id, principal)
      let it = answer.value
      let rows = it.fields.map { field -> HTML in
        """
        <tr><th scope="row"><bdi>\(VisibleText.shortened(field.name, to: 60))</bdi></th><td class="num">\(NumberFormat.exact(field.people))</td></tr>
        """
      }
      simulation = """
        <p>In the last seven days it would have got <b>\(NumberFormat.count(it.events, "event"))</b> of <b>\(NumberFormat.count(it.people, "person", "people"))</b>\(it.isUpperBound ? " at most" : ""), under pseudonyms of its own:</p>\
        <div class="scroll"><table><thead><tr><th scope="col">Field</th><th scope="col" class="num">Of so many people</th></tr></thead><tbody>\(rows)</tbody></table></div>\
        <p>\(Self.entry(answer.receipt)) <span class="ledger">for these figures.</span></p>
        """
    } catch let error as ChannelError {
      simulation = "<p class=\"danger\">The declaration does not read: \(error.description)</p>"
    }
    let isMine = version.askedBy.kind == .staff && version.askedBy.id == session.session.staff.rawValue
    let hidden: HTML =
      "\(formToken)<input type=\"hidden\" name=\"vendor\" value=\"\(value: vendor.id.rawValue)\"><input type=\"hidden\" name=\"version\" value=\"\(version.version)\">"
    let refuse: HTML =
      "<form method=\"post\" action=\"/vendors/refuse\">\(hidden)<button class=\"link\">\(isMine ? "Take it back" : "Refuse")</button></form>"
    let answer: HTML =
      !may(.manageVendors)
      ? ""
      : isMine
        ? "<p class=\"sub\">Somebody else must agree.</p>\(refuse)"
        : """
        <div class="row"><form data-passkey data-begin="/confirm/begin" data-finish="/confirm/finish" data-then="agree"><input type="hidden" name="act" value="approve_vendor">\
        <input type="hidden" name="about" value="\(value: "\(vendor.id)/\(version.version)")"><button class="primary">Agree, with my passkey</button><p role="status" hidden></p></form>\
        <form method="post" action="/vendors/agree" id="agree" hidden>\(hidden)<input type="hidden" name="ticket"></form>\(refuse)</div>
        """
    return """
      <section class="panel" id="waiting"><h2>Version \(version.version) waits for a second person</h2>\
      <p class="sub">Declared by \(who(version.askedBy, people, [])) on \(time.minute(version.askedAt)). Ledger entry no. \(NumberFormat.exact(Int(clamping: version.askedEntry))).</p>\
      \(simulation)<details class="more"><summary>The declaration</summary><pre class="code">\(version.source)</pre></details>\(answer)</section>
      """
  }

  private func letterPanel(_ letters: [DeadLetter]) -> HTML {
    guard !letters.isEmpty else { return "" }
    let rows = letters.map { letter -> HTML in
      "<tr><td class=\"nowrap\">\(time.second(letter.at))</td><th scope=\"row\">\(ValueView.name(letter.event))</th><td class=\"reason\">\(letter.reason)</td></tr>"
    }
    return """
      <section class="panel" id="letters"><h2>Refused for good</h2><p class="sub">The newest ones. The vendor takes all the others.</p><div class="scroll"><table>\
      <thead><tr><th scope="col">When</th><th scope="col">Event</th><th scope="col">Its answer</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  private func versionPanel(_ versions: [VendorVersion], _ people: [StaffMember]) -> HTML {
    let newest = versions.first?.version ?? 0
    let rows = versions.map { version -> HTML in
      """
      <tr><td class="num">\(version.version)</td><td>\(version.state(newest: newest).rawValue)</td><td>\(who(version.askedBy, people, []))</td>\
      <td class="nowrap">\(time.minute(version.askedAt))</td><td>\(version.decidedBy.map { who($0, people, []) } ?? "–")</td>\
      <td class="nowrap">\(version.decidedAt.map(time.minute) ?? "–")</td><td><details><summary>show</summary><pre class="code">\(version.source)</pre></details></td></tr>
      """
    }
    return """
      <section class="panel"><h2>Versions of its declaration</h2><div class="scroll"><table><thead><tr><th scope="col" class="num">No.</th><th scope="col">State</th><th scope="col">Declared by</th>\
      <th scope="col">When</th><th scope="col">Answered by</th><th scope="col">When</th><th scope="col">Text</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  // MARK: Acts

  func declareVendor() async throws -> Response {
    try authorize(.manageVendors)
    let text = fields["source"] ?? ""
    do {
      let (vendor, version, receipt) = try await services.vendors.desk.declare(
        text.replacing("\r\n", with: "\n"), in: project.id, by: principal)
      return try await vendorPage(
        vendor.id.rawValue,
        "<div class=\"notice good\"><p>Version \(version.version) is declared, and waits for somebody else. \(Self.entry(receipt))</p></div>"
      )
    } catch let error as ChannelError {
      return try await vendorsPage(
        "<div class=\"notice danger\"><p><b>Nothing was declared.</b> \(error.description)</p></div>", status: .badRequest)
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await vendorsPage(
        "<div class=\"notice danger\"><p><b>Nothing was declared.</b> \(error.message)</p></div>", status: .badRequest)
    }
  }

  private func chosen() async throws -> Vendor {
    guard let vendor = try await known(fields.text("vendor")) else { throw AccessError(.notFound, "There is no such vendor.") }
    return vendor
  }

  func decideOnVendor(isApproved: Bool) async throws -> Response {
    try authorize(.manageVendors)
    let vendor = try await chosen()
    guard let version = Int(fields.text("version")) else { throw AccessError(.notFound, "There is no such version.") }
    if isApproved {
      try services.staff.redeem(
        Base64URL.decode(fields.text("ticket")) ?? [], for: .approveVendor(vendor.id, version: version), by: session)
    }
    let receipt = try await services.vendors.desk.decide(version, of: vendor, isApproved: isApproved, by: principal)
    return try await vendorPage(
      vendor.id.rawValue,
      "<div class=\"notice good\"><p>\(isApproved ? "Agreed: its events flow from now on." : "Refused.") \(Self.entry(receipt))</p></div>")
  }

  func pauseVendor() async throws -> Response {
    try authorize(.manageVendors)
    let vendor = try await chosen()
    let receipt = try await services.vendors.desk.pause(vendor, by: principal)
    return try await vendorPage(
      vendor.id.rawValue, "<div class=\"notice good\"><p>Paused: its events wait. \(Self.entry(receipt))</p></div>")
  }

  func resumeVendor() async throws -> Response {
    try authorize(.manageVendors)
    let vendor = try await chosen()
    let receipt = try await services.vendors.desk.resume(vendor, by: principal)
    return try await vendorPage(
      vendor.id.rawValue, "<div class=\"notice good\"><p>Its events flow again. \(Self.entry(receipt))</p></div>")
  }

  func killVendorPage(_ text: String) async throws -> Response {
    try authorize(.killVendors)
    guard let vendor = try await known(text), vendor.state != .killed else { return ErrorPage.notFound.response }
    let content: HTML = """
      \(Self.heading("Kill switch", "<a href=\"\(Address("/vendors/\(vendor.id)"))\">\(vendor.id.rawValue)</a>"))<section class="panel"><h2>Let nothing leave for \(vendor.id.rawValue) any more?</h2>\
      <p>At once, and for good: a batch that is under way is broken off. What it holds already it keeps until it deletes it; \(NumberFormat.count(vendor.progress.events, "event")) left so far.</p>\
      <form method="post" action="/vendors/kill">\(formToken)<input type="hidden" name="vendor" value="\(value: vendor.id.rawValue)"><div class="row"><button class="danger">Pull the kill switch</button>\
      <a class="button" href="\(Address("/vendors/\(vendor.id)"))">Back</a></div></form></section>
      """
    return .html(page("Kill switch", current: "Vendors", content))
  }

  func killVendor() async throws -> Response {
    try authorize(.killVendors)
    let vendor = try await chosen()
    let receipt = try await services.vendors.desk.kill(vendor, by: principal)
    return try await vendorPage(
      vendor.id.rawValue,
      "<div class=\"notice warning\"><p><b>Killed.</b> Nothing leaves for \(vendor.id.rawValue) any more. \(Self.entry(receipt))</p></div>")
  }
}

extension Optional {
  fileprivate func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
    guard let value = self else { return nil }
    return try await transform(value)
  }
}
