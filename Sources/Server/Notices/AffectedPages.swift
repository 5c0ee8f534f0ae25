import Access
import Events
import Foundation
import HTTPTypes
import Journeys
import Ledger
import Response
import SegmentStore
import Synchronization
import Vault

/// Whom a version of an incident's scope affects, for the custodian: sealed addresses and ids, a page at a time, of verified profiles alone.
///
/// The numbers are those that were entered with the version (decision 31), so that the custodian can tell by its digest whether it was given
/// all of them and nobody else.
final class AffectedPages: Sendable {
  /// Where profiles say what a notice needs. What the public token wrote does not count.
  struct Sources: Sendable {
    var address = "$email"
    var languages = ["$locale", "locale", "language", "$language"]
    var role = "role"
    /// In lower case.
    var administrators: Set<String> = ["admin", "administrator", "owner"]
    /// Of an organization's profile, the first that there is.
    var contacts = ["security_contact", "contact_email", "$email"]
    var organizationName = "name"
  }

  static let page = 500
  /// Of one person: whoever has more has the first of these in the statement.
  static let mostIDs = 50

  let sources = Sources()
  private let installation: Installation
  /// The version that was asked for last: each page needs it, and making it takes a while.
  private let newest = Mutex<Current?>(nil)

  private struct Current: Sendable {
    let incident: Int64
    let digest: String
    let scope: Scope
    /// Ascending.
    let affected: [UInt32]
    /// Exactly what the ledger shows, before merges.
    let shown: Set<SubjectNumber>
  }

  init(installation: Installation) { self.installation = installation }

  struct Page {
    var json: [JSONValue] = []
    var numbers: [SubjectNumber] = []
    var total = 0
    var next: UInt32?
  }

  /// - Throws: `APIError` where there is no such version, or its set was erased from the ledger.
  func page(of incident: Incident, version: Int, digest: String, after: UInt32?) async throws -> Page {
    guard let project = installation.projects[incident.project] else { throw APIError.notFound("There is no such project here.") }
    let current = try await current(of: incident, version: version, digest: digest)
    let (scope, affected) = (current.scope, current.affected)
    let begin = after.map { Self.index(after: $0, in: affected) } ?? 0
    let numbers = affected[begin..<min(affected.count, begin + Self.page)]
    let census = project.store.census()
    var page = Page(total: affected.count)
    for number in numbers {
      let members = census.members(of: census.canonical(of: [number])[0]).prefix(Self.mostIDs)
      var ids: [JSONValue] = []
      for member in members {
        guard let id = try await json(of: SubjectNumber(member), isShown: current.shown.contains(SubjectNumber(member)), in: project) else {
          continue
        }
        ids.append(id)
        page.numbers.append(SubjectNumber(member))
      }
      page.json.append([
        "number": .number(Double(number)), "ids": .list(ids),
        "fields": .list(scope.fields(of: SubjectNumber(census.canonical(of: [number])[0])).map { .string($0) }),
      ])
    }
    page.next = begin + numbers.count < affected.count ? numbers.last : nil
    return page
  }

  /// Of an ascending list, where the first number behind this one stands.
  private static func index(after number: UInt32, in list: [UInt32]) -> Int {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle] <= number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func current(of incident: Incident, version: Int, digest: String) async throws -> Current {
    if let current = newest.withLock({ $0 }), current.incident == incident.id, current.digest == digest { return current }
    guard let kept = try await installation.access.scopes(of: incident.id).first, kept.version == version, kept.digest == digest else {
      throw APIError(.conflict, "superseded", "Another version of the scope of this incident is the newest: write the request anew.")
    }
    guard let set = try await installation.ledger.detail(of: kept.entry)?.subjects else {
      throw APIError(.gone, "erased", "Whom this version affects was erased from the ledger. Scope the incident anew.")
    }
    guard let (scope, _) = try await installation.incidents.currentScope(of: incident) else {
      throw APIError.notFound("This incident has no scope.")
    }
    let current = Current(
      incident: incident.id, digest: digest, scope: scope, affected: set.numbers.map(\.rawValue), shown: Set(scope.shown.set.numbers))
    newest.withLock { $0 = current }
    return current
  }

  /// Nil of whoever is known to no store any more.
  private func json(of number: SubjectNumber, isShown: Bool, in project: OpenProject) async throws -> JSONValue? {
    guard let pseudonym = project.store.reference(of: number)?.pseudonym else { return nil }
    let id = try project.store.sealedID(of: pseudonym)
    let profile = try await project.engine.profile(of: pseudonym)
    let verified = profile?.verified ?? []
    guard id != nil || !verified.isEmpty else { return nil }
    let keys = project.settings.groupKeys
    let organizations = verified.filter { keys.contains($0.name) }.flatMap { $0.value.pseudonyms }
    return [
      "subject": .string("s_\(pseudonym)"), "shown": .boolean(isShown), "id": Self.sealed(id),
      "addresses": Self.sealed(verified, sources.address), "language": language(of: verified),
      "organizations": .list(Set(organizations).sorted().map { .string("g_\($0)") }),
    ]
  }

  /// Administrators of organizations, and whom to write to there.
  func organizations(_ asked: [Pseudonym], in project: OpenProject) async throws -> (json: JSONValue, numbers: [SubjectNumber]) {
    let holders = try await project.store.holders(
      ofRoles: sources.administrators, by: sources.role, in: Set(asked), keys: project.settings.groupKeys)
    var numbers: [SubjectNumber] = []
    var administrators: [JSONValue] = []
    for holder in holders {
      guard let profile = try await project.engine.profile(of: holder.subject.pseudonym) else { continue }
      numbers.append(holder.subject.number)
      administrators.append([
        "subject": .string(holder.subject.text), "addresses": Self.sealed(profile.verified, sources.address),
        "language": language(of: profile.verified), "organizations": .list(holder.organizations.map { .string("g_\($0)") }),
      ])
    }
    var organizations: [JSONValue] = []
    for pseudonym in asked {
      guard let reference = project.store.reference(of: pseudonym) else { continue }
      numbers.append(reference.number)
      let verified = try await project.engine.profile(of: pseudonym)?.verified ?? []
      let contact = sources.contacts.first { name in verified.contains { $0.name == name && !$0.value.sealedValues.isEmpty } }
      var name: JSONValue = .null
      if case .string(let text)? = verified.first(where: { $0.name == sources.organizationName })?.value { name = .string(text) }
      organizations.append([
        "organization": .string("g_\(pseudonym)"), "field": contact.map { JSONValue.string($0) } ?? JSONValue.null,
        "addresses": Self.sealed(verified, contact ?? ""), "language": language(of: verified), "name": name,
        "sealed_name": Self.sealed(verified, sources.organizationName),
        "id": Self.sealed(try project.store.sealedID(of: pseudonym)),
      ])
    }
    return (["administrators": .list(administrators), "organizations": .list(organizations)], numbers)
  }

  private func language(of properties: [StoredProperty]) -> JSONValue {
    for name in sources.languages {
      if case .string(let text)? = properties.first(where: { $0.name == name })?.value { return .string(text) }
    }
    return .null
  }

  private static func sealed(_ properties: [StoredProperty], _ name: String) -> JSONValue {
    .list(properties.filter { $0.name == name }.flatMap { $0.value.sealedValues }.map { sealed($0) })
  }

  private static func sealed(_ value: SealedValue?) -> JSONValue {
    guard let value else { return .null }
    return .string(Data(value.bytes).base64EncodedString())
  }
}
