import Access
import Events
import Journeys

extension VendorRegister {
  /// A vendor a row. The first columns follow the templates of DORA's register of information, which the names begin with: B_02 contractual
  /// arrangements, B_05 providers and their subcontractors, B_06 functions, B_07 assessment (Implementing Regulation (EU) 2024/2956).
  package static let columns = [
    "vendor", "name", "state", "declaration_version", "B_02.01 contract_reference", "B_02.02 contract_signed", "B_02.02 contract_ends",
    "B_02.02 notice_hours", "B_05.01 provider_id", "B_02.02 service_type", "B_06.01 function", "B_06.01 critical", "purpose", "legal_basis",
    "B_02.02 data_categories", "events", "B_02.02 countries_of_storage", "B_02.02 countries_of_processing", "B_05.02 subcontractors",
    "B_07.01 exit_plan", "B_07.01 last_review", "next_review", "breach_contact", "privacy_contact", "destination", "site_hosts",
    "observed_events", "observed_subjects", "observed_subjects_complete", "refused_events", "last_delivery", "live_grants", "as_of",
  ]

  package var csv: String { CSV.text([Self.columns] + entries.map(row)) }

  private func row(_ entry: Entry) -> [String] {
    let declared = entry.declaration
    var row = [entry.vendor.id.rawValue, declared.name, entry.vendor.state.rawValue, String(entry.version.version)]
    func add(_ text: String?) { row.append(text ?? "") }
    add(declared.contract.reference)
    add(declared.contract.signed?.description)
    add(declared.contract.ends?.description)
    add(declared.contract.noticeHours.map { String($0) })
    add(declared.contract.provider)
    add(declared.service)
    add(declared.function)
    add(declared.isCritical ? "yes" : "no")
    add(declared.purpose)
    add(declared.legalBasis)
    add(Self.list(entry.categories))
    add(declared.events.map(Self.list) ?? "all")
    add(Self.list(declared.storageCountries))
    add(Self.list(declared.processingCountries))
    add(Self.list(declared.subprocessors.map { "\($0.rank): \($0.name) (\($0.country))" }))
    add(declared.exitPlan)
    // Whoever agreed to it has looked at all of it.
    add(entry.version.isApproved ? entry.version.decidedAt.map { String($0.text.prefix(10)) } : nil)
    add(declared.review.description)
    add(declared.breachContact)
    add(declared.privacyContact)
    add(declared.destination.map { "\($0.word) \($0.place)" })
    add(Self.list(declared.hosts))
    let progress = entry.vendor.progress
    add(String(progress.events))
    add(String(entry.subjects))
    add(isComplete ? "yes" : "no")
    add(String(progress.deadLetters))
    add(progress.lastSuccessAt?.text)
    add(String(entry.liveGrants))
    add(at.text)
    return row
  }

  private static func list(_ texts: [String]) -> String { texts.joined(separator: "; ") }
}
