import Access
import Events
import Ledger

/// What a blast radius is made of, all of one moment.
package struct BlastFacts: Sendable {
  package struct VendorFacts: Sendable {
    package var vendor: Vendor
    package var name: String
    /// The fields of the version in force; empty where none is, or it sends nothing.
    package var allowed: [String]
    /// Since when that version is in force.
    package var since: Timestamp?
    /// Different people held now, as the ledger proves it; nil where it cannot be asked.
    package var people: Int?
    package var isAtLeast: Bool
    package var organizations: [String: Int]
    package var fields: [String]
    /// Nil where the ledger cannot be asked.
    package var delivered: DeliveredFields?

    package init(
      vendor: Vendor, name: String, allowed: [String] = [], since: Timestamp? = nil, people: Int?, isAtLeast: Bool = false,
      organizations: [String: Int] = [:], fields: [String] = [], delivered: DeliveredFields? = nil
    ) {
      self.vendor = vendor
      self.name = name
      self.allowed = allowed
      self.since = since
      self.people = people
      self.isAtLeast = isAtLeast
      self.organizations = organizations
      self.fields = fields
      self.delivered = delivered
    }
  }

  package var project: ProjectID
  package var at: Timestamp
  package var people: Int
  package var organizations: OrganizationReach
  /// Names of all that is stored of people, ascending.
  package var fields: [String]
  /// Those of which the tracking plan keeps no readable value.
  package var hidden: Set<String>
  /// Of any state: what does not work any more is left out.
  package var accounts: [ServiceAccount]
  package var staff: [StaffMember]
  package var staffQuota: Quota
  package var frozen: Set<QuotaHolder>
  /// The most that each had in a day of the last 30.
  package var mostUsed: [QuotaHolder: Quota]
  package var vendors: [VendorFacts]
  /// Whether the custodian's directory is on the server's host too.
  package var hasCustodianBeside: Bool

  package init(
    project: ProjectID, at: Timestamp, people: Int, organizations: OrganizationReach = OrganizationReach([:]), fields: [String],
    hidden: Set<String> = [], accounts: [ServiceAccount] = [], staff: [StaffMember] = [], staffQuota: Quota = .staff,
    frozen: Set<QuotaHolder> = [], mostUsed: [QuotaHolder: Quota] = [:], vendors: [VendorFacts] = [], hasCustodianBeside: Bool = false
  ) {
    self.project = project
    self.at = at
    self.people = people
    self.organizations = organizations
    self.fields = fields
    self.hidden = hidden
    self.accounts = accounts
    self.staff = staff
    self.staffQuota = staffQuota
    self.frozen = frozen
    self.mostUsed = mostUsed
    self.vendors = vendors
    self.hasCustodianBeside = hasCustodianBeside
  }
}

/// How many organizations a number of people can belong to.
package struct OrganizationReach: Sendable, Hashable {
  /// By the property that names them: how many there are.
  package let all: [String: Int]
  /// By property: how many organizations the first n people belong to together, those with most first; ascending.
  private let sums: [String: [Int]]

  /// - Parameter members: by property, the members of each organization.
  package init(_ members: [String: [OrganizationMembers]]) {
    all = members.mapValues { $0.count { !$0.members.isEmpty } }
    sums = members.mapValues { organizations in
      var counts: [UInt32: Int] = [:]
      for organization in organizations { for member in organization.members { counts[member, default: 0] += 1 } }
      var sum = 0
      return counts.values.sorted(by: >).map { count in
        sum += count
        return sum
      }
    }
  }

  /// At most so many, whoever the people are: nobody can tell beforehand whom a thief picks.
  package func most(of people: Int) -> [String: Int] {
    guard people > 0 else { return all.mapValues { _ in 0 } }
    return all.reduce(into: [:]) { result, entry in
      let sums = sums[entry.key] ?? []
      result[entry.key] = min(entry.value, sums.isEmpty ? 0 : sums[min(people, sums.count) - 1])
    }
  }
}
