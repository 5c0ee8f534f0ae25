import Access
import Console
import Delivery
import Events
import Foundation
import Ledger
import Logging
import Relay

/// The hosts that vendors' declarations name.
struct DeclaredHosts: Sendable {
  private var vendors: [String: Vendor.ID] = [:]

  init(_ declarations: [VendorDeclaration]) {
    for declaration in declarations {
      for host in declaration.hosts { vendors[host] = vendors[host] ?? declaration.id }
      if let place = declaration.destination?.place, let host = URLComponents(string: place)?.host?.lowercased(), !host.isEmpty {
        vendors[host] = vendors[host] ?? declaration.id
      }
    }
  }

  /// A declared host names all below it.
  func vendor(of host: String) -> Vendor.ID? {
    var rest = host[...]
    while true {
      if let vendor = vendors[String(rest)] { return vendor }
      guard let dot = rest.firstIndex(of: ".") else { return nil }
      rest = rest[rest.index(after: dot)...]
    }
  }
}

extension Installation {
  typealias Declared = (vendor: Vendor, version: VendorVersion, declaration: VendorDeclaration)

  /// Of every vendor the declaration in force, or the newest that nobody refused where none is.
  func declarations(of project: ProjectID) async throws(AccessError) -> [Declared] {
    var found: [Declared] = []
    for vendor in try await access.vendors(of: project) {
      let version: VendorVersion?
      if let number = vendor.inForce {
        version = try await access.version(number, of: vendor.id)
      } else {
        version = try await access.versions(of: vendor.id).first { $0.decidedAt == nil }
      }
      // One that an older version of Sealane wrote may not read any more.
      guard let version, let declaration = try? VendorDeclaration(yaml: version.source) else { continue }
      found.append((vendor, version, declaration))
    }
    return found
  }

  func declaredHosts(of project: ProjectID) async throws(AccessError) -> DeclaredHosts {
    // What a vendor that is killed was there for is not declared any more.
    DeclaredHosts(try await declarations(of: project).filter { $0.vendor.state != .killed }.map(\.declaration))
  }

  func thirdParties(of project: OpenProject) async throws(AccessError) -> [NamedThirdParty] {
    await keepThirdParties(of: project)
    let hosts = try await declaredHosts(of: project.id)
    return try await access.thirdParties(of: project.id).map { NamedThirdParty(seen: $0, vendor: hosts.vendor(of: $0.host)) }
  }

  /// Writes down what browsers reported since the last time, and raises an alert where hosts are new that nobody declared. A crash loses half a
  /// minute of these counts.
  func keepThirdParties(of project: OpenProject) async {
    let sightings = project.thirdParties.drain()
    if sightings.isEmpty { return }
    do throws(AccessError) {
      let (new, leftOut) = try await access.addThirdParties(sightings, of: project.id)
      metrics.count("sealane_csp_reports_total", [("outcome", "too_many_hosts")], by: leftOut)
      let hosts = try await declaredHosts(of: project.id)
      let strangers = new.filter { hosts.vendor(of: $0) == nil }
      guard let first = strangers.first else { return }
      let undeclared = "that no vendor's declaration names"
      let many = strangers.count == 1 ? "A host \(undeclared) is" : "\(strangers.count) hosts \(undeclared) are"
      await alerts.raise(
        NewAlert(
          .undeclaredThirdParty, project: project.id,
          sentence: "\(many) called by the company's own site, as browsers report: see `sealane vendors third-parties`.",
          // Whoever has the public token may have made the names up: they are details, not words of ours.
          details: ["count": .number(Int64(strangers.count)), "host": .text(first)], sameAs: "third_parties/\(first)"))
    } catch {
      project.thirdParties.putBack(sightings)
      logger.warning("Third parties of the site cannot be kept", metadata: ["error": "\(error.message)"])
    }
  }
}
