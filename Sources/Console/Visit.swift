import Access
import Answers
import Events
import Hummingbird
import Journeys
import Ledger
import Web

/// One request of a signed-in person, about one project.
struct Visit: Sendable {
  let services: ConsoleServices
  let session: ActiveSession
  let project: Project
  let path: String
  /// Of the address; for a POST, of the form.
  let fields: FormFields
  let now: Timestamp
  let calendar: ProjectCalendar
  let time: LocalTime

  init(services: ConsoleServices, session: ActiveSession, project: Project, path: String, fields: FormFields) {
    self.services = services
    self.session = session
    self.project = project
    self.path = path
    self.fields = fields
    now = services.clock()
    calendar = project.calendar
    time = LocalTime(zone: project.zone)
  }

  var today: CalendarDate {
    let parts = time.parts(now)
    return CalendarDate(year: parts.year, month: parts.month, day: parts.day)
  }

  /// The projects that the person has a role in.
  var projects: [Project] { services.control.projects().filter { session.roles.isKnown(in: $0.id) } }

  /// In every form that changes something: that it is of this session, and which project it is about.
  var formToken: HTML {
    "<input type=\"hidden\" name=\"form-token\" value=\"\(value: session.formToken)\">\(Address.hiddenFields)"
  }

  /// - Throws: `Access.Denied`, or `ProofNeeded` where the person may, and the request has not shown that it comes from the person's browser.
  func authorize(_ action: Access.Action) throws {
    try Access.authorize(session.who, action, in: project.id)
    if action.needsProof, !session.isProven { throw ProofNeeded() }
  }

  /// Whether a page should offer it.
  func may(_ action: Access.Action) -> Bool { (try? Access.authorize(session.who, action, in: project.id)) != nil }

  var principal: Principal { session.who.principal }
}

/// The request must be signed by the key of the session's browser, and was not.
struct ProofNeeded: Error, Sendable {}
