import Events
import Journeys
import Ledger
import Web

/// What somebody wants to see of the ledger, as the address says it.
struct LedgerForm {
  let kind: String
  let who: String
  let credential: String
  let subject: String
  let field: String
  let from: String
  let to: String
  let before: UInt64?

  init(_ fields: FormFields) {
    kind = fields.text("kind")
    who = fields.text("who")
    credential = fields.text("credential")
    let text = fields.text("subject").lowercased()
    subject = text.hasPrefix("s_") || text.hasPrefix("g_") ? String(text.dropFirst(2)) : text
    field = fields.text("field")
    from = fields.text("from")
    to = fields.text("to")
    before = UInt64(fields.text("before"))
  }

  var filter: LedgerFilter {
    var filter = LedgerFilter()
    filter.kinds = ["disclosures": .disclosures, "acts": .acts][kind] ?? .all
    filter.principalKind = Principal.Kind(rawValue: who)
    filter.principal = who.isEmpty || filter.principalKind != nil ? nil : who
    filter.credential = credential.isEmpty ? nil : credential
    filter.field = field.isEmpty ? nil : field
    return filter
  }

  /// Whole days of the project's zone.
  func days(_ calendar: ProjectCalendar) throws -> (from: Timestamp?, to: Timestamp?) {
    (
      try CalendarDate(from).map { try calendar.start(of: $0) },
      try CalendarDate(to).map { try calendar.start(of: $0.advanced(byDays: 1)) }
    )
  }

  func address(before index: UInt64) -> Address {
    let parts = [
      ("kind", kind), ("who", who), ("credential", credential),
      ("subject", subject.isEmpty ? "" : "s_\(subject)"), ("field", field), ("from", from),
      ("to", to),
    ]
    return Address(
      "/ledger", parts.filter { !$0.1.isEmpty }.map { Address.Parameter($0.0, $0.1) } + [Address.Parameter("before", String(index))])
  }
}

/// Entries in words.
enum LedgerWords {
  static func what(_ entry: LedgerEntry, _ detail: LedgerDetail) -> HTML {
    let purpose: HTML = "<span class=\"reason\">\(detail.purpose)</span>"
    return switch entry.kind {
    case "disclosure.aggregate": "figures \(purpose)"
    case "disclosure.subjects": "rows about subjects \(purpose)"
    case "disclosure.subject_search": "a search for subjects \(purpose)"
    case "disclosure.catalog": "names and values \(purpose)"
    case "disclosure.settings": "settings \(purpose)"
    case "disclosure.ledger": "the ledger \(purpose)"
    default: "<b>\(entry.kind.replacing("_", with: " "))</b>"
    }
  }
}
