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
    var names = catalog.value.events.prefix(500).map(\.name)
    if let liveName, !names.contains(liveName) { names.insert(liveName, at: 0) }
    let options =
      [Builder.option("", "all events", isChosen: liveName == nil)]
      + names.map { Builder.option($0, VisibleText.shortened($0, to: 80), isChosen: $0 == liveName) }
    let receipt = answer?.receipt ?? catalog.receipt
    let empty: HTML =
      answer == nil
      ? "<tr id=\"live-empty\"><td colspan=\"4\" class=\"empty\"><b>Nothing has come in since the server started.</b> Events appear here as they pass the gate. <a href=\"/settings#connect\">Connect an SDK</a></td></tr>"
      : ""
    let content: HTML = """
      \(Self.heading("Live", "Events as they pass the gate, and what it did to every value."))\
      <form class="panel row" method="get" action="/live"><label for="live-name">Show</label> <select name="name" id="live-name">\(options)</select>\
      <button>Filter</button><button type="button" id="live-pause">\(isPaused ? "Resume" : "Pause")</button>\
      <a class="button" href="\(Address("/live", filter))">Reload</a><span class="sub" id="live-state" aria-live="off">Reload to see what has come in since</span></form>\
      <section class="panel">\(Self.legend)<div class="scroll"><table><thead><tr><th scope="col">Received</th><th scope="col">Event</th><th scope="col">Subject</th>\
      <th scope="col">Values</th></tr></thead><tbody data-live="\(Address("/live/rows", filter))" data-last="\(last)" data-paused="\(isPaused ? "yes" : "no")">\
      \(rows(answer))\(empty)</tbody></table></div>\
      <p class="note">Newest first, in \(time.zoneName). What is shown here about subjects is entered in the ledger; waiting for news is not. \
      <span class="ledger">Ledger entry <b>no. <span id="live-entry">\(NumberFormat.exact(Int(clamping: receipt.index)))</span></b></span></p></section>
      """
    return .html(page("Live", current: "Live", content))
  }

  /// What came after `after`, as table rows: 204 if nothing did.
  func liveFragment() async throws -> Response {
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
      let subject: HTML = event.subject.map { ValueView.subject($0) } ?? "<span class=\"reason\">none</span>"
      let values = event.values.map { value -> HTML in
        let shown: HTML = value.treatment == .sealed ? "" : value.shown.map { ValueView.value($0) } ?? ""
        return
          "<dt><bdi>\(value.name)</bdi></dt><dd>\(shown) \(ValueView.treatment(value.treatment, reason: value.reason))\(reason(value))</dd>"
      }
      return """
        <tr><td class="nowrap"><time datetime="\(LocalTime.iso(event.receivedAt))" title="Event time \(time.second(event.time))">\(time.clock(event.receivedAt))</time></td>\
        <td>\(ValueView.name(event.name))</td><td class="nowrap">\(subject)</td><td class="values"><dl class="values">\(values)</dl></td></tr>
        """
    }.joined()
  }

  /// Said in words where something was taken away; a hint is enough for what was kept.
  private func reason(_ value: LiveEvent.Value) -> HTML {
    value.treatment == .kept || value.reason.isEmpty ? HTML() : " <span class=\"reason\">\(value.reason.replacing("_", with: " "))</span>"
  }
}
