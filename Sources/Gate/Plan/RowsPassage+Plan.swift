internal import Events

/// The plan on the way of events into columns.
extension RowsPassage {
  /// Takes out what the plan says of the event in question.
  mutating func ask(_ plan: PlanTable, _ name: UInt32) {
    let number = Int(event.name)
    if let row = eventNames[number].planned {
      planRow = row
    } else {
      let sent = events.eventNames[number].string
      planRow = plan.row(ofEvent: sent)
      eventNames[number].planned = planRow
      eventNames[number].isPlanned = plan.plan.knows(event: sent)
    }
    isHeld = false
    guard !eventNames[number].isPlanned else { return }
    // The name as it is stored is what people see, and may have put into the plan.
    let stored = rows.names[Int(name)]
    guard !plan.plan.knows(event: stored) else {
      planRow = plan.row(ofEvent: stored)
      return
    }
    passage.unplanned.events[stored, default: 0] += 1
    guard plan.plan.unknownEvents == .quarantine else { return passage.count(.kept, .planUnknownEvent) }
    isHeld = true
    rows.held.insert(stored)
    passage.flag(.planHeldEvent)
    decide(on: "event")
  }

  /// Does what the plan says of a value, unless that is to go on as without a plan.
  ///
  /// - Returns: whether the value is done with.
  mutating func passPlanned(_ value: ReceivedEvents.Value, _ name: Int, _ rule: NameRule, _ code: UInt16, _ plan: PlanTable) -> Bool {
    if code == PlanTable.unknown {
      names[name].unplanned += 1
      // A held event is held as a whole.
      if passage.accepts(unknown: .planUnknownProperty, isHeld ? .accept : plan.plan.unknownProperties) { return false }
      decide(on: name)
      return true
    }
    let planned = plan.rules[Int(code)]
    if let kind = planned.kind, plan.gists[Int(code)].kinds & (1 << value.kind.rawValue) == 0, !kind.holds(events.value(value)) {
      guard passage.accepts(unknown: .planType, plan.plan.unknownProperties) else {
        decide(on: name)
        return true
      }
    }
    // An organization's id is a pseudonym whatever else is said of it, and names the event's group.
    if planned.treatment == .keep || (rule.action == .group && planned.treatment != .drop && planned.treatment != .refuse) { return false }
    guard value.kind == .text else {
      makeOwn()
      finish(passage.planned(events.value(value), by: planned, rule: rule, field: events.names[name].string), name)
      return true
    }
    passPlannedText(value, name, rule, code, planned)
    return true
  }

  /// As `passText`: a text that the plan alone changed is judged once a batch, name and rule.
  private mutating func passPlannedText(
    _ value: ReceivedEvents.Value, _ name: Int, _ rule: NameRule, _ code: UInt16, _ planned: PlanTable.Rule
  ) {
    let text = bytes.of(value.text)
    let key = value.name | UInt32(code) << 16
    // More names than fit into the key are judged one by one.
    let isKeyed = names.count <= 0xFFFF
    var hash: UInt64 = 0
    var isNew = false
    if isKeyed {
      let (index, found) = plannedTexts.find(text, name: key, bytes: bytes)
      hash = found
      isNew = index == nil
      if let index {
        let known = plannedTexts[index]
        if known.code != SeenTexts.slow, !forms.mayStand(in: text, known.letters, bytes: bytes) {
          if let reason = Reason(rawValue: UInt8(truncatingIfNeeded: known.identity)), reason != .kept {
            passage.note(reason == .planPseudonymized ? .pseudonymized : .coarsened, reason)
          }
          append(known.code, name)
          return decide(on: name)
        }
      }
    }
    let letters = Letters.of(text)
    let mayHoldID = forms.mayStand(in: text, letters, bytes: bytes)
    makeOwn()
    let string = events.string(value.text)
    let stored = passage.planned(.string(string), by: planned, rule: rule, field: events.names[name].string)
    guard isNew, !mayHoldID else { return finish(stored, name) }
    // The plan's own note, and no other: then it is the same for every event that none of whose ids stands in the text.
    let isPlansAlone =
      passage.noteCount == 0 || (passage.noteCount == 1 && [.planCoarsened, .planPseudonymized].contains(passage.worstReason))
    if isPlansAlone, let stored, Unfolding.text(string) == nil {
      let reason = passage.noteCount == 0 ? Reason.kept : passage.worstReason
      let code = newCode(stored, name)
      plannedTexts.insert(value.text, name: key, letters: letters, hash: hash, code: code, identity: UInt32(reason.rawValue))
      append(code, name)
      return decide(on: name)
    }
    plannedTexts.insert(value.text, name: key, letters: letters, hash: hash, code: SeenTexts.slow)
    finish(stored, name)
  }

  /// What came and is not in the plan, for `UnplannedNames`. Names that may not be stored stand in no event and not here.
  mutating func noteUnplannedNames() {
    for (number, name) in names.enumerated() where name.unplanned > 0 {
      passage.unplanned.properties[events.names[number].string, default: 0] += UInt64(name.unplanned)
    }
  }
}

extension Passage {
  /// Takes out the events that the plan wants nothing of, and counts them.
  mutating func removeUnplanned(_ events: inout ReceivedEvents, by plan: PlanTable) {
    // By number of the name: nil where it depends on the event's own ids, of which the name may hold one.
    var verdicts: [PlanTable.Verdict?] = []
    for name in events.eventNames {
      let verdict = plan.verdict(onEvent: name.string, stored: Redaction.shown(name.string))
      verdicts.append(verdict == .unknown ? nil : verdict)
    }
    guard verdicts.contains(where: { $0 != .kept }) else { return }
    var removed = [Bool](repeating: false, count: events.events.count)
    for (index, event) in events.events.enumerated() {
      let known = verdicts[Int(event.name)]
      if known == .kept { continue }
      let name = events.eventNames[Int(event.name)].string
      let own = OwnIdentifiers(events.identity(of: event))
      let isNamed = own.isNamed(by: name)
      let stored = isNamed ? Redaction.shown(name, own: own) : Redaction.shown(name)
      let verdict = known ?? plan.verdict(onEvent: name, stored: stored)
      let (treatment, reason): (Decision.Treatment, Reason)
      switch verdict {
      case .kept: continue
      case .unknown where plan.plan.unknownEvents == .quarantine && plan.mayHold(stored): continue
      case .unknown: (treatment, reason) = (plan.plan.unknownEvents == .refuse ? .refused : .dropped, .planUnknownEvent)
      case .dropped: (treatment, reason) = (.dropped, .planDropped)
      case .refused: (treatment, reason) = (.refused, .planRefused)
      }
      removed[index] = true
      let shown = isNamed ? GateCounters.otherEvents : stored
      if reason == .planUnknownEvent { unplanned.events[shown, default: 0] += 1 }
      count(treatment, reason, ofEvent: reason == .planUnknownEvent ? GateCounters.otherEvents : shown)
    }
    guard removed.contains(true) else { return }
    var index = -1
    events.keep(
      events: { _ in
        index += 1
        return !removed[index]
      }, values: { _ in true })
  }
}
