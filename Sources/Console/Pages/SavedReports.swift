import Access
import Events
import Hummingbird
import Journeys
import Web

/// A saved report as a link to its page.
struct SavedReportLink: Sendable {
  let id: Int64
  let name: String
  let kind: String
  let address: Address
  let updatedAt: Timestamp

  /// Nil for a query that this version cannot read.
  init?(_ report: SavedReport) {
    guard let query = try? Query(json: Array(report.query.utf8)), let address = ReportAddress.address(of: query) else { return nil }
    (id, name, updatedAt, self.address) = (report.id, report.name, report.updatedAt, address)
    kind =
      switch query {
      case .insights: InsightsForm.name
      case .funnel: FunnelForm.name
      case .retention: RetentionForm.name
      case .flows: FlowsForm.name
      case .cohort: "Cohort"
      case .lifecycle: LifecycleForm.name
      case .stickiness: StickinessForm.name
      case .sessions: SessionsForm.name
      }
  }
}

extension Visit {
  func savedReports() async throws -> [SavedReportLink] {
    try authorize(.queryAggregates)
    return try await services.control.savedReports(of: project.id).compactMap { SavedReportLink($0) }
  }

  func saveReport() async throws -> Response {
    try authorize(.manageReports)
    let query = try Query(json: Array((fields["query"] ?? "").utf8))
    try query.validate()
    // What it asks for must be there; it is kept by number.
    _ = try await cohorts.resolved(query)
    _ = try await services.control.saveReport(name: fields.text("name"), query: query.canonicalJSON, project: project.id)
    return .seeOther(Address("/#saved"))
  }

  func deleteReport() async throws -> Response {
    try authorize(.manageReports)
    guard let id = Int64(fields.text("id")), try await services.control.deleteReport(id, of: project.id) else {
      return ErrorPage.notFound.response
    }
    return .seeOther(Address("/#saved"))
  }
}
