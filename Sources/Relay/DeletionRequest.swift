import Access
import Events
import Journeys
import Ledger

/// The letter by which a killed vendor is asked to delete all that it holds: a draft for a person to read, complete and send. Sealane sends nothing
/// to a killed vendor. Counts and names of fields; nobody is named.
package struct DeletionRequest: Sendable {
  /// What the vendor holds by the ledger's deliveries, less what it confirmed to have deleted.
  package struct Holding: Sendable, Hashable {
    package let people: Int
    package let events: Int
    package let fields: [String]
    package let first: Timestamp?
    package let last: Timestamp?
    /// Whether every delivery could be looked at: otherwise it is at least so much.
    package let isComplete: Bool

    package init(people: Int, events: Int, fields: [String], first: Timestamp?, last: Timestamp?, isComplete: Bool) {
      self.people = people
      self.events = events
      self.fields = fields
      self.first = first
      self.last = last
      self.isComplete = isComplete
    }
  }

  package static let days: Int64 = 30

  package let vendor: Vendor
  package let declaration: VendorDeclaration
  package let holding: Holding
  /// Erasures of single people that it was asked to follow and has not confirmed.
  package let unconfirmed: Int
  /// Of the ledger, by which everything was asked back; nil where there is none, since something crashed between the kill switch and it.
  package let entry: UInt64?
  package let date: Timestamp
  /// By when the confirmation is asked for, `2027-01-31`.
  package let by: String

  package init(
    vendor: Vendor, declaration: VendorDeclaration, holding: Holding, unconfirmed: Int, entry: UInt64?, date: Timestamp, by: CalendarDate?
  ) {
    self.vendor = vendor
    self.declaration = declaration
    self.holding = holding
    self.unconfirmed = unconfirmed
    self.entry = entry
    self.date = date
    self.by = by?.description ?? Self.day(Timestamp(milliseconds: date.milliseconds + Self.days * 86_400_000))
  }

  private static func day(_ at: Timestamp) -> String { String(at.text.prefix(10)) }
  private static func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }

  package var text: String {
    [draftNote, head, opening, held, asked, record, end].joined(separator: "\n\n") + "\n"
  }

  private var draftNote: String {
    """
    DRAFT. A person must read this, complete what stands in [brackets], and send it: Sealane
    sends nothing to a vendor whose kill switch was pulled. Check the legal basis and the
    addresses; this is no legal advice. Take these two paragraphs out before sending.

    What it answers is written down by `sealane vendors confirm-deletion \(vendor.id) all`.
    """
  }

  private var head: String {
    """
    From: [your company, its address, and who answers for data protection]
    To: \(declaration.name), \(declaration.privacyContact)
    Copy: \(declaration.breachContact)
    Date: \(Self.day(date))
    Contract: \(declaration.contract.reference)
    Subject: Deletion of all personal data that you received from us
    """
  }

  private var opening: String {
    """
    To whom it may concern,

    on \(vendor.killedAt.map(Self.day) ?? Self.day(date)) we ended, for good, the transfer of data to you under the contract \(declaration.contract.reference).
    We ask you to delete all personal data that you process on our behalf or received from us
    (Article 28(3)(g) GDPR; Article 17 GDPR where data subjects have asked us for erasure, and
    Article 19 GDPR, by which we tell you of it).
    """
  }

  private var held: String {
    let least = holding.isComplete ? "" : "at least "
    var lines = [
      "What you hold, by our records:", "",
      "- \(least)\(Self.count(holding.people, "person", "people")), delivered in batches of together \(Self.count(holding.events, "event", "events"))",
      "- fields: \(holding.fields.isEmpty ? "none" : holding.fields.joined(separator: ", "))",
    ]
    if let first = holding.first, let last = holding.last { lines.append("- delivered from \(first.text) to \(last.text)") }
    lines.append(
      "- the people stand under pseudonyms of the form v_ and 32 hexadecimal digits, which were given\n  to you alone: every value of this form in your systems is meant"
    )
    if unconfirmed > 0 {
      lines.append(
        "- \(unconfirmed == 1 ? "one request" : "\(unconfirmed) requests") to erase single people, which you have not confirmed: \(unconfirmed == 1 ? "it is" : "they are") part of this one"
      )
    }
    return lines.joined(separator: "\n")
  }

  private var asked: String {
    let others =
      declaration.subprocessors.isEmpty
      ? "whoever processed them on your behalf"
      : declaration.subprocessors.map { "\($0.name) (\($0.country))" }.joined(separator: ", ")
        + " and whoever else processed them"
    return """
      What we ask of you:

      1. Delete these data, and all copies and data derived from them that name a person or a
         pseudonym: in production, in analysis, in caches, exports and test systems.
      2. Delete them from backups. Where a backup cannot be changed, say when it is overwritten,
         and do not restore from it until then.
      3. Have the same done by \(others).
      4. Revoke credentials, keys and accounts that you hold to our systems, and tell us which.
      5. Confirm in writing by \(by) what was deleted, where, and when, for each of these
         points. Where a law of the Union or a member state obliges you to keep any of it, name
         the law, the data, and the day when you delete them.
      """
  }

  private var record: String {
    guard let entry else {
      return
        "[Our ledger has no entry by which this was asked: the server stopped between the kill switch\nand its entry. Say in your own records when you sent this.]"
    }
    return """
      That we ask this stands in our append-only ledger, as entry no. \(entry).
      """
  }

  private var end: String { "[Name, function]" }
}
