import Journeys
import Web

/// A query as the address of its page (nil where no page asks it), and back: links, saved reports and tests go through here.
package enum ReportAddress {
  package static func address(of query: Query) -> Address? {
    switch query {
    case .insights: InsightsForm.reading(query)?.address
    case .funnel: FunnelForm.reading(query)?.address
    case .retention: RetentionForm.reading(query)?.address
    case .flows: FlowsForm.reading(query)?.address
    case .cohort(let query): CohortForm.address(of: query.cohort)
    case .lifecycle: LifecycleForm.reading(query)?.address
    case .stickiness: StickinessForm.reading(query)?.address
    case .sessions: SessionsForm.reading(query)?.address
    }
  }

  /// The parameters of the page's address as its page writes them again: equal for an address that a page made.
  package static func normalized(_ address: Address, today: CalendarDate) -> Address? {
    if CohortForm.saved(at: address) != nil { return Address(address.path) }
    if address.path == CohortForm.path { return CohortForm(fields: FormFields(address.parameters), today: today).address }
    return form(address, today)?.address
  }

  /// - Throws: what is missing in the question.
  package static func query(of address: Address, today: CalendarDate) throws -> Query? {
    if let id = CohortForm.saved(at: address) { return .cohort(CohortQuery(Cohort(rule: .saved(id)))) }
    if address.path == CohortForm.path {
      return .cohort(CohortQuery(try CohortForm(fields: FormFields(address.parameters), today: today).cohort()))
    }
    return try form(address, today)?.question()
  }

  private static func form(_ address: Address, _ today: CalendarDate) -> (any ReportForm)? {
    let fields = FormFields(address.parameters)
    return switch address.path {
    case InsightsForm.path: InsightsForm(fields: fields, today: today)
    case FunnelForm.path: FunnelForm(fields: fields, today: today)
    case RetentionForm.path: RetentionForm(fields: fields, today: today)
    case FlowsForm.path: FlowsForm(fields: fields, today: today)
    case LifecycleForm.path: LifecycleForm(fields: fields, today: today)
    case StickinessForm.path: StickinessForm(fields: fields, today: today)
    case SessionsForm.path: SessionsForm(fields: fields, today: today)
    default: nil
    }
  }
}
