import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Web

/// One pseudonymous journey: profile in its two layers, and the timeline, newest first.
extension Visit {
  private static let timelineLength = 100

  func subjectPage(_ text: String) async throws -> Response {
    guard let pseudonym = Pseudonym(text) else { return ErrorPage.notFound.response }
    let before = fields["before"].map { EventCursor(text: $0) }
    let answer = try await subject(pseudonym, before: before, limit: Self.timelineLength)
    let isOrganization = text.hasPrefix("g_")
    let whole = isOrganization ? "g_\(pseudonym)" : "s_\(pseudonym)"
    let name = isOrganization ? "Organization" : "Subject"
    guard answer.value.profile != nil || !answer.value.events.isEmpty else {
      let content: HTML = """
        \(Self.heading(name, "<span class=\"id\">\(whole)</span>"))<section class="panel"><p class="empty"><b>This pseudonym has never been seen here.</b> \
        It may belong to another project, or the subject was erased. <a href="\(Address("/subjects"))">Search again</a></p><p>\(Self.entry(answer.receipt))</p></section>
        """
      return .html(page(name, current: "Subjects", content), status: .notFound)
    }
    let canonical = answer.value.profile?.subject ?? answer.value.events.first?.subject
    let merged: HTML =
      canonical.map {
        $0.pseudonym != pseudonym && !isOrganization
          ? "<div class=\"notice\"><p>This id was merged: its journey belongs to \(ValueView.subject($0)).</p></div>" : ""
      } ?? ""
    let shownTo: HTML =
      isOrganization || !may(.readLedger)
      ? ""
      : "<a class=\"button\" href=\"\(Address("/ledger").adding("subject", whole).adding("kind", "disclosures"))\" title=\"Everybody who was shown anything about this subject\">Who saw this subject</a>"
    let actions: HTML = "\(shownTo)<button type=\"button\" data-copy=\"pseudonym\">Copy pseudonym</button>"
    let content: HTML = """
      \(Self.heading(name, "<span class=\"id\" id=\"pseudonym\">\(whole)</span>", actions: actions))\(merged)\
      \(profile(answer.value.profile, isOrganization))\(isOrganization ? Self.peoples : timeline(whole, answer.value.events, isOlder: before != nil))<p>\(Self.entry(answer.receipt)) \
      <span class="ledger">has exactly what this page shows: \(NumberFormat.count(answer.value.events.count, "event")) and the profile of one subject.</span></p>
      """
    return .html(page("\(name) \(ValueView.shortened(pseudonym, isOrganization ? "g" : "s"))", current: "Subjects", content))
  }

  private static let peoples: HTML = """
    <section class="panel"><h2>Journey</h2><p>What an organization did is what its people did: any report that counts organizations follows it.</p></section>
    """

  /// People who have the same value: a cohort that nobody has saved. Of organizations it is not known which property names them.
  private static func others(_ field: String, _ value: SealedValue) -> Address {
    CohortForm(Cohort(rule: .property(field, .equals([.string(value.tagText)])))).address
  }

  private func profile(_ profile: Profile?, _ isOrganization: Bool) -> HTML {
    func value(_ property: StoredProperty) -> HTML {
      ValueView.value(property.value) { ValueView.sealed($0, others: isOrganization ? nil : Self.others(property.name, $0)) }
    }
    func layer(_ title: String, _ words: String, _ properties: [StoredProperty]) -> HTML {
      let rows = properties.map { "<dt><bdi>\($0.name)</bdi></dt><dd>\(value($0))</dd>" as HTML }
      let list: HTML = rows.isEmpty ? "<p class=\"reason\">Nothing written.</p>" : "<dl class=\"values\">\(rows)</dl>"
      return "<section class=\"panel\"><h2>\(title)</h2><p class=\"sub\">\(words)</p>\(list)</section>"
    }
    return """
      <div class="grid">\(layer("Profile, verified", "Written with a secret credential: this layer counts for addresses and memberships.", profile?.verified ?? []))\
      \(layer("Profile, unverified", "Written with the public project token: anybody could have.", profile?.unverified ?? []))</div>
      """
  }

  private func timeline(_ whole: String, _ events: [JourneyEvent], isOlder: Bool) -> HTML {
    var items = HTML()
    var day = ""
    for event in events {
      let today = time.day(event.time)
      if today != day {
        items += "<li class=\"day\">\(today)</li>"
        day = today
      }
      let values = event.properties.map { "<dt><bdi>\($0.name)</bdi></dt><dd>\(ValueView.value($0.value))</dd>" as HTML }
      let original: HTML =
        event.original.map { $0 != event.subject ? " <span class=\"reason\">arrived under \(ValueView.subject($0))</span>" : "" } ?? ""
      let details: HTML =
        values.isEmpty
        ? "<span class=\"reason\">no properties</span>"
        : "<details class=\"menu\"><summary>\(NumberFormat.count(values.count, "property", "properties"))</summary><dl class=\"values\">\(values)</dl></details>"
      items += """
        <li><time datetime="\(LocalTime.iso(event.time))">\(time.clock(event.time))</time><div><h3>\(ValueView.name(event.name))\(original)</h3>\(details)</div></li>
        """
    }
    let older: HTML =
      events.count == Self.timelineLength && events.last != nil
      ? "<a class=\"button\" href=\"\(Address("/subjects/\(whole)").adding("before", events.last?.cursor.text ?? ""))\" title=\"A ledger entry of its own\">Show the next \(Self.timelineLength) older events</a>"
      : ""
    let newest: HTML = isOlder ? "<a class=\"button\" href=\"\(Address("/subjects/\(whole)"))\">Back to the newest</a>" : ""
    let list: HTML = events.isEmpty ? "<p class=\"empty\">No \(isOlder ? "older " : "")events.</p>" : "<ol class=\"timeline\">\(items)</ol>"
    return """
      <section class="panel"><h2>Journey</h2><p class="sub">\(NumberFormat.count(events.count, "event")), newest first, in \(time.zoneName)</p>\(list)\
      <div class="pages">\(newest)\(older)</div></section>
      """
  }
}
