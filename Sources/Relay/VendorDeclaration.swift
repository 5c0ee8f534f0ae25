import Access
import Delivery
import Events
import Foundation
import Journeys
import Yams

/// What a vendor is there for, who answers for it, and what it may get: written by people, agreed to by a second one (docs/VENDORS.md).
///
/// The register's fields follow the templates of DORA's register of information (Regulation (EU) 2024/2956).
package struct VendorDeclaration: Sendable, Hashable {
  package struct Contract: Sendable, Hashable {
    package var reference: String
    /// LEI, EUID or another public id of the provider.
    package var provider: String?
    package var signed: CalendarDate?
    package var ends: CalendarDate?
    /// Within how many hours the vendor must tell of a breach.
    package var noticeHours: Int?
  }

  package struct Subprocessor: Sendable, Hashable {
    package var name: String
    package var country: String
    /// 2: the vendor's own; 3: theirs.
    package var rank: Int
  }

  package var id: Vendor.ID
  package var name: String
  package var purpose: String
  package var legalBasis: String
  package var contract: Contract
  /// Who is called when something happened; who answers for the data.
  package var breachContact: String
  package var privacyContact: String
  /// What the service is, in DORA's words (such as `S14`), and which function of the company leans on it.
  package var service: String?
  package var function: String?
  package var isCritical: Bool
  package var exitPlan: String?
  /// ISO 3166-1, two letters.
  package var storageCountries: [String]
  package var processingCountries: [String]
  package var subprocessors: [Subprocessor]
  package var review: CalendarDate
  /// Nil: it gets events by other ways than Sealane; the register still knows it.
  package var destination: Destination?
  /// Nil: all events.
  package var events: [String]?
  /// The properties that it may get. What is sealed never goes, whatever stands here.
  package var fields: [String]
  /// Synthetic subjects that it alone is given.
  package var canaries: Int
  /// Hosts of its that the company's own site calls, in small letters; what is below one is its too.
  package var hosts: [String]

  package static let mostBytes = 65_536
  package static let mostFields = 200

  /// - Throws: `ChannelError`, a sentence that says where and what.
  package init(yaml text: String) throws(ChannelError) {
    guard text.utf8.count <= Self.mostBytes else { throw ChannelError("A declaration has at most \(Self.mostBytes) bytes.") }
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch { throw ChannelError("It is not valid YAML: \(error)") }
    guard let root else { throw ChannelError("It is empty.") }
    var all = try ChannelFields(root, place: "the declaration")
    guard let id = Vendor.ID(rawValue: try all.text("vendor")) else {
      throw all.error("“vendor” has lower-case letters, digits and -, at most 40 of them")
    }
    self.id = id
    name = try all.line("name", longest: 100)
    purpose = try all.line("purpose", longest: 500)
    legalBasis = try all.line("legal_basis", longest: 200)
    var contacts = try all.mapping("contacts")
    breachContact = try contacts.line("breach", longest: 200)
    privacyContact = try contacts.line("privacy", longest: 200)
    try contacts.finish()
    var agreed = try all.mapping("contract")
    contract = Contract(
      reference: try agreed.line("reference", longest: 100), provider: try agreed.optionalLine("provider", longest: 100),
      signed: try agreed.day("signed"), ends: try agreed.day("ends"),
      noticeHours: try agreed.optionalNumber("notice_hours", in: 1...8_760))
    try agreed.finish()
    service = try all.optionalLine("service", longest: 100)
    function = try all.optionalLine("function", longest: 200)
    isCritical = try all.word("critical", ["true", "false"], default: "false") { $0 } == "true"
    exitPlan = try all.optionalLine("exit_plan", longest: 500)
    var countries = try all.mapping("countries")
    storageCountries = try countries.countries("storage")
    processingCountries = try countries.countries("processing")
    try countries.finish()
    subprocessors = try all.subprocessors()
    guard let review = try all.day("review") else { throw all.error("“review” is missing: the day when somebody looks at this again") }
    self.review = review
    destination = try all.optionalMapping("destination").map { (fields) throws(ChannelError) in try Destination(fields) }
    events = try all.optionalList("events", most: 1_000)
    fields = try all.optionalList("fields", most: Self.mostFields) ?? []
    guard Set(fields).count == fields.count, Set(events ?? []).count == (events ?? []).count else {
      throw all.error("a name stands twice in “events” or “fields”")
    }
    canaries = try all.number("canaries", default: destination == nil ? 0 : 5, in: 0...100)
    hosts = try all.hosts("hosts")
    try all.finish()
  }
}

extension ChannelFields {
  /// One line of text, no control characters.
  mutating func line(_ name: String, longest: Int) throws(ChannelError) -> String {
    guard let line = try optionalLine(name, longest: longest) else { throw error("“\(name)” is missing") }
    return line
  }

  mutating func optionalLine(_ name: String, longest: Int) throws(ChannelError) -> String? {
    guard let text = try optional(name) else { return nil }
    guard !text.isEmpty, text.count <= longest, text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw error("“\(name)” is one line of at most \(longest) characters")
    }
    return text
  }

  mutating func day(_ name: String) throws(ChannelError) -> CalendarDate? {
    guard let text = try optional(name) else { return nil }
    guard let day = CalendarDate(text) else { throw error("“\(name)” is a day such as 2027-01-31") }
    return day
  }

  mutating func optionalNumber(_ name: String, in range: ClosedRange<Int>) throws(ChannelError) -> Int? {
    guard let text = try optional(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw error("“\(name)” is a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func optionalList(_ name: String, most: Int) throws(ChannelError) -> [String]? {
    guard has(name) else { return nil }
    let texts = try list(name)
    guard texts.count <= most, texts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 255 }) else {
      throw error("“\(name)” is a list of at most \(most) names")
    }
    return texts
  }

  mutating func hosts(_ name: String) throws(ChannelError) -> [String] {
    let texts = (try optionalList(name, most: 200) ?? []).map { $0.lowercased() }
    let isGood = texts.allSatisfy { text in
      text.contains(".")
        && text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
          (1...63).contains(label.count)
            && label.allSatisfy {
              (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
        }
    }
    guard isGood else { throw error("“\(name)” is a list of hosts such as cdn.tallymark.example; what is below one is meant too") }
    return texts
  }

  mutating func countries(_ name: String) throws(ChannelError) -> [String] {
    let texts = try list(name)
    let isGood = texts.allSatisfy { $0.utf8.count == 2 && $0.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } }
    guard isGood, (1...60).contains(texts.count) else { throw error("“\(name)” is a list of countries by two capital letters, such as DE") }
    return texts
  }

  mutating func subprocessors() throws(ChannelError) -> [VendorDeclaration.Subprocessor] {
    var found: [VendorDeclaration.Subprocessor] = []
    for var entry in try mappings("subprocessors", most: 200) {
      let country = try entry.line("country", longest: 2)
      found.append(
        VendorDeclaration.Subprocessor(
          name: try entry.line("name", longest: 100), country: country, rank: try entry.number("rank", default: 2, in: 2...9)))
      try entry.finish()
    }
    return found
  }
}
