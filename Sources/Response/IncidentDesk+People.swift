import Access
import Events
import Journeys
import Ledger

extension IncidentDesk {
  /// One person of an incident's newest scope.
  package struct Person: Sendable, Hashable {
    package let number: SubjectNumber
    /// Nil of whoever was erased, or is known to no store any more.
    package let pseudonym: Pseudonym?
    package let status: Scope.Status
    /// Of whoever is affected.
    package let fields: [String]
  }

  package struct PeoplePage: Sendable, Hashable {
    package let version: Int
    /// Whether it is exactly what was entered; if not, people were merged, came or were erased since.
    package let isAsEntered: Bool
    /// By number.
    package let people: [Person]
    /// Where the next page begins; nil on the last.
    package let next: UInt32?
  }

  /// As many rows as a disclosure of subjects may have.
  package static let peoplePage = 10_000

  /// Who is affected, or cannot be excluded, by number; whoever is neither is not affected.
  ///
  /// - Throws: `AccessError` `invalid` before the first scope.
  package func people(
    of incident: Incident, _ status: Scope.Status, after: UInt32?, limit: Int = peoplePage
  ) async throws -> PeoplePage {
    guard let (scope, version) = try await currentScope(of: incident) else { throw Self.unscoped }
    let set =
      switch status {
      case .affected: scope.affected
      case .cannotBeExcluded: scope.cannotBeExcluded
      case .notAffected:
        throw AccessError(.invalid, "Whoever is neither affected nor not to be excluded is not affected: nobody lists them.")
      }
    let begin = after.map { after in set.numbers.firstIndex { $0 > after } ?? set.count } ?? 0
    let numbers = set.numbers[begin..<min(set.count, begin + max(1, min(limit, Self.peoplePage)))]
    let place = try await place(incident.project)
    let people = numbers.map { number in
      let number = SubjectNumber(number)
      return Person(
        number: number, pseudonym: place.pseudonyms([number.rawValue]).first, status: status, fields: scope.fields(of: number))
    }
    return PeoplePage(
      version: version.version, isAsEntered: scope.digest == version.digest, people: people,
      next: begin + people.count < set.count ? people.last?.number.rawValue : nil)
  }

  /// One person's answer, with the entries of the ledger that prove it.
  package struct Verdict: Sendable, Hashable {
    package let version: Int
    /// As of a page.
    package let isAsEntered: Bool
    package let number: SubjectNumber
    package let verdict: ScopeVerdict
  }

  /// - Throws: `AccessError` `notFound` for a pseudonym under which nobody ever arrived.
  package func verdict(on pseudonym: Pseudonym, in incident: Incident) async throws -> Verdict {
    guard let (scope, version) = try await currentScope(of: incident) else { throw Self.unscoped }
    let place = try await place(incident.project)
    guard let raw = place.number(pseudonym), let canonical = try await place.resolver.moment().canonical(of: [raw.rawValue]).first else {
      throw AccessError(.notFound, "Nobody ever arrived under this pseudonym.")
    }
    let maker = ScopeMaker(index, resolver: place.resolver, groupKeys: place.groupKeys)
    let number = SubjectNumber(canonical)
    return Verdict(
      version: version.version, isAsEntered: scope.digest == version.digest, number: number,
      verdict: try await maker.verdict(on: number, in: scope))
  }

  package struct OrganizationRow: Sendable, Hashable {
    package let key: String
    package let pseudonym: Pseudonym?
    package let organization: Scope.Organization
  }

  /// Organizations that somebody affected, or not to be excluded, belongs to: the one with most affected first.
  package func organizations(of incident: Incident, limit: Int = peoplePage) async throws -> (rows: [OrganizationRow], total: Int) {
    guard let (scope, _) = try await currentScope(of: incident) else { throw Self.unscoped }
    let place = try await place(incident.project)
    let all = scope.organizations.flatMap { key, organizations in organizations.map { (key, $0) } }.sorted { left, right in
      (right.1.affected, right.1.cannotBeExcluded, left.1.number, left.0) < (
        left.1.affected, left.1.cannotBeExcluded, right.1.number, right.0
      )
    }
    let rows = all.prefix(limit).map { key, organization in
      OrganizationRow(key: key, pseudonym: place.pseudonyms([organization.number.rawValue]).first, organization: organization)
    }
    return (rows, all.count)
  }

  static let unscoped = AccessError(.invalid, "Scope the incident first: until then nobody knows who is affected.")
}
