import Events

/// Where a scope learns who the numbers of the ledger are now. A project's store is one.
package protocol SubjectResolver: Sendable {
  /// Who is who at this moment; later merges do not change it.
  func moment() async throws -> any SubjectsMoment
}

/// Merges, subjects and organizations as of one moment.
package protocol SubjectsMoment: Sendable {
  /// How many merges were decided: two moments with the same number resolve alike.
  var merges: UInt64 { get }

  /// For each number the one that it counts as, in the same order; itself where nothing is known of it. For a million in well under a second.
  func canonical(of numbers: [UInt32]) -> [UInt32]

  /// Every number that counts as this canonical one, itself included.
  func members(of canonical: UInt32) -> [UInt32]

  /// Those of the numbers that name organizations: whoever was shown a person's events was often shown their organization's id as well, and that
  /// is nobody.
  func organizationIDs(among numbers: [UInt32]) -> Set<UInt32>

  /// Canonical numbers of everybody who had arrived before a time (nil: by now), in any order, each once. It may name more where that is not
  /// known, never fewer.
  func everybody(before time: Timestamp?) async throws -> [UInt32]

  /// Who belongs to which organization, by the property that names it. Members are canonical, each once an organization.
  func organizations(by key: String) async throws -> [OrganizationMembers]
}

extension SubjectsMoment {
  /// Whom numbers count as, without the ids of organizations among them.
  package func people(among numbers: [UInt32]) -> [UInt32] {
    let groups = organizationIDs(among: numbers)
    return canonical(of: groups.isEmpty ? numbers : numbers.filter { !groups.contains($0) })
  }
}

package struct OrganizationMembers: Sendable, Hashable {
  package let number: SubjectNumber
  package let members: [UInt32]

  package init(number: SubjectNumber, members: [UInt32]) {
    self.number = number
    self.members = members
  }
}
