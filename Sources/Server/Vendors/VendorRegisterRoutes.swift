import Access
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import NIOCore
import Relay

/// The register of vendors, for an auditor's spreadsheet and for tools that read CycloneDX.
struct VendorRegisterRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/vendors/register.csv") { request, context in
      try await answer(request, context, type: "text/csv; charset=utf-8", name: "vendors.csv", \.csv)
    }
    router.get("/api/v1/vendors/register.cdx.json") { request, context in
      try await answer(request, context, type: "application/vnd.cyclonedx+json; version=1.6", name: "vendors.cdx.json") {
        $0.cycloneDX(version: Installation.version).text + "\n"
      }
    }
  }

  private func answer(
    _ request: Request, _ context: ServerContext, type: String, name: String, _ text: @Sendable (VendorRegister) -> String
  ) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .readVendors)
    let register = try await installation.register(of: project)
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.vendor_register", fields: ["vendors"])
    let disclosed = try await installation.ledger.disclose(text(register), disclosure, to: caller.principal)
    return Response(
      status: .ok,
      headers: [
        .contentType: type, .cacheControl: "no-store", .contentDisposition: "attachment; filename=\"\(name)\"",
        .ledgerIndex: String(disclosed.receipt.index),
      ], body: .init(byteBuffer: ByteBuffer(string: disclosed.value)))
  }
}

extension Installation {
  /// So much of the ledger is looked through for what was delivered.
  private static let mostEntries = 500_000

  func register(of project: OpenProject) async throws -> VendorRegister {
    let (declared, now) = (try await declarations(of: project.id), now())
    let grants = try await access.vendorGrants(of: project.id)
    let (delivered, isComplete) = declared.isEmpty ? ([:], true) : try await deliveredSubjects(in: project.id)
    let entries = declared.map { vendor, version, declaration in
      VendorRegister.Entry(
        vendor: vendor, version: version, declaration: declaration, subjects: delivered[vendor.id.rawValue] ?? 0,
        liveGrants: grants.count { $0.draft.vendor == vendor.id && $0.isLive(at: now) })
    }
    return VendorRegister(project: project.id, projectName: project.settings.name, entries: entries, at: now, isComplete: isComplete)
  }

  /// By vendor, how many different subjects the ledger's deliveries were about.
  private func deliveredSubjects(in project: ProjectID) async throws -> ([String: Int], isComplete: Bool) {
    var filter = LedgerFilter()
    (filter.kinds, filter.project, filter.principalKind) = (.disclosures, project, .vendor)
    var sets: [String: Set<SubjectNumber>] = [:]
    var (before, looked, isComplete) = (UInt64?.none, 0, true)
    repeat {
      let found = try await ledger.search(filter, before: before, limit: 1_000)
      if found.untold > 0 { isComplete = false }
      for record in found.records where record.entry.kind == "disclosure.delivery" {
        guard case .present(let detail) = record.detail, let subjects = detail.subjects else { continue }
        sets[detail.principal.id, default: []].formUnion(subjects.numbers)
      }
      (before, looked) = (found.next, looked + found.looked)
      if before != nil, looked >= Self.mostEntries { return (sets.mapValues(\.count), false) }
    } while before != nil
    return (sets.mapValues(\.count), isComplete)
  }
}
