import Access
import Events
import Foundation
import Gate
import Ledger

/// Versions of tracking plans: entered in the ledger first, then kept, then in force.
extension Installation {
  /// - Throws: `ConfigurationError` where the version that is kept cannot be read: nothing may pass without the plan that is in force.
  func planInForce(in project: ProjectID) async throws -> OpenProject.PlanInForce? {
    guard let kept = try await access.trackingPlan(of: project) else { return nil }
    guard let plan = try? PlanReader.plan(yaml: kept.canonical), plan.digest == kept.digest else {
      throw ConfigurationError(
        "Version \(kept.version) of the tracking plan of project \(project) in \(directory.controlDatabase.path) is damaged, or of a newer "
          + "version of Sealane. Restore the file from a backup, or use that version.")
    }
    return OpenProject.PlanInForce(version: kept.version, digest: kept.digest, plan: plan)
  }

  /// Puts a plan in force. One that says the same as the one in force changes nothing.
  ///
  /// - Parameter expected: the version that whoever changes it has seen (0: none); nil: whichever it is.
  /// - Returns: the version in force, and whether it is a new one.
  func setPlan(_ source: String, of project: OpenProject, after expected: Int? = nil, by principal: Principal) async throws -> (
    OpenProject.PlanInForce, isNew: Bool
  ) {
    let plan = try PlanReader.plan(yaml: source)
    let digest = plan.digest
    return try await project.changingPlan {
      let current = project.plan?.version ?? 0
      if let expected, expected != current {
        throw AccessError(.inUse, "Version \(current) of the plan came into force in the meantime. Look at it, then decide again.")
      }
      if let current = project.plan, current.digest == digest { return (current, false) }
      let version = (project.plan?.version ?? 0) + 1
      let receipt = try await ledger.record(.trackingPlanChanged(project.id, version: version, digest: digest), by: principal)
      // A crash here leaves an entry without its version: the next plan is entered under the same number, and it is that one which is kept.
      _ = try await access.addTrackingPlan(
        version, digest: digest, canonical: plan.canonical, source: source, ledgerIndex: Int64(receipt.index), project: project.id)
      let inForce = OpenProject.PlanInForce(version: version, digest: digest, plan: plan)
      try await project.adopt(inForce)
      return (inForce, true)
    }
  }
}
