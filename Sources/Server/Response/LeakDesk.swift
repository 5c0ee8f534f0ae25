import Access
import Events
import Foundation
import Journeys
import Ledger
import Relay
import Response
import SegmentStore
import Vault

/// Names where rows come from that turned up somewhere: by canaries, by the pseudonyms of vendors, and by whom the ledger knows to have been
/// shown these people.
struct LeakDesk: Sendable {
  static let most = 20_000
  private static let part = 16_384
  /// Of those who were shown some of them, so many are named.
  private static let mostHolders = 20

  let installation: Installation

  /// - Parameter incident: whose newest scope is compared with the people, and which the comparison is written down with.
  func find(
    _ ids: Set<Pseudonym>, _ labels: Set<String>, in project: ProjectID, incident: Incident?, by principal: Principal
  ) async throws -> (finding: LeakFinding, people: Set<SubjectNumber>) {
    guard ids.count <= Self.most, labels.count <= Self.most else {
      throw APIError.badRequest("At most \(Self.most) ids and hosts at once.", field: "ids")
    }
    guard let open = installation.projects[project] else { throw APIError.notFound("There is no such project.") }
    let hits = await installation.canaries.hits(ids.map { .id($0) } + labels.map { .label($0) }).filter { $0.project == project }
    await installation.canaries.tell(hits, .file, by: principal)
    var suspects = Self.suspects(hits)
    let canaries = Set(hits.compactMap { Pseudonym(String($0.what.dropFirst(2))) })
    var people: Set<SubjectNumber> = []
    var ours: Set<SubjectNumber> = []
    for id in ids where !canaries.contains(id) {
      if let number = open.store.reference(of: id)?.number { ours.insert(number) }
    }
    for group in open.store.census().groups(among: ours.map(\.rawValue)) { ours.remove(SubjectNumber(group)) }
    people = ours
    for (vendor, numbers) in try await named(ids.subtracting(canaries), open, project) {
      suspects.append(.init(.vendor(vendor), .pseudonyms, numbers.count))
      people.formUnion(numbers)
    }
    if !ours.isEmpty { suspects += Self.suspects(try await installation.exposure.holders(of: ours.sorted(), in: project)) }
    var outside: Int?
    if let incident, let scope = try await installation.incidents.currentScope(of: incident)?.scope {
      let canonical = open.store.census().canonical(of: people.map(\.rawValue))
      outside = Set(canonical).count { scope.status(of: SubjectNumber($0)) != .affected }
    }
    return (LeakFinding(ids: ids.count, people: people.count, suspects: suspects, outside: outside), people)
  }

  private static func suspects(_ hits: [CanaryDesk.Hit]) -> [LeakFinding.Suspect] {
    var counts: [Incident.Source: Int] = [:]
    for hit in hits {
      if let vendor = hit.vendor {
        counts[.vendor(vendor.rawValue), default: 0] += 1
      } else if let export = hit.export {
        counts[.export(export.nonce), default: 0] += 1
      }
    }
    return counts.map { LeakFinding.Suspect($0, .canaries, $1) }
  }

  /// An export is more telling than the credential that it was made with.
  private static func suspects(_ holders: [ExposureHolder]) -> [LeakFinding.Suspect] {
    var counts: [Incident.Source: Int] = [:]
    for holder in holders {
      let source: Incident.Source
      if let export = holder.export {
        source = .export(export)
      } else {
        switch holder.kind {
        case .serviceAccount: source = .credential(holder.id)
        case .staff: source = holder.credential.hasPrefix("ses_") ? .credential(holder.credential) : .person(holder.id)
        // A vendor was given pseudonyms of its own: these it never had.
        case .vendor, .owner, .operatingSystemUser, .custodian, .system: continue
        }
      }
      counts[source] = max(counts[source] ?? 0, holder.people)
    }
    return counts.map { LeakFinding.Suspect($0, .shown, $1) }.sorted { ($0.count, $1.source.id) > ($1.count, $0.source.id) }
      .prefix(mostHolders).map(\.self)
  }

  /// By vendor, who of the project is named by these: each id that ever arrived is derived once for each vendor and compared.
  private func named(
    _ ids: Set<Pseudonym>, _ open: OpenProject, _ project: ProjectID
  ) async throws -> [String: Set<SubjectNumber>] {
    let vendors = try await installation.access.vendors(of: project).compactMap { vendor in
      VendorPseudonymizer(pseudonymKey: installation.keys.pseudonym, project: project, vendor: vendor.id.rawValue).map {
        (vendor.id.rawValue, $0)
      }
    }
    guard !ids.isEmpty, !vendors.isEmpty else { return [:] }
    let census = open.store.census()
    var found: [String: Set<SubjectNumber>] = [:]
    var next = 0
    while next < census.idCount {
      try Task.checkCancellation()
      for (pseudonym, number) in census.ids(next..<next + Self.part) {
        for (vendor, derive) in vendors where ids.contains(derive.bits(of: pseudonym)) { found[vendor, default: []].insert(number) }
      }
      next += Self.part
      await Task.yield()
    }
    return found
  }
}
