internal import Events

/// Values on their way through the gate: the name's rule first, then the text's own steps.
extension Passage {
  /// Deeper nesting is refused; intake refuses it before.
  static let deepest = 8
  /// As many ids a group property may hold (Mixpanel).
  static let mostGroups = 300

  /// What of a value may be stored; nil: nothing. `field` is the top-level property that it stands in, `path` the way to it.
  mutating func value(_ value: PropertyValue, rule: NameRule, path: String, field: String, depth: Int = 0) -> StoredValue? {
    switch rule.action {
    case .judge: return judged(value, rule: rule, path: path, field: field, depth: depth)
    case .remove:
      note(removal(rule.reason), rule.reason)
      return nil
    case .removeAllButFlags: return removed(value, rule, keepsNumbers: false)
    case .removeText: return removed(value, rule, keepsNumbers: true)
    case .identity: return identity(value, rule.reason, path: path, field: field, depth: depth)
    case .identityOnProfiles:
      return sealingSubject == nil
        ? judged(value, rule: rule, path: path, field: field, depth: depth)
        : identity(value, rule.reason, path: path, field: field, depth: depth)
    case .identifier, .deviceIdentifier: return identifier(value, rule, path: path, field: field, depth: depth)
    case .group: return nestedGroup(value, key: path, rule, field: field, depth: depth)
    case .address: return removed(value, rule, keepsNumbers: false)
    case .coordinate: return coordinate(value, rule)
    }
  }

  /// Refused is what should not have been sent at all, dropped is what is nobody's business here.
  private func removal(_ reason: Reason) -> Decision.Treatment {
    reason == .payloadName || reason == .secretName ? .refused : .dropped
  }

  private mutating func removed(_ value: PropertyValue, _ rule: NameRule, keepsNumbers: Bool) -> StoredValue? {
    switch value {
    case .null: return .null
    case .boolean(let flag): return .boolean(flag)
    case .number(let number) where keepsNumbers: return judged(number, rule: rule)
    case .number, .string, .list, .object:
      note(removal(rule.reason), rule.reason)
      return nil
    }
  }

  // MARK: By the value

  private mutating func judged(_ value: PropertyValue, rule: NameRule, path: String, field: String, depth: Int) -> StoredValue? {
    switch value {
    case .null: return .null
    case .boolean(let flag): return .boolean(flag)
    case .number(let number): return judged(number, rule: rule)
    case .string(let text): return judged(text, rule: rule, field: field)
    case .list(let elements):
      guard depth < Self.deepest else { return tooDeep() }
      // `members: [{name: …}]` is `member.name`.
      let path = path.utf8.last == .ascii("s") ? String(path.dropLast()) : path
      return .list(elements.compactMap { judged($0, rule: rule, path: path, field: field, depth: depth + 1) })
    case .object(let members):
      guard depth < Self.deepest else { return tooDeep() }
      return .object(members.compactMap { member($0, path: path, field: field, depth: depth + 1) })
    }
  }

  private mutating func member(_ member: Property, path: String, field: String, depth: Int) -> StoredProperty? {
    guard !own.isNamed(by: member.name) else {
      note(.dropped, .unfitName)
      return nil
    }
    let path = path + "." + member.name
    var rule = rule(for: member.name)
    if rule.action == .judge || rule.action == .identityOnProfiles, path.utf8.count <= UnfitNames.longest {
      // The way to it says more than the name alone: `user.name`, `gen_ai.prompt`.
      let ofPath = self.rule(for: path)
      if ofPath.action != .judge, ofPath.action != .identityOnProfiles, ofPath.reason != .unfitName { rule = ofPath }
    }
    return value(member.value, rule: rule, path: rule.action == .group ? member.name : path, field: field, depth: depth)
      .map { StoredProperty(member.name, $0) }
  }

  private mutating func tooDeep() -> StoredValue? {
    note(.dropped, .tooDeep)
    return nil
  }

  private mutating func judged(_ number: Double, rule: NameRule) -> StoredValue? {
    guard number.isFinite else {
      note(.dropped, .unreadable)
      return nil
    }
    if let match = own.matching(number) {
      note(.pseudonymized, .ownIdentifier)
      return .pseudonym(pseudonym(of: match))
    }
    // A card number sent as a number: 14 to 16 digits, exact in a double.
    if number >= 1e13, number < 1e16, let whole = Int64(exactly: number), CardDetector.isCard(String(whole).utf8.map { $0 - 0x30 }) {
      note(.refused, .card)
      return nil
    }
    if rule.namesPhone, PhoneDetector.isBareNumber(Self.text(number)) {
      note(.dropped, .phone)
      return nil
    }
    return .number(number)
  }

  private mutating func judged(_ text: String, rule: NameRule, field: String) -> StoredValue? {
    if let match = own.matching(text) {
      note(.pseudonymized, .ownIdentifier)
      return .pseudonym(pseudonym(of: match))
    }
    let isPlain = text.withBytes { Self.isPlain($0) }
    if isPlain, !rule.namesLink, !rule.namesPhone, text.utf8.count < own.shortestInside || !own.isInside(text) { return .string(text) }
    if passing.has(text, rule, own: own) { return .string(text) }
    let context = TextContext(
      versionsExpected: rule.namesVersion, isLink: rule.namesLink, digitsArePhone: rule.namesPhone, own: own)
    let (verdict, reasons) = TextSteps.judge(text, context)
    for reason in reasons { note(reason.treatmentOfPart, reason) }
    switch verdict {
    case .passes:
      passing.remember(text, rule)
      return .string(text)
    case .rewritten(let text, _): return .string(text)
    case .identity(let reason): return sealedOrDropped(text, reason, field: field)
    case .refused(let reason):
      note(.refused, reason)
      return nil
    case .dropped(let reason):
      note(.dropped, reason)
      return nil
    }
  }

  /// Whether no step has anything to look at, whatever the name says short of naming a link or a phone.
  static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let scan = TextScan(bytes)
    return scan.isPlain || (!scan.mayHoldSomething && !SecretDetector.mayBegin(in: bytes))
  }

  // MARK: By the name

  private mutating func identity(_ value: PropertyValue, _ reason: Reason, path: String, field: String, depth: Int) -> StoredValue? {
    switch value {
    case .null: return .null
    case .boolean(let flag): return .boolean(flag)
    case .number(let number): return sealedOrDropped(Self.text(number), reason, field: field)
    case .string(let text): return text.isEmpty ? .string(text) : sealedOrDropped(text, reason, field: field)
    case .list(let elements):
      guard depth < Self.deepest else { return tooDeep() }
      let kept = elements.compactMap { identity($0, reason, path: path, field: field, depth: depth + 1) }
      return kept.isEmpty && !elements.isEmpty ? nil : .list(kept)
    case .object(let members):
      guard depth < Self.deepest else { return tooDeep() }
      let kept = members.compactMap { member -> StoredProperty? in
        guard rule(for: member.name).reason != .unfitName, !own.isNamed(by: member.name) else {
          note(.dropped, .unfitName)
          return nil
        }
        return identity(member.value, reason, path: path, field: field, depth: depth + 1).map { StoredProperty(member.name, $0) }
      }
      return kept.isEmpty && !members.isEmpty ? nil : .object(kept)
    }
  }

  mutating func sealedOrDropped(_ text: String, _ reason: Reason, field: String) -> StoredValue? {
    guard let subject = sealingSubject else {
      note(.dropped, reason)
      return nil
    }
    switch seal(text, of: subject, field: field) {
    case .success(let sealed):
      note(.sealed, reason)
      return .sealed(sealed)
    case .failure(let failure):
      note(.dropped, failure.reason)
      return nil
    }
  }

  private mutating func identifier(_ value: PropertyValue, _ rule: NameRule, path: String, field: String, depth: Int) -> StoredValue? {
    switch value {
    case .null: return .null
    case .boolean(let flag): return .boolean(flag)
    case .number(let number): return identifier(Self.text(number), rule)
    case .string(let text): return text.isEmpty ? .string(text) : identifier(text, rule)
    case .list(let elements):
      guard depth < Self.deepest else { return tooDeep() }
      return .list(elements.compactMap { identifier($0, rule, path: path, field: field, depth: depth + 1) })
    case .object: return judged(value, rule: .judge, path: path, field: field, depth: depth)
    }
  }

  private mutating func identifier(_ id: String, _ rule: NameRule) -> StoredValue {
    note(.pseudonymized, rule.reason)
    if let match = own.matching(id), match.groupKey == nil { return .pseudonym(pseudonym(of: match)) }
    let isDevice = rule.action == .deviceIdentifier && !id.hasPrefix("$device:")
    return .pseudonym(subject(isDevice ? "$device:" + id : id))
  }

  private mutating func nestedGroup(_ value: PropertyValue, key: String, _ rule: NameRule, field: String, depth: Int) -> StoredValue? {
    var ids: [(id: String, pseudonym: Pseudonym)] = []
    return groups(value, key: key, into: &ids)
  }

  /// The pseudonyms of the organizations that a property names; `ids` receives them.
  mutating func groups(_ value: PropertyValue, key: String, into ids: inout [(id: String, pseudonym: Pseudonym)]) -> StoredValue? {
    switch value {
    case .null: return .null
    case .string(let id): return organization(id, key: key, into: &ids)
    case .number(let number): return organization(Self.text(number), key: key, into: &ids)
    case .list(let elements):
      if elements.count > Self.mostGroups { note(.dropped, .tooManyIdentifiers) }
      var stored: [StoredValue] = []
      for element in elements.prefix(Self.mostGroups) {
        switch element {
        case .string(let id): if let value = organization(id, key: key, into: &ids) { stored.append(value) }
        case .number(let number): if let value = organization(Self.text(number), key: key, into: &ids) { stored.append(value) }
        case .null, .boolean, .list, .object: note(.dropped, .noIdentifier)
        }
      }
      return .list(stored)
    case .boolean, .object:
      note(.dropped, .noIdentifier)
      return nil
    }
  }

  private mutating func organization(_ id: String, key: String, into ids: inout [(id: String, pseudonym: Pseudonym)]) -> StoredValue? {
    guard !Self.isNobody(id) else {
      note(.dropped, .noIdentifier)
      return nil
    }
    let pseudonym = group(key, id)
    if !ids.contains(where: { $0.pseudonym == pseudonym }) { ids.append((id, pseudonym)) }
    note(.pseudonymized, .groupKey)
    return .pseudonym(pseudonym)
  }

  /// What broken senders send in place of an organization.
  static func isNobody(_ id: String) -> Bool { nobody.contains(id.lowercased()) }
  private static let nobody: Set<String> = ["", "null", "undefined", "none", "nil", "<nil>", "n/a", "unknown", "false", "true", "nan"]

  private mutating func coordinate(_ value: PropertyValue, _ rule: NameRule) -> StoredValue? {
    var degrees: Double?
    switch value {
    case .null: return .null
    case .number(let number): degrees = number
    case .string(let text): degrees = Double(text)
    case .boolean, .list, .object: break
    }
    guard let degrees, degrees.isFinite, abs(degrees) <= 360 else {
      note(.dropped, rule.reason)
      return nil
    }
    note(.coarsened, rule.reason)
    return .number(degrees.rounded() + 0)
  }

  /// A number as the id that it is when sent as a string; whole numbers without a fraction, as intake writes them.
  static func text(_ number: Double) -> String {
    Int64(exactly: number).map { String($0) } ?? "\(number)"
  }
}
