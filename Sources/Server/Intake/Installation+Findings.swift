import Access
import Gate
import Logging

extension Installation {
  /// Writes down what the gate found since the last time. A crash loses half a minute of these counts.
  func keepFindings(of project: OpenProject) async {
    let found = project.counters.findings.drain()
    let findings = found.map { place, count in
      GateFinding(
        event: place.event, property: place.property, treatment: place.treatment.rawValue, reason: place.reason.word,
        count: Int(clamping: count))
    }
    do throws(AccessError) { try await access.addGateFindings(findings, of: project.id) } catch {
      project.counters.findings.add(found)
      logger.warning("What the gate found cannot be kept", metadata: ["error": "\(error.message)"])
    }
  }
}
