import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Web

/// The pages, files and saving that all reports have in common.
extension ReportPage {
  static var purpose: String { "console.\(Form.name.lowercased())" }

  /// GET of the page. A form that was sent by a button is brought into its one address first.
  static func page(_ visit: Visit) async throws -> Response {
    var form = Form(fields: visit.fields, today: visit.today)
    if let saved = visit.fields["query"] {
      let query = try Query(json: Array(saved.utf8))
      guard let read = Form.reading(query) else {
        throw QueryError(
          .invalid,
          "This page cannot show the query: it is for another report, or has options that the page has no controls for. Ask it with “sealane query”, or through the API."
        )
      }
      form = read
    }
    let commands = visit.fields.all("do")
    for command in commands { form.edit(command) }
    let isAsked = !visit.fields.fields.isEmpty
    if isAsked, form.parameters != visit.fields.fields { return .seeOther(form.address) }

    do {
      let query = try form.question()
      let answer = try await visit.report(query, purpose: purpose)
      let view = view(form, query, answer.value.report, visit)
      return .html(visit.page(Form.name, current: Form.name, content(visit, form, query, view, answer)))
    } catch let error as QueryError {
      let catalog = try await visit.catalog(purpose: purpose)
      return .html(visit.page(Form.name, current: Form.name, unanswered(visit, form, error, catalog)))
    }
  }

  /// GET of the figures as a file.
  static func file(_ visit: Visit, isJSON: Bool) async throws -> Response {
    let form = Form(fields: visit.fields, today: visit.today)
    let query = try form.question()
    let answer = try await visit.report(query, purpose: purpose + (isJSON ? ".json" : ".csv"))
    let name = "\(Form.name.lowercased())-\(form.range.from)-\(form.range.to).\(isJSON ? "json" : "csv")"
    var response: Response
    if isJSON {
      var members: [String: JSONValue] = [
        "query": query.json, "report": answer.value.report.json, "ledger_entry": .number(Double(answer.receipt.index)),
      ]
      if answer.value.singlesOut { members["singles_out"] = true }
      let json = JSONValue.object(members)
      response = .file(json.text + "\n", contentType: "application/json; charset=utf-8", name: name)
    } else {
      response = .file(CSV.text(rows(query, answer.value.report, visit.time)), contentType: "text/csv; charset=utf-8", name: name)
    }
    if let field = HTTPField.Name("Sealane-Ledger-Entry") { response.headers[field] = String(answer.receipt.index) }
    return response
  }

  private static func content(_ visit: Visit, _ form: Form, _ query: Query, _ view: ReportView, _ answer: Disclosed<ReportAnswer>) -> HTML {
    let notes = answer.value.report.notes
    let result: HTML =
      view.isEmpty
      ? """
      <section class="panel"><h2>\(view.title)</h2><p class="empty"><b>Nothing in this range.</b> \(nothing(form, query, answer.value.catalog, visit))</p>\
      \(note(notes, view, visit, answer))</section>
      """
      : """
      <section class="panel"><div class="title"><div><h2>\(view.title)</h2><p class="sub">\(view.subtitle)</p></div>\(view.controls)</div>\(headline(view))\
      <div class="scroll">\(view.chart)</div>\(note(notes, view, visit, answer))</section>\(view.table)
      """
    return
      "\(heading(visit, form, query: query))\(builder(visit, form, answer.value.catalog))\(Chips.row(form))\(result)"
  }

  private static func headline(_ view: ReportView) -> HTML {
    guard !view.headline.isEmpty else { return HTML() }
    let figures = view.headline.map { "<div title=\"\($0.hint)\"><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" as HTML }
    return "<dl class=\"figures small\">\(figures)</dl>"
  }

  /// Why there may be nothing, and what to try.
  private static func nothing(_ form: Form, _ query: Query, _ catalog: Catalog, _ visit: Visit) -> HTML {
    if catalog.eventCount == 0 {
      return "No event has arrived yet. <a href=\"\(Address("/settings#connect"))\">Connect an SDK</a>, then ask again."
    }
    let known = Set(catalog.events.map(\.name))
    if let strange = query.eventNames.first(where: { !known.contains($0) }) {
      return "No event of the name “\(VisibleText.shortened(strange, to: 80))” has ever arrived. Choose another event above."
    }
    let longer = form.spanning(form.range.last(365, today: visit.today)).address
    return """
      No event \(form.range.during) fits the question. <a href="\(longer)">Ask for the last year</a>, take a condition away, or look at what arrives on the \
      <a href="\(Address("/live"))">live page</a>.
      """
  }

  private static func note(_ notes: ReportNotes, _ view: ReportView, _ visit: Visit, _ answer: Disclosed<ReportAnswer>) -> HTML {
    var explanation = view.explanation
    if case .group(let key) = answer.value.level {
      explanation.append("counted are organizations (\(key)), whoever of their people did it")
    }
    let warning: HTML =
      answer.value.singlesOut
      ? """
      <div class="notice danger"><p><b>This singles people out.</b> This answer, by itself or with an earlier one of yours about the same days, tells fewer than \
      \(String(visit.project.smallestGroup)) people apart from all others. They count as shown to you, and the people responsible are told.</p></div>
      """
      : HTML()
    return "\(warning)<p class=\"note\">\(notes.line(explanation, visit.time)) \(Visit.entry(answer.receipt))</p>"
  }

  private static func unanswered(_ visit: Visit, _ form: Form, _ error: QueryError, _ catalog: Disclosed<Catalog>) -> HTML {
    let notice: HTML =
      catalog.value.eventCount == 0
      ? """
      <p class="empty"><b>No event has arrived yet.</b> \(teaching) <a href="\(Address("/settings#connect"))">Connect an SDK</a>; this line turns green by itself:</p>\(visit.waiting)
      """
      : error.field == "unchosen"
        ? "<p class=\"empty\"><b>\(error.message)</b> Then press Run. \(teaching) The whole question stands in the address: copy it to share it.</p>"
        : "<div class=\"notice danger\"><p><b>This question cannot be answered.</b> \(ErrorPage.prose(error.message))</p></div>"
    return """
      \(heading(visit, form, query: nil))\(builder(visit, form, catalog.value))<section class="panel">\(notice)\
      <p class="note">Only event and property names are shown. \(Visit.entry(catalog.receipt))</p></section>
      """
  }

  private static func heading(_ visit: Visit, _ form: Form, query: Query?) -> HTML {
    guard let query else { return Visit.heading(Form.name, "\(introduction)") }
    let actions: HTML = """
      <details data-menu><summary class="button">Save</summary><div class="pop"><form method="post" action="/reports">\(visit.formToken)\
      <input type="hidden" name="query" value="\(value: query.canonicalJSON)"><label for="report-name">Save under the name</label>\
      <input type="text" id="report-name" name="name" maxlength="200" required autocomplete="off"><button class="primary">Save report</button></form></div></details>\
      <button type="button" data-copy="address">Copy link</button>\
      <a class="button" href="\(Address(Form.path + ".csv", form.parameters))">CSV</a>\
      <a class="button" href="\(Address(Form.path + ".json", form.parameters))">JSON</a>
      """
    return Visit.heading(Form.name, "\(introduction)", actions: actions)
  }

  private static func builder(_ visit: Visit, _ form: Form, _ catalog: Catalog) -> HTML {
    let builder = Builder(catalog: catalog, cohorts: .shown, groupKeys: visit.project.groupKeys)
    let options = options(form, builder)
    let more: HTML =
      options.isEmpty
      ? options : "<details class=\"more\"\(hasOptions(form) ? " open" as HTML : "")><summary>More options</summary>\(options)</details>"
    return """
      <form class="panel query" method="get" action="\(Form.path)" aria-label="The question">\(Address.hiddenFields)\(Builder.defaultButton)\(sentence(form, builder))\
      <div>\(builder.range(form, today: visit.today)) \(counting(form, builder))</div>\
      \(more)<div class="run row"><button class="primary">Run</button><a class="button" href="\(Address(Form.path))">Start over</a></div>\(builder.propertyList)\(builder.eventList)</form>
      """
  }

  /// Whose journeys are followed.
  private static func counting(_ form: Form, _ builder: Builder) -> HTML {
    guard !builder.groupKeys.isEmpty || !form.range.groupKey.isEmpty else { return HTML() }
    return
      "<span class=\"part\"><span class=\"soft\">counting</span> \(builder.level(form.range.groupKey, words: ("people", "organizations")))</span>"
  }
}
