package import Events
package import Journeys
import Synchronization

/// Somebody whose verified profile gives them a role in organizations.
package struct RoleHolder: Sendable, Hashable {
  package let subject: SubjectReference
  package let organizations: [Pseudonym]
}

extension SegmentStore {
  /// People whose verified profile says that they have one of these roles, and that they belong to one of these organizations: what the public
  /// token wrote does not count. By number.
  ///
  /// Goes through all profiles, a chunk at a time, on a thread for queries.
  ///
  /// - Parameters:
  ///   - property: where a profile says the role, as a text or a list of them.
  ///   - keys: the properties that name an organization.
  package func holders(
    ofRoles roles: Set<String>, by property: String, in organizations: Set<Pseudonym>, keys: [String]
  ) async throws -> [RoleHolder] {
    try await scanThreads.run { [self] () throws(QueryError) in
      do throws(StoreError) { return try roleHolders(roles, property, organizations, keys) } catch {
        throw QueryError(.unreadable, error.description)
      }
    }
  }

  private func roleHolders(
    _ roles: Set<String>, _ property: String, _ organizations: Set<Pseudonym>, _ keys: [String]
  ) throws(StoreError) -> [RoleHolder] {
    let current = state.withLock { $0 }
    var seen = Set<UInt32>()
    var found: [RoleHolder] = []
    let fresh = current.memtables.flatMap { table, _ in table.with { Array($0.profiles.keys) } }
    for number in fresh + current.profileFiles.flatMap(\.numbers) where seen.insert(number).inserted {
      guard !identities.isGroup(number), let layer = try current.profile(of: number, cache: cache)?.verified else { continue }
      guard layer.properties.contains(where: { $0.name == property && !roles.isDisjoint(with: $0.value.texts) }) else { continue }
      let own = layer.properties.filter { keys.contains($0.name) }.flatMap { $0.value.pseudonyms }.filter(organizations.contains)
      guard !own.isEmpty, let pseudonym = identities.pseudonym(of: number) else { continue }
      found.append(
        RoleHolder(
          subject: SubjectReference(number: SubjectNumber(number), pseudonym: pseudonym), organizations: Array(Set(own)).sorted()))
    }
    return found.sorted { $0.subject.number < $1.subject.number }
  }
}

extension StoredValue {
  /// The texts that it is or holds, in lower case.
  package var texts: [String] {
    switch self {
    case .string(let text): [text.lowercased()]
    case .list(let elements): elements.flatMap(\.texts)
    default: []
    }
  }

  /// The sealed values that it is or holds.
  package var sealedValues: [SealedValue] {
    switch self {
    case .sealed(let sealed): [sealed]
    case .list(let elements): elements.flatMap(\.sealedValues)
    default: []
    }
  }
}
