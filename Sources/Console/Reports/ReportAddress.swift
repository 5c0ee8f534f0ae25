import Journeys
import Web

/// A query as the address of its page (nil where no page asks it), and back: links, saved reports and tests go through here.
package enum ReportAddress {
  package static func address(of query: Query) -> Address? {
    guard query.level == .subject else { return nil }
    return switch query {
    case .insights: InsightsForm(query: query)?.address
    case .funnel: FunnelForm(query: query)?.address
    case .retention: RetentionForm(query: query)?.address
    case .flows: FlowsForm(query: query)?.address
    case .cohort: nil
    case .lifecycle: LifecycleForm(query: query)?.address
    case .stickiness: StickinessForm(query: query)?.address
    case .sessions: SessionsForm(query: query)?.address
    }
  }

  /// The parameters of the page's address as its page writes them again: equal for an address that a page made.
  package static func normalized(_ address: Address, today: CalendarDate) -> Address? { form(address, today)?.address }

  /// - Throws: what is missing in the question.
  package static func query(of address: Address, today: CalendarDate) throws -> Query? { try form(address, today)?.query() }

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
