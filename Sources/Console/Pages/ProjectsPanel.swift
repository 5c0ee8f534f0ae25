import Access
import Events
import HTTPTypes
import Hummingbird
import Ledger
import Web

/// The projects that somebody has a role in, and making another one.
extension Visit {
  var projectsPanel: HTML {
    let mine = projects
    guard mine.count > 1 || may(.createProjects) else { return HTML() }
    let rows = mine.map { other -> HTML in
      let address = Address("/settings").adding(Console.projectField, other.id.description)
      let name: HTML =
        other.id == project.id ? "<b><bdi>\(other.name)</bdi></b>, this one" : "<a href=\"\(address)\"><bdi>\(other.name)</bdi></a>"
      let roles = session.roles.isOwner ? "owner" : session.roles.roles(in: other.id).map(\.title).sorted().joined(separator: ", ")
      return "<tr><td class=\"num\">\(other.id.description)</td><th scope=\"row\">\(name)</th><td>\(other.zone)</td><td>\(roles)</td></tr>"
    }
    let list: HTML = """
      <div class="scroll"><table><thead><tr><th scope="col" class="num">No.</th><th scope="col">Project</th><th scope="col">Time zone</th><th scope="col">Your roles</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
    let make: HTML = """
      <h3>New project</h3><form method="post" action="/settings/projects">\(formToken)<label class="field"><span>Name</span>\
      <input type="text" name="name" maxlength="200" required></label><label class="field"><span>Time zone</span>\
      <input type="text" name="zone" value="\(value: project.zone)" list="zones" required autocomplete="off"></label>\
      <p class="sub">It has a token, a tracking plan, events, subjects, service accounts and settings of its own. The same person is another pseudonym in each project, \
      so that nobody follows anybody from one to the other. Nobody but owners has a role in it until you give some, under Staff.</p><button>Make the project</button></form>
      """
    return """
      <section class="panel" id="projects"><h2>Projects</h2>\(list)\(may(.createProjects) ? make : "")</section>
      """
  }

  func createProject() async throws -> Response {
    try authorize(.createProjects)
    let made: (project: Project, receipt: LedgerReceipt)
    do {
      made = try await services.createProject(fields.text("name"), fields.text("zone"), principal)
    } catch let error as AccessError where error.code == .invalid || error.code == .inUse {
      return try await settingsPage(
        "<div class=\"notice danger\"><p><b>No project was made.</b> \(error.message) Nothing was changed.</p></div>", status: .badRequest)
    }
    // The page that follows is the new project's own; from now on every address says which project it is about.
    let visit = Visit(services: services, session: session, project: made.project, path: path, fields: FormFields())
    return try await Address.$everywhere.withValue([.init(Console.projectField, made.project.id.description)]) {
      try await visit.settingsPage(
        "<div class=\"notice good\"><p>The project is made. Connect an SDK with its token, below. \(Self.entry(made.receipt))</p></div>")
    }
  }
}
