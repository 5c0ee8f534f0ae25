import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Web

/// Saved cohorts: the list, the page that builds one, and one of them with its size.
extension Visit {
  var cohorts: CohortLibrary { CohortLibrary(services.control, of: project.id) }

  func cohortNames() async throws -> CohortNames { CohortNames(try await services.control.savedCohorts(of: project.id)) }

  private func uses(_ saved: [SavedCohort]) async throws -> CohortUses {
    CohortUses(reports: try await services.control.savedReports(of: project.id), cohorts: saved)
  }

  // MARK: List

  func cohortsPage() async throws -> Response {
    try authorize(.queryAggregates)
    let saved = try await services.control.savedCohorts(of: project.id)
    let uses = try await uses(saved)
    let rows = saved.sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }.map { cohort -> HTML in
      """
      <tr><th scope="row"><a href="\(CohortForm.address(ofSaved: cohort.id))">\(ValueView.name(cohort.name))</a></th><td class="belongs">\(words(cohort))</td>\
      <td>\(users(uses.users(of: cohort.id)))</td><td class="nowrap">\(time.minute(cohort.updatedAt))</td>\
      <td class="num"><a class="button" href="\(CohortForm.address(ofSaved: cohort.id))" title="Count who belongs now">Size</a></td></tr>
      """
    }
    let list: HTML =
      rows.isEmpty
      ? """
      <p class="empty"><b>No cohort is saved yet.</b> A cohort is a set of people or organizations: by what they did, by their profile, or a list that was saved from a figure. \
      Every report can be asked of one alone, or split by several. <a href="\(CohortForm().address)">Build the first</a></p>
      """
      : """
      <div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">Who belongs</th><th scope="col">Used by</th><th scope="col">Saved</th>\
      <th scope="col" class="num"><span class="unseen">Size</span></th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
    let content: HTML = """
      \(Self.heading("Cohorts", "Who, as a question of its own: to ask any report of, and to split it by.", actions: "<a class=\"button primary\" href=\"\(CohortForm().address)\">New cohort</a>"))\
      <section class="panel"><h2>\(NumberFormat.count(saved.count, "saved cohort"))</h2>\(list)</section>
      """
    return .html(page("Cohorts", current: "Cohorts", content))
  }

  /// Who belongs, in words that leave no subject out in the open.
  private func words(_ cohort: SavedCohort) -> HTML {
    if let count = cohort.memberCount { return "A list of \(NumberFormat.exact(count)), fixed when it was saved" }
    guard let definition = try? cohort.cohort else { return "<span class=\"reason\">Written by another version</span>" }
    return
      "<span title=\"\(CohortWords.sentence(definition))\">\(VisibleText.shortened(CohortWords.sentence(definition), to: 240))</span>"
  }

  private func users(_ users: [CohortUses.User]) -> HTML {
    guard !users.isEmpty else { return "<span class=\"reason\">nothing</span>" }
    return users.map { user -> HTML in
      switch user {
      case .report(_, let name): "<a href=\"\(Address("/#saved"))\">\(ValueView.name(name))</a>"
      case .cohort(let id, let name): "<a href=\"\(CohortForm.address(ofSaved: id))\">\(ValueView.name(name))</a>"
      }
    }.joined(", ")
  }

  // MARK: Build

  func buildCohortPage() async throws -> Response {
    var form = CohortForm(fields: fields, today: today)
    for command in fields.all("do") { form.edit(command) }
    if !fields.fields.isEmpty, form.parameters != fields.fields { return .seeOther(form.address) }
    let catalog: Catalog
    let result: HTML
    do {
      let cohort = try form.cohort()
      let answer = try await report(.cohort(CohortQuery(cohort)), purpose: "console.cohorts")
      catalog = answer.value.catalog
      result = "\(size(answer, Cohort(level: cohort.level, rule: cohort.rule)))\(saving(form, cohort))"
    } catch let error as QueryError {
      let answer = try await self.catalog(purpose: "console.cohorts")
      catalog = answer.value
      let notice: HTML =
        error.field == "unchosen"
        ? "<p class=\"empty\"><b>\(error.message)</b> Then press Count.</p>"
        : "<div class=\"notice danger\"><p><b>This cohort cannot be counted.</b> \(ErrorPage.prose(error.message))</p></div>"
      result = """
        <section class="panel">\(notice)<p class="note">Only event and property names are shown. \(Self.entry(answer.receipt))</p></section>
        """
    }
    let builder = Builder(catalog: catalog, cohorts: .shown, groupKeys: project.groupKeys)
    let hidden: HTML = form.id.map { "<input type=\"hidden\" name=\"id\" value=\"\($0)\">" } ?? HTML()
    let content: HTML = """
      \(Self.heading(form.id == nil ? "New cohort" : "Change a cohort", form.name.isEmpty ? "Who belongs." : "\(ValueView.name(form.name))"))\
      <form class="panel query" method="get" action="\(CohortForm.path)" aria-label="Who belongs">\(Address.hiddenFields)\(Builder.defaultButton)\(hidden)\
      <input type="hidden" name="name" value="\(value: form.name)"><div><span class="soft">All</span> \(builder.level(form.groupKey, words: ("people", "organizations")))</div>\
      \(CohortBuilder(builder: builder).rows(form))\
      <div class="run row"><button class="primary">Count</button><a class="button" href="\(Address("/cohorts"))">All cohorts</a></div>\(builder.propertyList)\(builder.eventList)</form>\(result)
      """
    return .html(page(form.id == nil ? "New cohort" : "Change a cohort", current: "Cohorts", content))
  }

  private func saving(_ form: CohortForm, _ cohort: Cohort) -> HTML {
    let id: HTML = form.id.map { "<input type=\"hidden\" name=\"id\" value=\"\($0)\">" } ?? HTML()
    return """
      <section class="panel"><h2>\(form.id == nil ? "Save it" : "Save the change")</h2><p>\(CohortWords.sentence(cohort)).</p>\
      <form method="post" action="/cohorts">\(formToken)\(id)<input type="hidden" name="definition" value="\(value: cohort.json.text)">\
      <div class="row"><label for="cohort-name">Name</label><input type="text" id="cohort-name" name="name" value="\(value: form.name)" maxlength="200" required autocomplete="off">\
      <button class="primary">Save cohort</button></div></form></section>
      """
  }

  /// How many belong, as a door.
  private func size(_ answer: Disclosed<ReportAnswer>, _ cohort: Cohort) -> HTML {
    guard case .cohort(let report) = answer.value.report.content else { return HTML() }
    let noun = answer.value.level == .subject ? "subject" : "organization"
    let query = Query.cohort(CohortQuery(cohort))
    let open: HTML =
      report.size > 0
      ? "<p><a class=\"button\" href=\"\(DoorAddress.address(query, .cohort))\">Show who they are</a> <span class=\"sub\">costs \(NumberFormat.count(report.size, noun)); that is said once more before any is shown</span></p>"
      : "<p class=\"empty\">Nobody belongs to it now.</p>"
    return """
      <section class="panel"><h2>\(NumberFormat.count(report.size, noun))</h2><p class="sub">\(NumberFormat.percent(report.size, of: max(report.known, 1))) of the \(NumberFormat.exact(report.known)) that were ever seen</p>\(open)\
      <p class="note">\(answer.value.report.notes.line(["who belongs now"], time)) \(Self.entry(answer.receipt))</p></section>
      """
  }

  // MARK: One

  func cohortPage(_ text: String) async throws -> Response {
    try authorize(.queryAggregates)
    guard let id = FilterForm.Condition.cohort(text), let cohort = try await services.control.savedCohort(id, of: project.id) else {
      return ErrorPage.notFound.response
    }
    let all = try await services.control.savedCohorts(of: project.id)
    let users = try await uses(all).users(of: id)
    let asked = Cohort(rule: .saved(id))
    let figure: HTML
    do {
      figure = size(try await report(.cohort(CohortQuery(asked)), purpose: "console.cohorts"), asked)
    } catch let error as QueryError {
      figure = "<div class=\"notice danger\"><p><b>This cohort cannot be counted.</b> \(ErrorPage.prose(error.message))</p></div>"
    }
    // Whom a list names is nothing for an address.
    let definition = try? cohort.cohort
    let change: HTML =
      definition.map {
        $0.rule.listed.isEmpty ? "<a class=\"button\" href=\"\(CohortForm($0, id: id, name: cohort.name).address)\">Change</a>" : ""
      } ?? HTML()
    let usedBy: HTML =
      users.isEmpty
      ? """
      <p>Nothing saved asks for it. \(cohort.kind == .static ? "A list cannot be made again once it is deleted." : "")</p>\
      <form method="post" action="/cohorts/delete">\(formToken)<input type="hidden" name="id" value="\(id)"><button class="danger">Delete cohort</button></form>
      """
      : "<p>\(self.users(users)). It can be deleted once none of these asks for it.</p>"
    let content: HTML = """
      \(Self.heading(cohort.name, words(cohort), actions: change))\(figure)\
      <section class="panel"><h2>Ask a report of it</h2><p class="row">\(links(id))</p></section>\
      <section class="panel"><h2>Used by</h2>\(usedBy)</section>\
      <section class="panel"><h2>Name</h2><form method="post" action="/cohorts" class="row">\(formToken)<input type="hidden" name="id" value="\(id)"><input type="hidden" name="rename" value="yes">\
      <label class="unseen" for="cohort-name">Name</label><input type="text" id="cohort-name" name="name" value="\(value: cohort.name)" maxlength="200" required autocomplete="off"><button>Rename</button></form>\
      <p class="note">Saved \(time.minute(cohort.createdAt)), last changed \(time.minute(cohort.updatedAt)). Its number, \(id), stays the same: <code>{"saved": \(id)}</code> in queries.</p></section>
      """
    return .html(page(cohort.name, current: "Cohorts", content))
  }

  private func links(_ id: Int64) -> HTML {
    func address<Form: ReportForm>(_ form: Form, _ prefix: String) -> Address {
      var form = form
      form[filter: prefix]?.conditions = [FilterForm.Condition(cohort: String(id))]
      return form.address
    }
    let none = FormFields()
    let all: [(String, Address)] = [
      (InsightsForm.name, address(InsightsForm(fields: none, today: today), "f")),
      (FunnelForm.name, address(FunnelForm(fields: none, today: today), "f")),
      (RetentionForm.name, address(RetentionForm(fields: none, today: today), "f")),
      (FlowsForm.name, address(FlowsForm(fields: none, today: today), "a")),
      (LifecycleForm.name, address(LifecycleForm(fields: none, today: today), "a")),
      (StickinessForm.name, address(StickinessForm(fields: none, today: today), "a")),
      (SessionsForm.name, address(SessionsForm(fields: none, today: today), "a")),
    ]
    return all.map { "<a class=\"button\" href=\"\($0.1)\">\($0.0)</a>" as HTML }.joined(" ")
  }

  // MARK: Changes

  func saveCohort() async throws -> Response {
    try authorize(.manageReports)
    let id = FilterForm.Condition.cohort(fields.text("id"))
    var cohort: Cohort
    if fields["rename"] == "yes" {
      guard let id, let saved = try await services.control.savedCohort(id, of: project.id) else { return ErrorPage.notFound.response }
      cohort = try saved.cohort
    } else {
      let definition = try JSONValue(parsing: Array((fields["definition"] ?? "").utf8))
      await services.lookedFor(project.id, definition.text, principal)
      cohort = try Cohort(json: definition, at: "definition")
    }
    let saved = try await cohorts.save(cohort, name: fields.text("name"), replacing: id)
    return .seeOther(CohortForm.address(ofSaved: saved.id))
  }

  func deleteCohort() async throws -> Response {
    try authorize(.manageReports)
    guard let id = FilterForm.Condition.cohort(fields.text("id")) else { return ErrorPage.notFound.response }
    try await cohorts.delete(id)
    return .seeOther(Address("/cohorts"))
  }

  /// The subjects behind a figure as a list: the very ones that the figure counts. Nobody is shown.
  func saveDoorAsCohort() async throws -> Response {
    try authorize(.manageReports)
    let answer = try await memberList(behind: try door().door)
    let saved = try await cohorts.save(answer.value, name: fields.text("name"))
    return .seeOther(CohortForm.address(ofSaved: saved.id))
  }
}
