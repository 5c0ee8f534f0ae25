import Access
import Events
import Ledger
import Relay

/// Gathers what a blast radius is made of: from the control database, the ledger's index and a project's store. Changes nothing.
package struct BlastRadiusMaker: Sendable {
  /// What it needs of a project.
  package struct Place: Sendable {
    package let resolver: any SubjectResolver
    package let groupKeys: [String]
    /// Names of everything that is stored of people.
    package let fields: [String]
    /// Those of which the tracking plan keeps no readable value.
    package let hidden: Set<String>
    package let hasCustodianBeside: Bool

    package init(
      resolver: any SubjectResolver, groupKeys: [String], fields: [String], hidden: Set<String> = [], hasCustodianBeside: Bool = false
    ) {
      self.resolver = resolver
      self.groupKeys = groupKeys
      self.fields = fields
      self.hidden = hidden
      self.hasCustodianBeside = hasCustodianBeside
    }
  }

  private let control: ControlDatabase
  private let quotas: QuotaBook
  private let index: ExposureIndex
  private let clock: @Sendable () -> Timestamp

  package init(control: ControlDatabase, quotas: QuotaBook, index: ExposureIndex, clock: @escaping @Sendable () -> Timestamp) {
    self.control = control
    self.quotas = quotas
    self.index = index
    self.clock = clock
  }

  /// - Throws: where the control database or the store cannot be read, or the task is cancelled. What the ledger cannot tell is nil in it.
  package func blastRadius(of project: ProjectID, _ place: Place) async throws -> BlastRadius {
    BlastRadius(try await facts(of: project, place))
  }

  package func facts(of project: ProjectID, _ place: Place) async throws -> BlastFacts {
    let now = clock()
    let longAgo = Timestamp(milliseconds: now.milliseconds - BlastFacts.patience.components.seconds * 1000)
    let moment = try await place.resolver.moment()
    let everybody = try await moment.everybody(before: nil).count
    try Task.checkCancellation()
    var members: [String: [OrganizationMembers]] = [:]
    for key in place.groupKeys {
      members[key] = try await moment.organizations(by: key)
      try Task.checkCancellation()
    }
    var vendors: [BlastFacts.VendorFacts] = []
    for vendor in try await control.vendors(of: project) {
      vendors.append(try await facts(of: vendor, longAgo, moment, members))
      try Task.checkCancellation()
    }
    return BlastFacts(
      project: project, at: now, people: everybody, organizations: OrganizationReach(members), fields: place.fields,
      // Of what names an organization the gate keeps pseudonyms.
      hidden: place.hidden.union(place.groupKeys), accounts: control.serviceAccounts(of: project), staff: try await control.staff(),
      staffQuota: control.staffQuota, frozen: Set(quotas.freezes.map(\.holder)),
      mostUsed: try await control.mostUsed(since: QuotaBook.day(of: longAgo)), vendors: vendors,
      hasCustodianBeside: place.hasCustodianBeside)
  }

  private func facts(
    of vendor: Vendor, _ longAgo: Timestamp, _ moment: any SubjectsMoment, _ members: [String: [OrganizationMembers]]
  ) async throws -> BlastFacts.VendorFacts {
    let versions = try await control.versions(of: vendor.id)
    let inForce = versions.first { $0.version == vendor.inForce }
    let declaration = (inForce ?? versions.first).flatMap { try? VendorDeclaration(yaml: $0.source) }
    var facts = BlastFacts.VendorFacts(vendor: vendor, name: declaration?.name ?? vendor.id.rawValue, people: nil)
    if let inForce, declaration?.destination != nil {
      facts.allowed = declaration?.fields ?? []
      facts.since = inForce.decidedAt
    }
    // What the ledger cannot tell is not known, which is told: everything else still is.
    guard let answer = try? await index.answer(ExposureQuestion(.vendor(vendor.id.rawValue), in: vendor.project)) else { return facts }
    facts.delivered = try? await index.delivered(to: vendor.id.rawValue, in: vendor.project, since: longAgo)
    let held = NumberSet(moment.people(among: answer.subjects.rawNumbers))
    facts.people = held.count
    facts.isAtLeast = !answer.untold.isEmpty
    facts.fields = answer.fields.keys.sorted()
    guard held.count > 0 else { return facts }
    facts.organizations = members.mapValues { organizations in
      organizations.count { $0.members.contains { held.contains($0) } }
    }
    return facts
  }
}
