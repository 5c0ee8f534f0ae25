/// A tracking plan as the gate asks it: numbers and tables, made once when a version comes into force.
///
/// Every name of a property has a number, every event a row; a row has one rule for each number. So a value of an event costs two look-ups.
package final class PlanTable: Sendable {
  struct Rule: Sendable, Hashable {
    var treatment: TrackingPlan.Treatment = .keep
    var kind: TrackingPlan.Kind?
    var isDeclared = true
    var isAuthority = false
  }

  /// What a batch asks first.
  struct Gist: Sendable {
    /// Bits of the `ReceivedEvents.Value.Kind`s that the plan expects.
    let kinds: UInt8
    let keeps: Bool
  }

  /// Rules at these numbers of `rules`.
  static let passes: UInt16 = 0
  static let unknown: UInt16 = 1
  /// Numbers of names that the plan does not list: strangers, and those that are known without a plan.
  private static let strange = 0
  private static let familiar = 1

  package let plan: TrackingPlan
  /// Events that the plan does not know and that are stored already. To hold them would hide what everybody has seen: under quarantine they
  /// are left out.
  let established: Set<String>
  let rules: [Rule]
  let gists: [Gist]
  /// Properties of people that the gate alone writes.
  let derivedNames: Set<String>
  private let groupKeys: Set<String>
  private let propertyNumbers: [String: Int]
  private let rows: [String: [UInt16]]
  private let otherRow: [UInt16]

  /// - Parameter stored: names of events that queries see.
  package init(_ plan: TrackingPlan, groupKeys: [String], stored: Set<String> = []) {
    let groupKeys = Set(groupKeys)
    var rules = [Rule(), Rule(isDeclared: false)]
    var ruleNumbers: [Rule: UInt16] = [rules[0]: PlanTable.passes]
    func number(_ property: TrackingPlan.Property) -> UInt16 {
      let rule = Rule(treatment: property.treatment, kind: property.kind)
      if let known = ruleNumbers[rule] { return known }
      guard rules.count < Int(UInt16.max) else { return PlanTable.unknown }
      rules.append(rule)
      ruleNumbers[rule] = UInt16(rules.count - 1)
      return UInt16(rules.count - 1)
    }
    let names = Set(plan.everyEvent.keys).union(plan.events.values.flatMap(\.properties.keys)).sorted()
    var otherRow = [PlanTable.unknown, PlanTable.passes]
    for name in names {
      let isFamiliar = PlanTable.isFamiliar(name, groupKeys: groupKeys)
      otherRow.append(plan.everyEvent[name].map { number($0) } ?? (isFamiliar ? PlanTable.passes : PlanTable.unknown))
    }
    let propertyNumbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0 + 2) })
    var rows: [String: [UInt16]] = [:]
    for (name, event) in plan.events where !event.properties.isEmpty {
      var row = otherRow
      for (property, declared) in event.properties {
        if let place = propertyNumbers[property] { row[place] = number(declared) }
      }
      rows[name] = row
    }
    self.plan = plan
    established = stored.filter { plan.holds($0) }
    derivedNames = Set(plan.derivatives.keys)
    self.groupKeys = groupKeys
    self.rules = rules
    gists = rules.map { Gist(kinds: PlanTable.kinds($0.kind), keeps: $0.treatment == .keep) }
    self.propertyNumbers = propertyNumbers
    self.rows = rows
    self.otherRow = otherRow
  }

  private static func isFamiliar(_ name: String, groupKeys: Set<String>) -> Bool {
    groupKeys.contains(name) || ReservedNames.isProperty(name)
  }

  /// Null is no kind of its own: it says that there is no value. Lists and objects are looked at more closely.
  private static func kinds(_ kind: TrackingPlan.Kind?) -> UInt8 {
    switch kind {
    case nil: 0b11_1111
    case .string: 0b01_0001
    case .number: 0b00_1001
    case .boolean: 0b00_0111
    case .time: 0b01_1001
    case .list, .object: 0b00_0001
    }
  }

  /// What the plan says of an event.
  enum Verdict {
    case kept, dropped, refused
    /// The plan knows neither the name that was sent nor the one that is stored, and unknown ones are not accepted.
    case unknown
  }

  /// - Parameter stored: asked only where the plan does not have the name as it was sent.
  func verdict(onEvent sent: String, stored: @autoclosure () -> String) -> Verdict {
    var event = plan.events[sent]
    var isUnknown = false
    if event == nil {
      let stored = stored()
      event = plan.events[stored]
      isUnknown = plan.holds(sent) && plan.holds(stored)
    }
    switch event?.treatment {
    case .keep: return .kept
    case .drop: return .dropped
    case .refuse: return .refused
    case nil: return isUnknown ? .unknown : .kept
    }
  }

  /// Whether events of a name can be held: nobody has seen any, and a plan can say what becomes of them.
  func mayHold(_ stored: String) -> Bool { !established.contains(stored) && TrackingPlan.canName(stored) }

  func number(ofProperty name: String) -> Int {
    propertyNumbers[name] ?? (Self.isFamiliar(name, groupKeys: groupKeys) ? Self.familiar : Self.strange)
  }

  func row(ofEvent name: String) -> [UInt16] { rows[name] ?? otherRow }

  /// What the plan says of a profile's property.
  func rule(ofProfileProperty name: String, isGroup: Bool) -> Rule {
    guard let property = isGroup ? plan.groups[name] : plan.people[name] else {
      return Self.isFamiliar(name, groupKeys: groupKeys) ? Rule() : Rule(isDeclared: false)
    }
    return Rule(treatment: property.treatment, kind: property.kind, isAuthority: property.weight == .authority)
  }
}
