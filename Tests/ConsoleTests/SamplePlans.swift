import Access
import Console
import Events
import Gate
import Ledger
import Synchronization

/// Plans as the server keeps them, without YAML: a text stands for the plan that was written last.
///
/// The mutex guards `state`.
final class SamplePlans: Sendable {
  private struct State {
    var written = TrackingPlan()
    var plan: TrackingPlan?
    var version = 0
  }
  private let state = Mutex(State())

  var plan: TrackingPlan? { state.withLock { $0.plan } }
  var version: Int { state.withLock { $0.version } }

  func services(_ kind: SampleEngine.Kind) -> PlanServices {
    let names = SampleEngine(kind: kind).names
    return PlanServices(
      inForce: { [self] project in
        state.withLock { state in
          state.plan.map { plan in
            PlanServices.InForce(
              version: TrackingPlanVersion(
                project: project, version: state.version, digest: String(repeating: "a", count: 64), canonical: "{}",
                source: "plan: 1\n# <script>\n", ledgerIndex: 7, createdAt: SampleEngine.now),
              plan: plan)
          }
        }
      },
      unplanned: { _ in
        var counts = UnplannedNames.Counts()
        guard let name = names.first else { return counts }
        counts.events = [name: 4]
        counts.properties = [name: 9]
        return counts
      },
      findings: { _, _, _ in
        names.map { GateFinding(event: $0, property: names[0], treatment: "dropped", reason: "email", count: 12) }
      },
      yaml: { [self] plan in
        state.withLock { $0.written = plan }
        return "written"
      },
      check: { source in if source != "written" { throw PlanRefused(faults: ["line 1, \(source): this is wrong."]) } },
      set: { [self] source, _, expected, _ in
        guard source == "written" else { throw PlanRefused(faults: ["line 1, \(source): this is wrong."]) }
        return try state.withLock { state in
          guard expected == state.version else { throw AccessError(.inUse, "Another version came in between.") }
          state.plan = state.written
          state.version += 1
          return state.version
        }
      })
  }
}
