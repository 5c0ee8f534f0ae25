import Access
import Events
import Gate
import Hummingbird
import Journeys
import Ledger
import Web

/// The tracking plan: what waits for a decision, every event with what was found in it, and the versions.
extension Visit {
  func planPage() async throws -> Response {
    let answer = try await planOverview()
    let overview = answer.value
    let content: HTML = """
      \(Self.heading("Tracking plan", planState(overview), actions: planActions(overview)))\(planNotice(overview.current))\(waiting(overview))\(events(overview))\
      \(profiles(overview))\(versions(overview))<p>\(Self.entry(answer.receipt)) <span class="ledger">for names and numbers of this page.</span></p>
      """
    return .html(page("Tracking plan", current: "Plan", content))
  }

  private func planActions(_ overview: PlanOverview) -> HTML {
    let file: HTML = overview.current == nil ? "" : "<a class=\"button\" href=\"\(Address("/plan.yaml"))\" download>Download YAML</a>"
    return "\(file)<a class=\"button primary\" href=\"\(Address("/plan/edit"))\">Edit as YAML</a>"
  }

  private func planState(_ overview: PlanOverview) -> HTML {
    guard let current = overview.current else {
      return "No plan is in force: the gate's own steps alone decide. The first decision below makes version 1."
    }
    let unknown: HTML =
      overview.plan.unknownEvents == overview.plan.unknownProperties
      ? "unknown events and properties: \(Self.words(overview.plan.unknownEvents))"
      : "unknown events: \(Self.words(overview.plan.unknownEvents)), unknown properties: \(Self.words(overview.plan.unknownProperties))"
    return "Version \(current.version.version), set \(time.minute(current.version.createdAt)); \(unknown)."
  }

  private static func words(_ unknown: TrackingPlan.Unknown) -> String {
    switch unknown {
    case .accept: "accepted and flagged"
    case .quarantine: "quarantined"
    case .refuse: "refused"
    }
  }

  /// After a decision: which version it made.
  func planNotice(_ current: PlanServices.InForce?) -> HTML {
    guard let current, fields["set"] == String(current.version.version) else { return HTML() }
    return """
      <div class="notice good"><p>Version \(current.version.version) is in force for what arrives from now on. \
      <span class="ledger">Ledger entry <b>no. \(NumberFormat.exact(Int(current.version.ledgerIndex)))</b></span></p></div>
      """
  }

  // MARK: What waits

  private func waiting(_ overview: PlanOverview) -> HTML {
    let version = overview.current?.version.version ?? 0
    var rows: [HTML] = []
    for events in overview.held {
      rows.append(
        waitingRow(
          "event", events.name, "held: \(NumberFormat.count(events.count, "event")) in no answer, the last \(time.minute(events.last))",
          decisions(.event(events.name), PlanDecision.eventTreatments, current: nil, version: version, back: "/plan")))
    }
    let heldNames = Set(overview.held.map(\.name))
    let strangers = overview.unplanned.events.filter { !heldNames.contains($0.key) && !overview.plan.knows(event: $0.key) }
    for (name, count) in strangers.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(50) where name != GateCounters.otherEvents
    {
      rows.append(
        waitingRow(
          "event", name, "not in the plan: came \(NumberFormat.count(Int(clamping: count), "time"))",
          decisions(.event(name), PlanDecision.eventTreatments, current: nil, version: version, back: "/plan")))
    }
    for (name, count) in overview.unplanned.properties.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(50)
    where overview.plan.everyEvent[name] == nil && name != GateCounters.otherEvents {
      rows.append(
        waitingRow(
          "property", name, "not in the plan: came \(NumberFormat.count(Int(clamping: count), "time")); a decision here is for all events",
          decisions(
            .property(name, of: TrackingPlan.everyEventName), PlanDecision.propertyTreatments, current: nil, version: version, back: "/plan"
          )))
    }
    guard overview.current != nil || !rows.isEmpty else { return HTML() }
    let list: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>Nothing waits.</b> Everything that came since this version is in force, or since the server's start, is in the plan.</p>"
      : """
      <div class="scroll"><table class="plan"><thead><tr><th scope="col">Name</th><th scope="col">What</th><th scope="col">Decide</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    return """
      <section class="panel" id="waiting"><h2>Waiting for a decision</h2><p class="sub">Held events show once they are kept, as if they had always been there; dropped ones go from the disk. A decision writes the plan anew, without the comments of its text.</p>\(list)</section>
      """
  }

  private func waitingRow(_ kind: String, _ name: String, _ words: String, _ choices: HTML) -> HTML {
    "<tr><th scope=\"row\"><span class=\"reason\">\(kind)</span> \(ValueView.name(name))</th><td>\(words)</td><td>\(choices)</td></tr>"
  }

  /// One button for each treatment; the one in force is marked and does nothing.
  ///
  /// - Parameter back: where the decision leads to.
  func decisions(_ place: PlanDecision.Place, _ words: [String], current: String?, version: Int, back: String) -> HTML {
    let named: HTML
    let what: String
    switch place {
    case .event(let name):
      named = "<input type=\"hidden\" name=\"of\" value=\"event\"><input type=\"hidden\" name=\"event\" value=\"\(value: name)\">"
      what = name
    case .property(let name, let event):
      named =
        "<input type=\"hidden\" name=\"of\" value=\"property\"><input type=\"hidden\" name=\"event\" value=\"\(value: event)\"><input type=\"hidden\" name=\"property\" value=\"\(value: name)\">"
      what = name
    case .person(let name):
      named = "<input type=\"hidden\" name=\"of\" value=\"people\"><input type=\"hidden\" name=\"property\" value=\"\(value: name)\">"
      what = name
    case .group(let name):
      named = "<input type=\"hidden\" name=\"of\" value=\"groups\"><input type=\"hidden\" name=\"property\" value=\"\(value: name)\">"
      what = name
    }
    let buttons = words.map { word -> HTML in
      word == current
        ? "<button disabled aria-pressed=\"true\" name=\"treatment\" value=\"\(word)\">\(PlanDecision.label(word))</button>"
        : "<button name=\"treatment\" value=\"\(word)\">\(PlanDecision.label(word))</button>"
    }
    let other: HTML =
      current.map { words.contains($0) ? HTML() : "<button disabled aria-pressed=\"true\">\(PlanDecision.label($0))</button>" } ?? HTML()
    return """
      <form class="choices" method="post" action="/plan/decide" role="group" aria-label="\(what)">\(formToken)<input type="hidden" name="version" value="\(version)">\
      <input type="hidden" name="back" value="\(value: back)">\(named)\(buttons)\(other)</form>
      """
  }

  // MARK: What there is

  private func events(_ overview: PlanOverview) -> HTML {
    let counts = Dictionary(overview.catalog.events.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(counts.keys).union(overview.plan.events.keys)
    let findings = Dictionary(grouping: overview.findings, by: \.event)
    let ordered = names.sorted { left, right in
      let (first, second) = (counts[left]?.count ?? 0, counts[right]?.count ?? 0)
      return first != second ? first > second : left < right
    }
    let rows = ordered.prefix(500).map { name -> HTML in
      let event = overview.plan.events[name]
      let state: HTML =
        event.map { $0.treatment == .keep ? "kept" : "<span class=\"t-dropped\">\($0.treatment == .drop ? "dropped" : "refused")</span>" }
        ?? (overview.current == nil
          ? "<span class=\"reason\">no plan</span>"
          : overview.plan.knows(event: name)
            ? "<span class=\"reason\">SDKs' own</span>" : "<span class=\"t-coarsened\">not in the plan</span>")
      let days: HTML = event?.keepDays.map { "<br><span class=\"reason\">for \(NumberFormat.count($0, "day"))</span>" } ?? ""
      let owner: HTML = event?.owner.map { "\($0)" } ?? "<span class=\"reason\">none</span>"
      return """
        <tr><th scope="row"><a href="\(Address("/plan/event").adding("name", name))">\(ValueView.name(name))</a></th><td>\(state)\(days)</td><td data-label="Owner">\(owner)</td>\
        <td class="num" data-label="Events">\(NumberFormat.exact(counts[name]?.count ?? 0))</td><td class="num" data-label="Properties">\(NumberFormat.exact(counts[name]?.properties.count ?? 0))</td>\
        <td data-label="Found">\(Self.found(findings[name] ?? []))</td></tr>
        """
    }
    let list: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>No event yet.</b> What arrives stands here with what the gate found in it. <a href=\"\(Address("/settings#connect"))\">Connect an SDK</a></p>"
      : """
      <div class="scroll"><table class="plan"><thead><tr><th scope="col">Event</th><th scope="col">Plan</th><th scope="col">Owner</th><th scope="col" class="num">Events</th>\
      <th scope="col" class="num">Properties</th><th scope="col">Found in the last \(Self.planDays) days</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let every: HTML =
      overview.plan.everyEvent.isEmpty
      ? ""
      : "<p class=\"note\"><a href=\"\(Address("/plan/event").adding("name", TrackingPlan.everyEventName))\">\(NumberFormat.count(overview.plan.everyEvent.count, "property", "properties")) of all events</a></p>"
    return "<section class=\"panel\" id=\"events\"><h2>\(NumberFormat.count(names.count, "event"))</h2>\(list)\(every)</section>"
  }

  private func profiles(_ overview: PlanOverview) -> HTML {
    let findings = Dictionary(grouping: overview.findings, by: \.event)
    let rows = [
      ("people", "People", overview.plan.people.count, GateCounters.profiles),
      ("groups", "Organizations", overview.plan.groups.count, GateCounters.groupProfiles),
    ].map { kind, name, count, place -> HTML in
      """
      <tr><th scope="row"><a href="\(Address("/plan/profiles").adding("of", kind))">\(name)</a></th><td class="num" data-label="Fields in the plan">\(count)</td><td data-label="Found">\(Self.found(findings[place] ?? []))</td></tr>
      """
    }
    return """
      <section class="panel" id="profiles"><h2>Profiles</h2><div class="scroll"><table class="plan"><thead><tr><th scope="col">Of</th><th scope="col" class="num">Fields in the plan</th>\
      <th scope="col">Found in the last \(Self.planDays) days</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  /// The most frequent first.
  static func found(_ findings: [GateFinding], most: Int = 6) -> HTML {
    var counts: [String: (treatment: String, count: Int)] = [:]
    for finding in findings {
      counts[finding.reason, default: (finding.treatment, 0)].count += finding.count
    }
    guard !counts.isEmpty else { return "<span class=\"reason\">nothing</span>" }
    let ordered = counts.sorted { $0.value.count != $1.value.count ? $0.value.count > $1.value.count : $0.key < $1.key }
    let chips = ordered.prefix(most).map { reason, found -> HTML in
      """
      <span class="found t-\(found.treatment)" title="\(found.treatment): \(NumberFormat.exact(found.count))">\(reason.replacing("_", with: " ")) <b>\(NumberFormat.compact(found.count))</b></span>
      """
    }
    let more: HTML = ordered.count > most ? " <span class=\"reason\">and \(ordered.count - most) more</span>" : ""
    return chips.joined(" ") + more
  }

  private func versions(_ overview: PlanOverview) -> HTML {
    guard !overview.versions.isEmpty else { return HTML() }
    let rows = overview.versions.map { version -> HTML in
      """
      <tr><th scope="row">\(version.version)</th><td class="nowrap">\(time.minute(version.createdAt))</td><td class="num">\(NumberFormat.exact(Int(version.ledgerIndex)))</td>\
      <td class="id" title="\(version.digest)">\(version.digest.prefix(16))…</td></tr>
      """
    }
    return """
      <section class="panel" id="versions"><h2>Versions</h2><p class="sub">Each stands in the ledger with its digest, so that it can be shown what was not collected when.</p>\
      <div class="scroll"><table><thead><tr><th scope="col">Version</th><th scope="col">Set</th><th scope="col" class="num">Ledger entry</th><th scope="col">SHA-256</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }
}
