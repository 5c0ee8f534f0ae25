import Access
import Events
import Gate
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Web

/// The last events, with what the gate did to every value.
extension Visit {
  private static let liveRows = 50

  private var liveName: String? { fields["name"].flatMap { $0.isEmpty ? nil : $0 } }

  func livePage() async throws -> Response {
    let catalog = try await catalog(purpose: "console.live")
    let answer = try await live(after: nil, name: liveName, limit: Self.liveRows)
    let isPaused = fields["paused"] == "yes"
    let filter = [Address.Parameter("name", liveName ?? "")].filter { !$0.value.isEmpty }
    let last = answer?.value.last?.sequence ?? 0
    let receipt = answer?.receipt ?? catalog.receipt
    let empty: HTML =
      answer == nil
      ? "<tr id=\"live-empty\"><td colspan=\"3\" class=\"empty\"><b>Nothing has come in since the server started.</b> Events appear here as they pass the gate. \(SDKSnippets(visit: self).curl)<a href=\"\(Address("/settings#connect"))\">Connect an SDK</a></td></tr>"
      : ""
    let content: HTML = """
      \(Self.heading("Live", "Events as they pass the gate, and what it did to every value."))\
      <form class="panel row" method="get" action="/live">\(Address.hiddenFields)<label for="live-name">Show</label> \(names(catalog.value))\
      <button>Filter</button><button type="button" id="live-pause">\(isPaused ? "Resume" : "Pause")</button>\
      <a class="button" href="\(Address("/live", filter))">Reload</a><span class="sub" id="live-state" aria-live="off">Reload to see what has come in since</span></form>\
      <section class="panel">\(Self.legend)<div class="scroll"><table class="live"><thead><tr><th scope="col">Received</th><th scope="col">Event and subject</th>\
      <th scope="col">Values, and what the gate did to each</th></tr></thead><tbody data-live="\(Address("/live/rows", filter))" data-last="\(last)" data-paused="\(isPaused ? "yes" : "no")">\
      \(rows(answer))\(empty)</tbody></table></div>\
      <p class="note">Newest first, in \(time.zoneName). What is shown here about subjects is entered in the ledger; waiting for news is not. \
      <span class="ledger">Ledger entry <b>no. <span id="live-entry">\(NumberFormat.exact(Int(clamping: receipt.index)))</span></b></span></p></section>
      """
    return .html(page("Live", current: "Live", content))
  }

  private func names(_ catalog: Catalog) -> HTML {
    guard catalog.events.count <= Builder.listedEvents else {
      return """
        <input type="text" name="name" id="live-name" value="\(value: liveName ?? "")" list="events" placeholder="all events" autocomplete="off" spellcheck="false">\
        <datalist id="events">\(catalog.events.prefix(5_000).map { "<option value=\"\(value: $0.name)\"></option>" as HTML })</datalist>
        """
    }
    var names = catalog.events.map(\.name)
    if let liveName, !names.contains(liveName) { names.insert(liveName, at: 0) }
    let options =
      [Builder.option("", "all events", isChosen: liveName == nil)]
      + names.map { Builder.option($0, VisibleText.shortened($0, to: 80), isChosen: $0 == liveName) }
    return "<select name=\"name\" id=\"live-name\">\(options)</select>"
  }

  /// What came after `after`, as table rows: 204 if nothing did.
  func liveFragment() async throws -> Response {
    try authorize(.readLive)
    guard let after = UInt64(fields.text("after")) else { return ErrorPage.badRequest("`after` must be a number.").response }
    guard let answer = try await live(after: after, name: liveName, limit: Self.liveRows) else {
      return Response(status: .noContent, headers: SecurityHeaders.forData)
    }
    var response = Response.html(rows(answer))
    if let last = HTTPField.Name("X-Last"), let entry = HTTPField.Name("X-Ledger-Entry") {
      response.headers[last] = String(answer.value.last?.sequence ?? after)
      response.headers[entry] = NumberFormat.exact(Int(clamping: answer.receipt.index))
    }
    return response
  }

  private static let legend: HTML = {
    let words: [(Decision.Treatment, String)] = [
      (.kept, "stored as sent"), (.coarsened, "made less exact"), (.pseudonymized, "replaced by a keyed pseudonym"),
      (.sealed, "only the custodian can open it"),
      (.dropped, "not stored"), (.refused, "not accepted"),
    ]
    return
      "<ul class=\"legend\">\(words.map { "<li>\(ValueView.treatment($0.0)) <span class=\"reason\">\($0.1)</span></li>" as HTML })</ul>"
  }()

  private func rows(_ answer: Disclosed<[LiveEvent]>?) -> HTML {
    (answer?.value ?? []).reversed().map { event -> HTML in
      let subject: HTML = event.subject.map { ValueView.subject($0) } ?? "<span class=\"reason\">no subject</span>"
      // What was changed comes first; what was kept is the rest.
      let changed = event.values.filter { $0.treatment != .kept }
      let kept = event.values.filter { $0.treatment == .kept }
      let values: HTML =
        event.values.isEmpty
        ? "<span class=\"reason\">no values</span>"
        : "<ul class=\"treated\">\(changed.map(item))</ul><ul class=\"treated keeps\">\(kept.map(item))</ul>"
      return """
        <tr><td class="nowrap"><time datetime="\(LocalTime.iso(event.receivedAt))">\(time.clock(event.receivedAt))</time>\(late(event))</td>\
        <td>\(ValueView.name(event.name))<br>\(subject)</td><td class="values">\(values)</td></tr>
        """
    }.joined()
  }

  /// When it happened, where that is not when it arrived.
  private func late(_ event: LiveEvent) -> HTML {
    let distance = (event.receivedAt.milliseconds - event.time.milliseconds).magnitude
    return distance < 60_000
      ? HTML()
      : "<br><span class=\"reason\" title=\"When the event says that it happened: \(time.second(event.time))\">of \(time.shortDay(event.time)), \(time.hour(event.time))</span>"
  }

  private func item(_ value: LiveEvent.Value) -> HTML {
    let shown: HTML? = value.treatment == .sealed ? nil : value.shown.map { ValueView.value($0) }
    let plain = value.treatment == .sealed ? "" : value.shown.map(ValueView.plainText) ?? ""
    return """
      <li title="\(VisibleText.shortened("\(value.name): \(plain)", to: 600))"><bdi class="key">\(value.name)</bdi>\(shown.map { " <span class=\"what\">\($0)</span>" as HTML }) \
      \(ValueView.treatment(value.treatment, reason: value.reason))\(reason(value))</li>
      """
  }

  /// Said in words where something was taken away; a hint is enough for what was kept.
  private func reason(_ value: LiveEvent.Value) -> HTML {
    value.treatment == .kept || value.reason.isEmpty ? HTML() : " <span class=\"reason\">\(value.reason.replacing("_", with: " "))</span>"
  }
}
