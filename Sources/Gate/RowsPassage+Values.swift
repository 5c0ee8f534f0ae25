internal import Events

/// Values on their way into columns: what is known by its bytes, and what `Passage` has to judge.
extension RowsPassage {
  @inline(__always)
  mutating func pass(_ value: ReceivedEvents.Value, _ plan: PlanTable?) {
    let rule = rule(of: value.name)
    let name = Int(value.name)
    if names[name].count >= forms.shortest || forms.isIncomplete || rule.reason == .unfitName, isUnfit(name, rule) { return }
    if let plan {
      let code = planRow[names[name].planned]
      if code != PlanTable.passes {
        let gist = plan.gists[Int(code)]
        let isAsPlanned = gist.keeps && code != PlanTable.unknown && gist.kinds & (1 << value.kind.rawValue) != 0
        if !isAsPlanned, passPlanned(value, name, rule, code, plan) { return }
      }
    }
    switch rule.action {
    case .judge, .identityOnProfiles:
      switch value.kind {
      case .text: passText(value, name, rule)
      case .number: passNumber(value, name, rule)
      case .null, .false, .true: passConstant(value.kind, name)
      case .tree: passSlowly(value, name, rule)
      }
    case .group where value.kind == .text: passGroup(value, name)
    case .group where value.kind == .null: passConstant(.null, name)
    default: passSlowly(value, name, rule)
    }
  }

  /// Drops a property whose name says too much.
  private mutating func isUnfit(_ name: Int, _ rule: NameRule) -> Bool {
    let sent = events.names[name]
    if rule.reason != .unfitName {
      guard forms.mayStand(in: bytes.of(sent.text), names[name].letters, bytes: bytes) else { return false }
      makeOwn()
      guard passage.own.isNamed(by: sent.string) else { return false }
    }
    passage.note(.dropped, .unfitName)
    if isKept { makeOwn() }
    decide(on: isKept ? Redaction.shown(sent.string, own: passage.own) : "")
    return true
  }

  private mutating func passConstant(_ kind: ReceivedEvents.Value.Kind, _ name: Int) {
    let known = names[name].constants
    switch kind {
    case .false:
      let code = known.1 ?? newCode(.boolean(false), name)
      names[name].constants.1 = code
      appendKept(code, name)
    case .true:
      let code = known.2 ?? newCode(.boolean(true), name)
      names[name].constants.2 = code
      appendKept(code, name)
    default:
      let code = known.0 ?? newCode(.null, name)
      names[name].constants.0 = code
      appendKept(code, name)
    }
  }

  @inline(__always)
  private mutating func passText(_ value: ReceivedEvents.Value, _ name: Int, _ rule: NameRule) {
    let text = bytes.of(value.text)
    let (index, hash) = texts.find(text, name: value.name, bytes: bytes)
    if let index {
      let known = texts[index]
      if known.code != SeenTexts.slow, !forms.mayStand(in: text, known.letters, bytes: bytes) {
        appendKept(known.code, name)
      } else {
        passSlowly(value, name, rule)
      }
      return
    }
    passNewText(value, name, rule, hash)
  }

  private mutating func passNewText(_ value: ReceivedEvents.Value, _ name: Int, _ rule: NameRule, _ hash: UInt64) {
    let text = bytes.of(value.text)
    let letters = Letters.of(text)
    guard !forms.mayStand(in: text, letters, bytes: bytes) else { return passSlowly(value, name, rule) }
    let string = events.string(value.text)
    if Passage.isPlain(text), !rule.namesLink, !rule.namesPhone {
      let code = newCode(.string(string), name)
      texts.insert(value.text, name: value.name, letters: letters, hash: hash, code: code)
      return appendKept(code, name)
    }
    makeOwn()
    let field = events.names[name].string
    let stored = passage.value(.string(string), rule: rule, path: field, field: field)
    // What passed as it is, and reads as it stands, passes again wherever no id stands in it (`PassingTexts`).
    if !passage.hasNoted, case .string(let kept) = stored, kept.utf8.elementsEqual(string.utf8), Unfolding.text(string) == nil {
      let code = newCode(.string(string), name)
      texts.insert(value.text, name: value.name, letters: letters, hash: hash, code: code)
      return appendKept(code, name)
    }
    texts.insert(value.text, name: value.name, letters: letters, hash: hash, code: SeenTexts.slow)
    finish(stored, name)
  }

  @inline(__always)
  private mutating func passNumber(_ value: ReceivedEvents.Value, _ name: Int, _ rule: NameRule) {
    let number = Double(bitPattern: value.payload)
    // Ids, card numbers and phone numbers as numbers, and what is none.
    let isPlain = abs(number) < 1e13 && !rule.namesPhone && !forms.isOne(number)
    guard isPlain else { return passSlowly(value, name, rule) }
    // -0 is 0.
    let bits = number == 0 ? 0 : value.payload
    if let code = numbers.code(of: bits, name: value.name) { return appendKept(code, name) }
    let code = newCode(.number(Double(bitPattern: bits)), name)
    numbers.insert(bits, name: value.name, code: code)
    appendKept(code, name)
  }

  private mutating func passGroup(_ value: ReceivedEvents.Value, _ name: Int) {
    let text = bytes.of(value.text)
    let (found, hash) = texts.find(text, name: value.name, bytes: bytes)
    let code: UInt32
    let identity: UInt32
    if let found {
      guard texts[found].code != SeenTexts.slow else { return passSlowly(value, name, rule(of: value.name)) }
      (code, identity) = (texts[found].code, texts[found].identity)
    } else {
      let id = events.string(value.text)
      guard !Passage.isNobody(id) else {
        texts.insert(value.text, name: value.name, letters: 0, hash: hash, code: SeenTexts.slow)
        return passSlowly(value, name, rule(of: value.name))
      }
      let pseudonym = passage.group(events.names[name].string, id)
      identity = groupIdentity(pseudonym, value.text)
      code = newCode(.pseudonym(pseudonym), name)
      texts.insert(value.text, name: value.name, letters: 0, hash: hash, code: code, identity: identity)
    }
    passage.note(.pseudonymized, .groupKey)
    append(code, name)
    if isKept { groups.append(.init(key: events.names[name].string, identity: seen(identity))) }
    decide(on: name)
  }

  /// By `Passage`, with all that the event's ids mean for it.
  private mutating func passSlowly(_ value: ReceivedEvents.Value, _ name: Int, _ rule: NameRule) {
    makeOwn()
    let field = events.names[name].string
    guard rule.action == .group else {
      return finish(passage.value(events.value(value), rule: rule, path: field, field: field), name)
    }
    var named: [(id: String, pseudonym: Pseudonym)] = []
    let stored = passage.groups(events.value(value), key: field, into: &named)
    for (id, pseudonym) in named {
      let identity = groupIdentity(pseudonym, id: id)
      if isKept { groups.append(.init(key: field, identity: seen(identity))) }
    }
    finish(stored, name)
  }

  mutating func finish(_ stored: StoredValue?, _ name: Int) {
    if let stored { append(newCode(stored, name), name) }
    decide(on: name)
  }

  /// Turns the address into a place and forgets it. What the sender said about the place wins.
  mutating func passPlace(of address: Int32) {
    if place.address != address {
      place = (address, passage.gate.configuration.places?.place(of: events.addresses[Int(address)]))
    }
    guard let place = place.place else {
      passage.note(.dropped, .addressForgotten)
      return decide(on: "ip")
    }
    for case (let name, let text?) in [("$city", place.city), ("$region", place.region), ("mp_country_code", place.country)] {
      let column = column(named: name)
      guard rows.columns[column].rows.last != row else { continue }
      rows.columns[column].values.append(.string(text))
      append(UInt32(rows.columns[column].values.count - 1), toColumn: column)
    }
    passage.note(.coarsened, .place)
    decide(on: "ip")
  }
}
