import Access
import Events
import Gate
import Ledger

/// What the Plan pages stand on.
package struct PlanServices: Sendable {
  package struct InForce: Sendable {
    package let version: TrackingPlanVersion
    package let plan: TrackingPlan
    package init(version: TrackingPlanVersion, plan: TrackingPlan) {
      self.version = version
      self.plan = plan
    }
  }

  /// Nil where there is no plan.
  let inForce: @Sendable (ProjectID) async throws -> InForce?
  /// What came and is not in the plan.
  let unplanned: @Sendable (ProjectID) -> UnplannedNames.Counts
  /// What the gate did to which property in the last days, of one event or of all.
  let findings: @Sendable (ProjectID, _ event: String?, _ days: Int) async throws -> [GateFinding]
  let yaml: @Sendable (TrackingPlan) -> String
  /// Throws `PlanRefused`.
  let check: @Sendable (_ source: String) throws -> Void
  /// Puts a plan in force after a version (0: none), and returns its own. Throws `PlanRefused`, and `AccessError`, in use, where another
  /// version came in between.
  let set: @Sendable (_ source: String, ProjectID, _ expected: Int, Principal) async throws -> Int

  package init(
    inForce: @escaping @Sendable (ProjectID) async throws -> InForce?,
    unplanned: @escaping @Sendable (ProjectID) -> UnplannedNames.Counts,
    findings: @escaping @Sendable (ProjectID, _ event: String?, _ days: Int) async throws -> [GateFinding],
    yaml: @escaping @Sendable (TrackingPlan) -> String, check: @escaping @Sendable (_ source: String) throws -> Void,
    set: @escaping @Sendable (_ source: String, ProjectID, _ expected: Int, Principal) async throws -> Int
  ) {
    self.inForce = inForce
    self.unplanned = unplanned
    self.findings = findings
    self.yaml = yaml
    self.check = check
    self.set = set
  }
}

/// A plan in which something is wrong.
package struct PlanRefused: Error, Sendable {
  /// Each with its line and key.
  package let faults: [String]
  package init(faults: [String]) { self.faults = faults }
}
