internal import Events
internal import Vault

/// The judgement of one batch, value by value: what is remembered from one to the next, and nothing longer than that.
struct Passage {
  let gate: Gate
  private let knownNames: [String: NameRule]
  private var freshNames: [String: NameRule] = [:]
  /// The names of the last profile update and what they mean: senders send the same properties in the same order.
  private var recentNames: [(name: String, rule: NameRule)] = []
  private var pseudonyms: [String: Pseudonym] = [:]
  /// By group key and id.
  private var groups: [String: [String: Pseudonym]] = [:]
  var passing = PassingTexts()
  private var sealedHere: Set<Pseudonym> = []
  private var keysHere: Set<WrappedKey> = []
  private(set) var wrappedKeys: [WrappedKey] = []
  private(set) var tally = Tally()

  // Of the record in question.
  var own = OwnIdentifiers.none
  /// Whose sealed values they are; nil on events, whose identities are dropped.
  var sealingSubject: Pseudonym?
  /// Which part of the plan is about them, of profiles.
  var plannedProfile = (isGroup: false, isVerified: false)
  /// Derivatives that their fields have no more.
  var outdated: [String] = []
  private var keptCount: UInt32 = 0
  // Of the property in question.
  private var worst: (treatment: Decision.Treatment, reason: Reason) = (.kept, .kept)
  /// How often something was noted of it.
  private(set) var noteCount = 0
  /// What came and the plan does not know.
  var unplanned = UnplannedNames.Counts()
  /// What was found in properties.
  var findings: [PropertyFindings.Place: UInt64] = [:]
  /// Derivatives that were stored as pseudonyms.
  var waiting: [WaitingDerivative] = []

  init(_ gate: Gate) {
    self.gate = gate
    knownNames = gate.names.snapshot()
  }

  func finish() {
    if !freshNames.isEmpty { gate.names.remember(freshNames) }
    gate.counters.add(tally)
    if !findings.isEmpty { gate.counters.findings.add(findings) }
    if !unplanned.events.isEmpty || !unplanned.properties.isEmpty { gate.counters.unplanned.add(unplanned) }
  }

  // MARK: What is counted

  mutating func note(_ treatment: Decision.Treatment, _ reason: Reason) {
    tally.count(treatment, reason)
    noteCount += 1
    // A trimmed link is the least of what can be told.
    if treatment.index > worst.treatment.index || (treatment == worst.treatment && worst.reason == .link) { worst = (treatment, reason) }
  }

  /// The property in question is kept, and somebody should look at it. Whatever else is noted of it goes before.
  mutating func flag(_ reason: Reason) { if worst == (.kept, .kept) { worst = (.kept, reason) } }

  mutating func count(_ treatment: Decision.Treatment, _ reason: Reason) { tally.count(treatment, reason) }

  /// Counts for an event that goes no further.
  mutating func count(_ treatment: Decision.Treatment, _ reason: Reason, ofEvent event: String) {
    turn(to: event)
    tally.count(treatment, reason)
  }

  mutating func turn(to event: String) { tally.turn(to: tally.row(of: event)) }

  /// The row of the tally that counts for an event, to turn to it.
  mutating func tallyRow(of event: String) -> Int { tally.row(of: event) }
  mutating func turn(toRow row: Int) { tally.turn(to: row) }

  /// Whether anything was done to the property in question.
  var hasNoted: Bool { worst.treatment != .kept }

  var worstReason: Reason { worst.reason }

  /// What was found in the property in question; nil if nothing was. What the plan and the group keys do is no finding: somebody said so.
  var finding: (treatment: Decision.Treatment, reason: Reason)? {
    worst.reason == .kept || worst.reason == .groupKey || worst.reason.step == .plan ? nil : worst
  }

  /// Adds what was kept of the record in question to the tally.
  mutating func countKept() {
    tally.count(.kept, .kept, times: keptCount)
    keptCount = 0
  }

  /// The decision on the property in question, and a clean slate for the next.
  mutating func decision(on property: String) -> Decision {
    let (treatment, reason) = worst
    settle()
    return Decision(property: property, treatment: treatment, reason: reason.word)
  }

  /// Counts what became of the property in question, and a clean slate for the next.
  mutating func settle() {
    if worst.treatment == .kept {
      if worst.reason == .kept { keptCount += 1 } else { tally.count(.kept, worst.reason) }
    }
    worst = (.kept, .kept)
    noteCount = 0
  }

  // MARK: Names

  mutating func rule(for name: String, at position: Int) -> NameRule {
    if position < recentNames.count, recentNames[position].name == name { return recentNames[position].rule }
    let rule = rule(for: name)
    if rule.reason != .unfitName {
      if position < recentNames.count {
        recentNames[position] = (name, rule)
      } else if position == recentNames.count {
        recentNames.append((name, rule))
      }
    }
    return rule
  }

  mutating func rule(for name: String) -> NameRule {
    if let rule = knownNames[name] ?? freshNames[name] { return rule }
    let rule = gate.names.rule(for: name)
    if rule.reason != .unfitName, freshNames.count < NameRules.limit { freshNames[name] = rule }
    return rule
  }

  /// The event's name as it may be stored.
  func eventName(_ name: String) -> String {
    own.isNamed(by: name) ? Redaction.shown(name, own: own) : Redaction.shown(name)
  }

  // MARK: Pseudonyms and seals

  mutating func subject(_ id: String) -> Pseudonym {
    if let known = pseudonyms[id] { return known }
    let pseudonym = gate.pseudonymizer.subject(id)
    pseudonyms[id] = pseudonym
    return pseudonym
  }

  mutating func group(_ key: String, _ id: String) -> Pseudonym {
    if let known = groups[key]?[id] { return known }
    let pseudonym = gate.pseudonymizer.group(key: key, id: id)
    groups[key, default: [:]][id] = pseudonym
    return pseudonym
  }

  mutating func pseudonym(of own: OwnIdentifiers.Identifier) -> Pseudonym {
    own.groupKey.map { group($0, own.hashed) } ?? subject(own.hashed)
  }

  /// Whether the id of a pseudonym is sealed already.
  func isKnown(_ pseudonym: Pseudonym) -> Bool { sealedHere.contains(pseudonym) || gate.isKnown(pseudonym) }

  /// An id's pseudonym, with the id itself sealed if nobody has sealed it yet.
  mutating func identity(_ pseudonym: Pseudonym, id: String) -> GatedIdentity {
    guard !isKnown(pseudonym) else { return GatedIdentity(pseudonym: pseudonym, sealedID: nil) }
    guard case .success(let sealed) = seal(id, of: pseudonym, field: Gate.identifierField) else {
      return GatedIdentity(pseudonym: pseudonym, sealedID: nil)
    }
    sealedHere.insert(pseudonym)
    return GatedIdentity(pseudonym: pseudonym, sealedID: sealed)
  }

  mutating func seal(_ text: String, of subject: Pseudonym, field: String) -> Result<SealedValue, SealingFailure> {
    guard let sealer = gate.sealer else { return .failure(SealingFailure(reason: .sealerAbsent)) }
    do throws(SealingError) {
      // An id is sealed once, at first sight, whoever sent it.
      let isVerified = plannedProfile.isVerified && field != Gate.identifierField
      let (value, key) = try sealer.seal(text, subject: subject, field: field, isVerified: isVerified)
      if let key, keysHere.insert(key).inserted { wrappedKeys.append(key) }
      return .success(value)
    } catch {
      if case .stopped = error { return .failure(SealingFailure(reason: .sealerStopped)) }
      return .failure(SealingFailure(reason: .sealingFailed))
    }
  }

  struct SealingFailure: Error { let reason: Reason }
}
