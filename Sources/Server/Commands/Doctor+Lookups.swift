import Foundation
import Gate

/// The files of others that values are looked up in, and what the plans in force want of them.
extension Doctor {
  func checkLookups() -> [Finding] {
    var findings: [Finding] = []
    if let places {
      do { _ = try Places(database: places.path) } catch {
        findings.append(Finding(severity: .problem, subject: "places", sentence: "\(error)"))
      }
    }
    if let userAgents {
      do {
        let opened = try UserAgentFile.open(userAgents)
        findings.append(
          Finding(
            severity: .ok, subject: "user agents",
            sentence: "\(userAgents.path) knows \(opened.count.browsers) browsers and \(opened.count.systems) systems."))
        if !opened.unreadable.isEmpty {
          findings.append(
            Finding(
              severity: .warning, subject: "user agents",
              sentence: "\(opened.unreadable.count) of its expressions cannot be read and are left out; more is “Other” by that."))
        }
      } catch {
        findings.append(Finding(severity: .problem, subject: "user agents", sentence: "\(error)"))
      }
    }
    return findings
  }

  /// - Parameter plans: in their canonical form, by project.
  func checkPlans(_ plans: [Int64: String]) -> [Finding] {
    plans.sorted { $0.key < $1.key }.flatMap { project, canonical -> [Finding] in
      guard let plan = try? PlanReader.plan(yaml: canonical) else {
        return [
          Finding(
            severity: .problem, subject: "project \(project)",
            sentence: "Its tracking plan is damaged, or of a newer version of Sealane. Restore the control database, or use that version.")
        ]
      }
      return Lookups.lacks(for: plan, places: places != nil, userAgents: userAgents != nil).map {
        Finding(severity: .warning, subject: "project \(project)", sentence: $0)
      }
    }
  }
}
