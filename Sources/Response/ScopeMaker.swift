import Events
import Ledger

/// Makes scopes: the ledger's numbers become the people and organizations of now.
package struct ScopeMaker: Sendable {
  private let index: ExposureIndex
  private let resolver: any SubjectResolver
  private let groupKeys: [String]

  /// - Parameter groupKeys: the properties that name an organization.
  package init(_ index: ExposureIndex, resolver: any SubjectResolver, groupKeys: [String]) {
    self.index = index
    self.resolver = resolver
    self.groupKeys = Set(groupKeys).sorted()
  }

  /// What is known now.
  ///
  /// - Parameter older: the version that this one supersedes.
  package func scope(
    _ question: ExposureQuestion, holdings: Scope.Holdings? = nil, superseding older: (version: Int, digest: String)? = nil
  ) async throws -> Scope {
    let moment = try await resolver.moment()
    // Beside each other: one reads the store's columns, the other the index.
    async let members = members(moment)
    let answer = try await index.answer(question)
    let raw = answer.subjects.rawNumbers
    let canonical = moment.canonical(of: raw)
    let erased = NumberSet(moment.canonical(of: answer.erased.rawNumbers))
    let everybody = NumberSet(try await moment.everybody(before: nil) + erased.numbers)
    let held = holdings == nil ? [] : try await moment.everybody(before: question.to)
    let affected = NumberSet(moment.people(among: raw) + held)
    var uncertain = NumberSet([])
    if let last = answer.untold.map(\.time).max() {
      // Whoever was erased existed at some time before: nobody can say that it was later than the entry.
      let existing = try await moment.everybody(before: Timestamp(milliseconds: last.milliseconds + 1))
      uncertain = NumberSet(existing + erased.numbers).subtracting(affected)
    }
    // Affected subjects that neither the store nor an erasure knows count as well: a store may be restored to an earlier state.
    let rest = everybody.count(outside: [affected, uncertain])
    return Scope(
      version: (older?.version ?? 0) + 1, supersedes: older?.digest, question: question, holdings: holdings, ledgerSize: answer.size,
      merges: moment.merges, entries: answer.entries, first: answer.first, last: answer.last, rows: answer.rows,
      openings: answer.openings, shown: answer.subjects,
      affected: affected, affectedErased: affected.intersection(erased).count, cannotBeExcluded: uncertain, notAffectedCount: rest,
      fields: Self.fields(answer, raw, canonical, affected, NumberSet(held), holdings), untold: answer.untold,
      organizations: organizations(affected, uncertain, try await members),
      plans: try await index.plans(of: question.project, from: Self.isVendor(question) ? answer.first : question.from, to: question.to))
  }

  /// What is to be said to one subject, with the entries that prove it.
  package func verdict(on canonical: SubjectNumber, in scope: Scope) async throws -> ScopeVerdict {
    switch scope.status(of: canonical) {
    case .notAffected: return .notAffected
    case .cannotBeExcluded: return .cannotBeExcluded(scope.untold)
    case .affected:
      var question = scope.question
      question.size = scope.ledgerSize
      let members = try await resolver.moment().members(of: canonical.rawValue).map { SubjectNumber($0) }
      let proofs = try await index.proofs(of: members, question)
      return .affected(entries: proofs, fields: scope.fields(of: canonical))
    }
  }

  private static func isVendor(_ question: ExposureQuestion) -> Bool {
    if case .vendor = question.source { true } else { false }
  }

  /// The sets of an answer are in one order, that of the ledger: the place of each number is looked up once, and a field walks along.
  private static func fields(
    _ answer: ExposureAnswer, _ raw: [UInt32], _ canonical: [UInt32], _ affected: NumberSet, _ held: NumberSet, _ holdings: Scope.Holdings?
  ) -> [Scope.Field] {
    // None for an organization's id.
    let places = canonical.map { affected.place(of: $0).map { UInt32($0) } }
    var bits: [String: OrdinalBits] = [:]
    for (name, subjects) in answer.fields {
      var shown = OrdinalBits(affected.count)
      var position = 0
      for number in subjects.rawNumbers {
        while raw[position] != number { position += 1 }
        if let place = places[position] { shown.insert(place) }
      }
      bits[name] = shown
    }
    for name in holdings?.fields ?? [] {
      var shown = bits[name] ?? OrdinalBits(affected.count)
      for number in held.numbers { if let place = affected.place(of: number) { shown.insert(UInt32(place)) } }
      bits[name] = shown
    }
    return bits.map { Scope.Field(name: $0, subjects: $1, count: $1.count) }.filter { $0.count > 0 }.sorted { $0.name < $1.name }
  }

  /// By group key.
  private func members(_ moment: any SubjectsMoment) async throws -> [String: [OrganizationMembers]] {
    var found: [String: [OrganizationMembers]] = [:]
    for key in groupKeys { found[key] = try await moment.organizations(by: key) }
    return found
  }

  private func organizations(
    _ affected: NumberSet, _ uncertain: NumberSet, _ members: [String: [OrganizationMembers]]
  ) -> [String: [Scope.Organization]] {
    guard !affected.isEmpty || !uncertain.isEmpty else { return [:] }
    var found: [String: [Scope.Organization]] = [:]
    for (key, organizations) in members {
      let all = organizations.compactMap { organization -> Scope.Organization? in
        var (hit, doubtful) = (0, 0)
        for member in organization.members {
          if affected.contains(member) { hit += 1 } else if uncertain.contains(member) { doubtful += 1 }
        }
        guard hit + doubtful > 0 else { return nil }
        return Scope.Organization(
          number: organization.number, members: organization.members.count, affected: hit, cannotBeExcluded: doubtful)
      }
      found[key] = all.sorted { $0.number < $1.number }
    }
    return found
  }
}

/// What is to be said to one subject.
package enum ScopeVerdict: Sendable, Hashable {
  /// `entries` is empty for whoever is affected only because a host held everybody.
  case affected(entries: [ExposureProof], fields: [String])
  /// Of these entries nobody can tell any more whom they showed.
  case cannotBeExcluded([ExposureAnswer.Untold])
  case notAffected
}
