import Access
import Console
import Events
import Gate

extension Installation {
  /// What the Plan pages stand on.
  var planServices: PlanServices {
    PlanServices(
      inForce: { [self] project in
        guard let version = try await access.trackingPlan(of: project), let plan = projects[project]?.plan, plan.version == version.version
        else { return nil }
        return PlanServices.InForce(version: version, plan: plan.plan)
      },
      unplanned: { [self] in projects[$0]?.counters.unplanned.snapshot() ?? UnplannedNames.Counts() },
      findings: { [self] project, event, days in
        if let open = projects[project] { await keepFindings(of: open) }
        return try await access.gateFindings(of: project, event: event, days: days)
      },
      yaml: { PlanText.yaml($0) },
      check: { source in
        do throws(PlanFaults) { _ = try PlanReader.plan(yaml: source) } catch { throw PlanRefused(faults: error.all.map(\.description)) }
      },
      set: { [self] source, project, expected, principal in
        guard let open = projects[project] else { throw AccessError(.notFound, "There is no such project.") }
        do {
          return try await setPlan(source, of: open, after: expected, by: principal).0.version
        } catch let faults as PlanFaults {
          throw PlanRefused(faults: faults.all.map(\.description))
        }
      })
  }
}
