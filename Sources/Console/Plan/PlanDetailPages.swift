import Access
import Events
import Gate
import Hummingbird
import Journeys
import Ledger
import Web

/// Every property of one event, or of profiles: how much there is of it, what was found, and one click to decide.
extension Visit {
  func planEventPage() async throws -> Response {
    try authorize(.readSettings)
    let name = fields["name"] ?? ""
    guard !name.isEmpty else { return .seeOther(Address("/plan")) }
    let isEvery = name == TrackingPlan.everyEventName
    let since = Timestamp(milliseconds: now.milliseconds - Int64(Self.planDays) * 86_400_000)
    let answer = try await planDetail(name) { plan, property in
      plan.property(property, of: name)?.treatment == .keep
    } _: { engine in
      isEvery ? EventStatistics(count: 0, properties: []) : try await engine.statistics(of: name, since: since)
    }
    let detail = answer.value
    let event = detail.plan.events[name]
    let address = Address("/plan/event").adding("name", name)
    let version = detail.current?.version.version ?? 0
    let declared = isEvery ? detail.plan.everyEvent : (event?.properties ?? [:]).merging(detail.plan.everyEvent) { first, _ in first }
    var names = Set(detail.statistics.properties.map(\.name)).union(detail.findings.map(\.property))
    names.formUnion(isEvery ? detail.plan.everyEvent.keys.map(\.self) : (event?.properties.keys.map(\.self) ?? []))
    let rows = Self.ordered(names, detail.statistics).map { property -> HTML in
      let rule = declared[property]
      let isReserved = rule == nil && (ReservedNames.isProperty(property) || project.groupKeys.contains(property))
      let whence: HTML =
        !isEvery && event?.properties[property] == nil && rule != nil
        ? "of all events" : isReserved ? "known without the plan" : rule == nil ? "not in the plan" : ""
      let current = rule.map { PlanDecision.word($0.treatment) } ?? (isReserved ? "keep" : nil)
      return row(
        property, rule, whence, detail,
        decisions(
          .property(property, of: name), Self.fitting(property, detail.statistics), current: current, version: version, back: address.text))
    }
    let choice: HTML =
      isEvery
      ? ""
      : """
      <section class="panel"><div class="row"><b>The event as a whole</b> \(decisions(.event(name), PlanDecision.eventTreatments, current: event?.treatment.rawValue, version: version, back: address.text))</div></section>
      """
    let sub: HTML = """
      <a href="\(Address("/plan"))">Tracking plan</a> · \(event?.owner.map { "owned by \($0)" as HTML } ?? "no owner")\
      \(event?.keepDays.map { " · kept for \(NumberFormat.count($0, "day"))" as HTML } ?? "")\(event?.description.map { "<br>\($0)" as HTML } ?? "")
      """
    let count: HTML = isEvery ? "" : "\(NumberFormat.count(detail.statistics.count, "event")) in the last \(Self.planDays) days"
    let content: HTML = """
      \(Self.heading(isEvery ? "All events" : VisibleText.of(name), isEvery ? "<a href=\"\(Address("/plan"))\">Tracking plan</a> · what is said of the properties of all events" : sub))\
      \(planNotice(detail.current))\(choice)\(properties(rows, count))<p>\(Self.entry(answer.receipt)) <span class="ledger">for what this page shows.</span></p>
      """
    return .html(page(isEvery ? "All events" : VisibleText.shortened(name, to: 60), current: "Plan", content))
  }

  func planProfilesPage() async throws -> Response {
    let isGroups = fields["of"] == "groups"
    let title = isGroups ? "Organizations' profiles" : "People's profiles"
    let answer = try await planDetail(isGroups ? GateCounters.groupProfiles : GateCounters.profiles) { plan, property in
      (isGroups ? plan.groups : plan.people)[property].map { $0.treatment == .keep } ?? ReservedNames.isProperty(property)
    } _: { engine in
      try await engine.profileStatistics(ofGroups: isGroups)
    }
    let detail = answer.value
    let declared = isGroups ? detail.plan.groups : detail.plan.people
    let address = Address("/plan/profiles").adding("of", isGroups ? "groups" : "people")
    let version = detail.current?.version.version ?? 0
    let names = Set(detail.statistics.properties.map(\.name)).union(detail.findings.map(\.property)).union(declared.keys)
    let rows = Self.ordered(names, detail.statistics).map { property -> HTML in
      let rule = declared[property]
      let isReserved = rule == nil && ReservedNames.isProperty(property)
      let current = rule.map { PlanDecision.word($0.treatment) }
      return row(
        property, rule, rule != nil ? "" : isReserved ? "known without the plan" : "not in the plan", detail,
        decisions(
          isGroups ? .group(property) : .person(property), PlanDecision.fieldTreatments, current: current, version: version,
          back: address.text))
    }
    let count: HTML = "\(NumberFormat.count(detail.statistics.count, "profile"))"
    let content: HTML = """
      \(Self.heading(title, "<a href=\"\(Address("/plan"))\">Tracking plan</a> · names and addresses are sealed or dropped by the gate whatever is chosen here"))\
      \(planNotice(detail.current))\(properties(rows, count))<p>\(Self.entry(answer.receipt)) <span class="ledger">for what this page shows.</span></p>
      """
    return .html(page(title, current: "Plan", content))
  }

  /// The most frequent first.
  private static func ordered(_ names: Set<String>, _ statistics: EventStatistics) -> [String] {
    let counts = Dictionary(statistics.properties.map { ($0.name, $0.count) }, uniquingKeysWith: { first, _ in first })
    let ordered = names.sorted { left, right in
      let (first, second) = (counts[left] ?? 0, counts[right] ?? 0)
      return first != second ? first > second : left < right
    }
    return Array(ordered.prefix(500))
  }

  /// What can be done with values as they came; where nobody knows them, what can be done with any.
  private static func fitting(_ property: String, _ statistics: EventStatistics) -> [String] {
    let kinds = statistics.properties.first { $0.name == property }?.kinds ?? []
    return PlanDecision.propertyTreatments.filter { word in
      switch word {
      case "url", "user_agent", "place": kinds.contains(.text)
      case "hour": kinds.contains(.text) || kinds.contains(.number)
      default: true
      }
    }
  }

  private func properties(_ rows: [HTML], _ count: HTML) -> HTML {
    let list: HTML =
      rows.isEmpty
      ? "<p class=\"empty\"><b>No property.</b> Nothing of it came, and the plan says nothing of it.</p>"
      : """
      <div class="scroll"><table class="plan"><thead><tr><th scope="col">Property</th><th scope="col" class="num">Volume</th><th scope="col" class="num">Different values</th>\
      <th scope="col">Found</th><th scope="col">What becomes of it</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    return """
      <section class="panel" id="properties"><div class="title"><div><h2>\(NumberFormat.count(rows.count, "property", "properties"))</h2><p class="sub">\(count)</p></div></div>\(list)\
      <p class="note">Values are shown of properties that are kept, the most frequent ones. What the gate found was taken out before anything was stored.</p></section>
      """
  }

  private func row(_ name: String, _ rule: TrackingPlan.Property?, _ whence: HTML, _ detail: PlanDetail, _ choices: HTML) -> HTML {
    let statistics = detail.statistics.properties.first { $0.name == name }
    let (total, count) = (detail.statistics.count, statistics?.count ?? 0)
    let words = [rule?.kind.map { $0.rawValue }, rule?.weight.map { $0.rawValue }, rule?.owner.map { "owned by \($0)" }].compactMap(\.self)
    let hints: HTML =
      words.isEmpty && whence.isEmpty
      ? "" : "<br><span class=\"reason\">\((words.map { "\($0)" as HTML } + (whence.isEmpty ? [] : [whence])).joined(" · "))</span>"
    let description: HTML = rule?.description.map { "<br><span class=\"reason\">\(VisibleText.shortened($0, to: 160))</span>" } ?? ""
    let samples = statistics?.samples ?? []
    let shown: HTML =
      samples.isEmpty
      ? ""
      : "<div class=\"samples\">\(samples.map { "<span>\(VisibleText.shortened(ValueView.plainText($0), to: 48))</span>" as HTML })</div>"
    let distinct: HTML = statistics.map { "\($0.isDistinctBounded ? "≥ " : "")\(NumberFormat.exact($0.distinct))" } ?? "–"
    return """
      <tr><th scope="row">\(ValueView.name(name))\(hints)\(description)\(shown)</th>\
      <td class="num" data-label="Volume">\(NumberFormat.exact(count))<br> <span class="reason">\(NumberFormat.percent(count, of: total))</span></td>\
      <td class="num" data-label="Different values">\(distinct)</td><td data-label="Found">\(Self.found(detail.findings.filter { $0.property == name }, most: 4))</td><td>\(choices)</td></tr>
      """
  }
}
