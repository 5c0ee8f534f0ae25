import Access
import Events
import Foundation
import Journeys

extension VendorRegister {
  /// A bill of materials of services (CycloneDX 1.6): the project, whose data flow out, and each vendor, to whom they flow in. The direction of
  /// `data` is relative to the service that it stands in.
  ///
  /// - Parameter serial: names this very document.
  package func cycloneDX(serial: UUID = UUID(), version: String) -> JSONValue {
    let uuid = serial.uuidString.lowercased()
    func link(_ reference: String) -> JSONValue { .string("urn:cdx:\(uuid)/1#\(reference)") }
    let own = "project/\(project)"
    let company = JSONValue.object([
      "bom-ref": .string(own), "name": .string(projectName), "description": "Product analytics under pseudonyms (Sealane).",
      "authenticated": true, "x-trust-boundary": false,
      "data": .list(
        entries.filter { $0.declaration.destination != nil }.flatMap { entry in
          entry.categories.map { data($0, "outbound", entry, ["destination": .list([link(Self.reference(entry))])]) }
        }),
    ])
    return [
      "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6",
      "serialNumber": .string("urn:uuid:\(uuid)"), "version": 1,
      "metadata": [
        "timestamp": .string(at.text),
        "tools": ["components": .list([["type": "application", "name": "sealane", "version": .string(version)]])],
      ],
      "services": .list([company] + entries.map { service($0, source: link(own)) }),
    ]
  }

  private static func reference(_ entry: Entry) -> String { "vendor/\(entry.vendor.id)" }

  private func service(_ entry: Entry, source: JSONValue) -> JSONValue {
    let declared = entry.declaration
    var members: [String: JSONValue] = [
      "bom-ref": .string(Self.reference(entry)), "name": .string(declared.name), "description": .string(declared.purpose),
      "provider": [
        "name": .string(declared.name),
        "contact": .list([["name": .string(declared.breachContact)], ["name": .string(declared.privacyContact)]]),
      ],
      "x-trust-boundary": true,
      "data": .list(entry.categories.map { data($0, "inbound", entry, declared.destination == nil ? [:] : ["source": .list([source])]) }),
      "properties": .list(
        properties(entry).compactMap { name, value in
          value.map { ["name": .string("sealane:vendor:\(name)"), "value": .string($0)] }
        }),
    ]
    // A file is no endpoint.
    if let place = declared.destination?.place, place.contains("://") {
      members["endpoints"] = .list([.string(place)])
      members["authenticated"] = true
    }
    if !declared.subprocessors.isEmpty {
      members["services"] = .list(
        declared.subprocessors.enumerated().map { index, processor in
          [
            "bom-ref": .string("\(Self.reference(entry))/subprocessor/\(index + 1)"), "name": .string(processor.name),
            "provider": ["name": .string(processor.name), "address": ["country": .string(processor.country)]],
            "x-trust-boundary": true,
            "properties": .list([["name": "sealane:vendor:rank", "value": .string(String(processor.rank))]]),
          ]
        })
    }
    return .object(members)
  }

  private func data(_ name: String, _ flow: String, _ entry: Entry, _ ends: [String: JSONValue]) -> JSONValue {
    let isAlways = name == "event" || name == "time"
    var members: [String: JSONValue] = [
      "flow": .string(flow), "classification": "pseudonymous", "name": .string(name),
      "description": .string(
        isAlways
          ? "Of every event, under pseudonyms that this vendor alone has."
          : "A property of events, under pseudonyms that this vendor alone has."),
      "governance": ["stewards": .list([["contact": ["name": .string(entry.declaration.privacyContact)]]])],
    ]
    members.merge(ends) { first, _ in first }
    return .object(members)
  }

  private func properties(_ entry: Entry) -> [(String, String?)] {
    let declared = entry.declaration
    var properties: [(String, String?)] = [("id", entry.vendor.id.rawValue), ("state", entry.vendor.state.rawValue)]
    func add(_ name: String, _ value: String?) { properties.append((name, value)) }
    add("declaration_version", String(entry.version.version))
    add("declaration_sha256", entry.version.digest)
    add("contract_reference", declared.contract.reference)
    add("provider_id", declared.contract.provider)
    add("service_type", declared.service)
    add("function", declared.function)
    add("critical", String(declared.isCritical))
    add("legal_basis", declared.legalBasis)
    add("notice_hours", declared.contract.noticeHours.map { String($0) })
    add("exit_plan", declared.exitPlan)
    add("review", declared.review.description)
    add("storage_countries", declared.storageCountries.joined(separator: " "))
    add("processing_countries", declared.processingCountries.joined(separator: " "))
    add("observed_events", String(entry.vendor.progress.events))
    add("observed_subjects", String(entry.subjects))
    add("observed_subjects_complete", String(isComplete))
    add("live_grants", String(entry.liveGrants))
    return properties
  }
}
