/// A cohort as a group of a breakdown.
package struct NamedCohort: Sendable, Hashable {
  /// Empty for a saved cohort that goes by its own name.
  package var name: String
  package var cohort: Cohort
  package init(_ name: String, _ cohort: Cohort) {
    self.name = name
    self.cohort = cohort
  }
}

extension Breakdown {
  /// What stands for the property: nobody asks for its value, but where it would be looked up is where the cohorts' actors are.
  ///
  /// - Parameter limit: all of them where nothing is said.
  package init(cohorts: [NamedCohort], limit: Int? = nil) {
    let scope: PropertyReference.Scope =
      if case .group(let key)? = cohorts.first?.cohort.level { .group(key: key) } else { .subject }
    self.init(property: PropertyReference("", scope: scope), limit: limit ?? max(1, cohorts.count))
    self.cohorts = cohorts
  }

  func validateCohorts() throws(QueryError) {
    let place = "breakdown.cohorts"
    guard cohorts.count <= QueryLimits.breakdownCohorts else {
      throw QueryError(
        .tooLarge, "`\(place)` has \(cohorts.count) cohorts; at most \(QueryLimits.breakdownCohorts) are allowed.", field: place)
    }
    var names: Set<String> = []
    for (index, named) in cohorts.enumerated() {
      try named.cohort.validate(depth: 1)
      if case .saved = named.cohort.rule, named.name.isEmpty { continue }
      guard !named.name.isEmpty, names.insert(named.name).inserted else {
        let what = named.name.isEmpty ? "is missing" : "is that of another cohort of the list"
        throw QueryError(.invalid, "`\(place)[\(index)].name` \(what).", field: "\(place)[\(index)].name")
      }
    }
    // Which level a saved one has is known once it was looked up.
    let levels = Set(cohorts.filter { $0.cohort.savedID == nil }.map(\.cohort.level))
    guard levels.count <= 1 else {
      throw QueryError(
        .invalid, "`\(place)` mixes cohorts of people with those of organizations, or of several keys; split by those of one kind.",
        field: place)
    }
  }
}

extension NamedCohort {
  init(json value: JSONValue, at path: String) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    let cohort = try Cohort(json: try reader.required("cohort"), at: reader.place("cohort"), depth: 1)
    let name = cohort.savedID == nil ? try reader.requiredString("name") : try reader.optionalString("name") ?? ""
    try reader.finish()
    self.init(name, cohort)
  }

  package var json: JSONValue {
    name.isEmpty ? ["cohort": cohort.json] : ["name": .string(name), "cohort": cohort.json]
  }
}

extension Cohort {
  /// The number of the saved cohort that it is; nil if it says itself who belongs.
  package var savedID: Int64? {
    if case .saved(let id) = rule { id } else { nil }
  }
}
