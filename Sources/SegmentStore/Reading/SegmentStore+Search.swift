package import Events
package import Journeys
import Synchronization

/// A subject that a search by tag or id found, and by what.
package struct FoundSubject: Sendable, Hashable {
  package enum Match: String, Sendable, Hashable { case id, verified, unverified }
  package let subject: SubjectReference
  package let match: Match
}

extension SegmentStore {
  /// The subjects with one of these ids, and those whose profile has a sealed field with one of these tags. Who was erased is not found.
  ///
  /// Goes through all profiles, a chunk at a time, on a thread for queries.
  ///
  /// - Returns: at most `limit` subjects, and whether there are more.
  package func search(ids: [Pseudonym], tags: Set<FieldTag>, limit: Int) async throws -> (found: [FoundSubject], hasMore: Bool) {
    let found = try await scanThreads.run { [self] () throws(QueryError) in
      do throws(StoreError) { return try matches(ids: ids, tags: tags, limit: limit + 1) } catch {
        throw QueryError(.unreadable, error.description)
      }
    }
    return (Array(found.prefix(limit)), found.count > limit)
  }

  private func matches(ids: [Pseudonym], tags: Set<FieldTag>, limit: Int) throws(StoreError) -> [FoundSubject] {
    var found: [FoundSubject] = []
    let current = state.withLock { $0 }
    for id in ids {
      guard let number = identities.number(of: id), !identities.isGroup(number) else { continue }
      // An erased id stays known as a number; with a sealed id it came back.
      if current.deletions.contains(number), try sealedID(of: id) == nil { continue }
      found.append(FoundSubject(subject: SubjectReference(number: SubjectNumber(number), pseudonym: id), match: .id))
    }
    guard !tags.isEmpty else { return found }
    var seen = Set<UInt32>()
    let fresh = current.memtables.flatMap { table, _ in table.with { Array($0.profiles.keys) } }
    for number in fresh + current.profileFiles.flatMap(\.numbers) where seen.insert(number).inserted {
      if found.count >= limit { break }
      guard !identities.isGroup(number), let image = try current.profile(of: number, cache: cache),
        let pseudonym = identities.pseudonym(of: number)
      else { continue }
      let subject = SubjectReference(number: SubjectNumber(number), pseudonym: pseudonym)
      if image.verified.map({ Self.carries($0, tags) }) ?? false { found.append(FoundSubject(subject: subject, match: .verified)) }
      if image.unverified.map({ Self.carries($0, tags) }) ?? false { found.append(FoundSubject(subject: subject, match: .unverified)) }
    }
    return found
  }

  /// For each of these tags that a verified profile has, the first subject that was found with it. Reads all profiles, whoever has them:
  /// how long it takes says nothing.
  package func verifiedHolders(of tags: Set<FieldTag>) async throws -> [FieldTag: SubjectNumber] {
    guard !tags.isEmpty else { return [:] }
    return try await scanThreads.run { [self] () throws(QueryError) in
      do throws(StoreError) { return try holders(of: tags) } catch { throw QueryError(.unreadable, error.description) }
    }
  }

  private func holders(of tags: Set<FieldTag>) throws(StoreError) -> [FieldTag: SubjectNumber] {
    var holders: [FieldTag: SubjectNumber] = [:]
    var seen = Set<UInt32>()
    let current = state.withLock { $0 }
    let fresh = current.memtables.flatMap { table, _ in table.with { Array($0.profiles.keys) } }
    for number in fresh + current.profileFiles.flatMap(\.numbers) where seen.insert(number).inserted {
      guard !identities.isGroup(number), let image = try current.profile(of: number, cache: cache), let verified = image.verified else {
        continue
      }
      for property in verified.properties {
        for value in property.value.sealedValues {
          let tag = FieldTag(field: property.name, tag: value.tag)
          if tags.contains(tag), holders[tag] == nil { holders[tag] = SubjectNumber(number) }
        }
      }
    }
    return holders
  }

  private static func carries(_ layer: ProfileImage.Layer, _ tags: Set<FieldTag>) -> Bool {
    layer.properties.contains { property in carries(property.value, property.name, tags) }
  }

  private static func carries(_ value: StoredValue, _ field: String, _ tags: Set<FieldTag>) -> Bool {
    switch value {
    case .sealed(let sealed): tags.contains(FieldTag(field: field, tag: sealed.tag))
    case .list(let elements): elements.contains { carries($0, field, tags) }
    default: false
    }
  }
}

/// The equality tag of a value of a field.
package struct FieldTag: Sendable, Hashable {
  package let field: String
  package let tag: Pseudonym
  package init(field: String, tag: Pseudonym) {
    self.field = field
    self.tag = tag
  }
}
