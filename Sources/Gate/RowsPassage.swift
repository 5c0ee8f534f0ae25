internal import Events
internal import Vault

/// The events of one batch on their way through the gate and into columns.
///
/// Most texts come again and hold none of the ids of their event. Such a text is judged once a batch and name, by the steps as they stand
/// (`Passage.value`), and afterwards known by its bytes. Everything else (texts that one of the event's ids might stand in, rewritten ones,
/// lists, objects, names that say something) goes through `Passage` each time, so that there is one judgement and no second one.
struct RowsPassage {
  /// What a property's name says, and where its values go.
  struct Name {
    var rule: NameRule?
    /// `Letters` and bytes of the name.
    var letters: UInt64 = 0
    var count = 0
    var column: Int?
    /// Codes of null, false and true.
    var constants: (UInt32?, UInt32?, UInt32?)
    /// Its number in the plan, and how often it came without being in it.
    var planned = 0
    var unplanned: UInt32 = 0
  }

  /// An event's name as it is stored, by its number in the batch.
  struct EventName {
    var letters: UInt64
    var stored: UInt32?
    var isChanged = false
    /// What the plan says of its properties, by their numbers; nil: not asked yet.
    var planned: [UInt16]?
    var isPlanned = true
  }

  let events: ReceivedEvents
  let bytes: UnsafeBufferPointer<UInt8>
  var passage: Passage
  var rows = GatedRows()
  private(set) var keptEvents: [GatedEvent] = []

  var names: [Name]
  var eventNames: [EventName]
  private let plan: PlanTable?
  /// Of the event in question; empty without a plan.
  var planRow: [UInt16] = []
  var plannedTexts = SeenTexts()
  private var nameIndexes: [String: UInt32] = [:]
  /// By index in `rows.names`.
  private var tallyRows: [Int] = []
  private var columnIndexes: [String: Int] = [:]
  var texts = SeenTexts()
  var numbers = SeenNumbers()
  private var ids = SeenIDs()
  private var groupIndexes: [Pseudonym: UInt32] = [:]
  var place: (address: Int32, place: Places.Place?) = (-1, nil)

  /// How often something was found in a property: by event (index in `rows.names`), property and `Tally` slot.
  private var found: [UInt64: UInt64] = [:]

  // Of the event in question.
  var row: UInt32 = 0
  private var storedNumber: UInt32 = 0
  var isHeld = false
  private(set) var event: ReceivedEvents.Event
  var forms = OwnForms()
  private var ownIsMade = false
  var isKept = false
  private var properties: [StoredProperty] = []
  private var decisions: [Decision] = []
  var groups: [GatedEvent.Group] = []
  private var identitiesBefore = 0

  /// - Parameter bytes: those of the events, which must outlive this.
  init(_ passage: Passage, _ events: ReceivedEvents, _ bytes: UnsafeBufferPointer<UInt8>) {
    self.events = events
    self.bytes = bytes
    self.passage = passage
    names = events.names.map { _ in Name() }
    eventNames = events.eventNames.map { EventName(letters: Letters.of(bytes.of($0.text))) }
    plan = passage.gate.configuration.plan
    event = ReceivedEvents.Event(name: 0, time: 0, sentTime: 0, first: 0, end: 0)
    rows.rowNames.reserveCapacity(events.count)
    rows.times.reserveCapacity(events.count)
    rows.actors.reserveCapacity(events.count)
    rows.duplicateKeys.reserveCapacity(events.count)
  }

  /// Passes all of them. The last `kept` ones come as events too.
  mutating func run(kept: Int) -> Passage {
    for index in 0..<events.count { pass(index, isKept: events.count - index <= kept) }
    passage.own = .none
    if plan != nil { noteUnplannedNames() }
    noteFindings()
    return passage
  }

  private mutating func noteFindings() {
    for (key, count) in found where passage.findings.count < PropertyFindings.limit {
      guard let (treatment, reason) = Tally.meaning(ofSlot: Int(key & 0xFFFF)) else { continue }
      let place = PropertyFindings.Place(
        event: rows.names[Int(key >> 40)], property: events.names[Int(key >> 16 & 0xFF_FFFF)].string, treatment: treatment, reason: reason)
      passage.findings[place, default: 0] += count
    }
  }

  private mutating func pass(_ index: Int, isKept: Bool) {
    row = UInt32(index)
    event = events.events[index]
    self.isKept = isKept
    identitiesBefore = rows.identities.count
    if ownIsMade {
      ownIsMade = false
      passage.own = .none
    }
    let (user, device, distinct) = noteIDs()

    let name = storedName()
    storedNumber = name
    if let plan {
      ask(plan, name)
      for index in Int(event.first)..<Int(event.end) { pass(events.values[index], plan) }
    } else {
      for index in Int(event.first)..<Int(event.end) { pass(events.values[index], nil) }
    }
    if event.address >= 0 { passPlace(of: event.address) }
    passage.countKept()

    rows.rowNames.append(name)
    rows.times.append(event.time)
    let actor = (user ?? device ?? distinct).map { identity(of: $0) }
    rows.actors.append(actor ?? GatedRows.absent)
    var link: GatedRows.Link?
    if let user, let device { link = GatedRows.Link(row: row, device: identity(of: device), user: identity(of: user)) }
    if let link { rows.links.append(link) }
    rows.duplicateKeys.append(duplicateKeys())
    if isKept { keep(name, actor, link) }
  }

  // MARK: Ids

  /// The event's ids, and what must not come back of them.
  private mutating func noteIDs() -> (user: Int?, device: Int?, distinct: Int?) {
    forms.clear()
    let user = event.user.map { ids.index(of: $0, in: bytes) }
    let device = event.device.map { ids.index(of: $0, in: bytes) }
    // Mostly the user's once more.
    var distinct = user
    if let id = event.distinct {
      if event.user.map({ bytes.of($0).hasSameBytes(as: bytes.of(id)) }) != true { distinct = ids.index(of: id, in: bytes) }
    } else {
      distinct = nil
    }
    if let user { forms.add(ids.entries[user].form) }
    if let device, let form = ids.entries[device].bareForm { forms.add(form) }
    if let distinct, distinct != user {
      forms.add(ids.entries[distinct].form)
      if device == nil, let form = ids.entries[distinct].bareForm { forms.add(form) }
    }
    // Organizations that it names belong to its own ids.
    for index in Int(event.first)..<Int(event.end) where rule(of: events.values[index].name).action == .group {
      let value = events.values[index]
      switch value.kind {
      case .null, .false, .true: continue
      case .text:
        let id = ids.index(of: value.text, in: bytes)
        forms.add(ids.entries[id].form)
      case .number, .tree: forms.isIncomplete = true
      }
    }
    return (user, device, distinct)
  }

  /// For `Passage`: the ids as it wants them.
  mutating func makeOwn() {
    guard !ownIsMade else { return }
    ownIsMade = true
    passage.own = OwnIdentifiers(events.identity(of: event))
    for value in events.values[Int(event.first)..<Int(event.end)] where rule(of: value.name).action == .group {
      passage.own.add(group: events.names[Int(value.name)].string, events.value(value))
    }
  }

  private mutating func pseudonym(of id: Int) -> Pseudonym {
    if let known = ids.entries[id].pseudonym { return known }
    let pseudonym = passage.gate.pseudonymizer.subject(bytes.of(ids.entries[id].text))
    ids.set(pseudonym, of: id)
    return pseudonym
  }

  /// Equal pseudonyms of subjects are equal bytes of ids, which `ids` knows already.
  private mutating func identity(of id: Int) -> UInt32 {
    if let known = ids.entries[id].identity { return known }
    let index = add(identity(pseudonym(of: id), ids.entries[id].text), isGroup: false)
    ids.set(identity: index, of: id)
    return index
  }

  /// Of an organization. Ids that were sent otherwise may be the same one: `7` and `"7"`.
  mutating func groupIdentity(_ pseudonym: Pseudonym, _ text: ReceivedEvents.Text) -> UInt32 {
    if let known = groupIndexes[pseudonym] { return known }
    return addGroup(identity(pseudonym, text))
  }

  mutating func groupIdentity(_ pseudonym: Pseudonym, id: String) -> UInt32 {
    if let known = groupIndexes[pseudonym] { return known }
    return addGroup(passage.identity(pseudonym, id: id))
  }

  private mutating func identity(_ pseudonym: Pseudonym, _ text: ReceivedEvents.Text) -> GatedIdentity {
    passage.isKnown(pseudonym) ? GatedIdentity(pseudonym: pseudonym, sealedID: nil) : passage.identity(pseudonym, id: events.string(text))
  }

  private mutating func addGroup(_ identity: GatedIdentity) -> UInt32 {
    let index = add(identity, isGroup: true)
    groupIndexes[identity.pseudonym] = index
    return index
  }

  private mutating func add(_ identity: GatedIdentity, isGroup: Bool) -> UInt32 {
    rows.identities.append(GatedRows.Identity(identity: identity, isGroup: isGroup))
    return UInt32(rows.identities.count - 1)
  }

  /// Over the id and the event's name as sent (analytics-semantics A.21, 2): what the gate does later does not change them.
  private func duplicateKeys() -> DuplicateKeys? {
    guard let insertID = event.insertID else { return nil }
    let day = Int32(clamping: event.sentTime.floored(by: 86_400_000))
    let actor = event.user ?? event.device ?? event.distinct ?? ReceivedEvents.Text(start: 0, count: 0)
    return DuplicateKeys(
      day: passage.gate.pseudonymizer.duplicate(
        id: bytes.of(actor), event: bytes.of(events.eventNames[Int(event.name)].text), insertID: bytes.of(insertID), day: day),
      dayNumber: day)
  }

  // MARK: Names

  private mutating func storedName() -> UInt32 {
    let sent = events.eventNames[Int(event.name)]
    let known = eventNames[Int(event.name)]
    let holdsID = forms.mayStand(in: bytes.of(sent.text), known.letters, bytes: bytes)
    let index: UInt32
    let isChanged: Bool
    if !holdsID, let stored = known.stored {
      index = stored
      isChanged = known.isChanged
    } else {
      if holdsID { makeOwn() }
      let clean = passage.eventName(sent.string)
      index = nameIndex(clean)
      isChanged = clean != sent.string
      if !holdsID {
        eventNames[Int(event.name)].stored = index
        eventNames[Int(event.name)].isChanged = isChanged
      }
    }
    passage.turn(toRow: tallyRows[Int(index)])
    if isChanged {
      passage.note(.coarsened, .eventName)
      decide(on: "event")
    }
    return index
  }

  private mutating func nameIndex(_ name: String) -> UInt32 {
    if let index = nameIndexes[name] { return index }
    let index = UInt32(rows.names.count)
    rows.names.append(name)
    tallyRows.append(passage.tallyRow(of: name))
    nameIndexes[name] = index
    return index
  }

  @inline(__always)
  mutating func rule(of name: UInt32) -> NameRule { names[Int(name)].rule ?? findRule(of: Int(name)) }

  private mutating func findRule(of name: Int) -> NameRule {
    let rule = passage.rule(for: events.names[name].string)
    names[name].rule = rule
    names[name].letters = Letters.of(bytes.of(events.names[name].text))
    names[name].count = Int(events.names[name].text.count)
    if let plan { names[name].planned = plan.number(ofProperty: events.names[name].string) }
    return rule
  }

  // MARK: Columns

  private mutating func column(of name: Int) -> Int {
    if let known = names[name].column { return known }
    let column = column(named: events.names[name].string)
    names[name].column = column
    return column
  }

  /// Names that Swift holds for equal are one column, however they are written.
  mutating func column(named name: String) -> Int {
    if let known = columnIndexes[name] { return known }
    var column = GatedRows.Column(name: name)
    // Not for all, since a batch may bring thousands of names.
    if rows.columns.count < 64 {
      column.rows.reserveCapacity(max(0, events.count - Int(row)))
      column.codes.reserveCapacity(max(0, events.count - Int(row)))
    }
    rows.columns.append(column)
    columnIndexes[name] = rows.columns.count - 1
    return rows.columns.count - 1
  }

  mutating func newCode(_ value: StoredValue, _ name: Int) -> UInt32 {
    let column = column(of: name)
    rows.columns[column].values.append(value)
    return UInt32(rows.columns[column].values.count - 1)
  }

  @inline(__always)
  mutating func append(_ code: UInt32, _ name: Int) { append(code, toColumn: column(of: name)) }

  @inline(__always)
  mutating func append(_ code: UInt32, toColumn column: Int) {
    if rows.columns[column].rows.last == row {
      // A name that is given twice: the last value counts.
      rows.columns[column].codes[rows.columns[column].codes.count - 1] = code
    } else {
      rows.columns[column].rows.append(row)
      rows.columns[column].codes.append(code)
    }
    if isKept { properties.append(StoredProperty(rows.columns[column].name, rows.columns[column].values[Int(code)])) }
  }

  /// A value that nothing was noted of.
  @inline(__always)
  mutating func appendKept(_ code: UInt32, _ name: Int) {
    append(code, name)
    decide(on: name)
  }

  @inline(__always)
  mutating func decide(on name: Int) {
    if let (treatment, reason) = passage.finding {
      found[UInt64(storedNumber) << 40 | UInt64(name) << 16 | UInt64(Tally.slot(treatment, reason)), default: 0] += 1
    }
    if isKept { decisions.append(passage.decision(on: events.names[name].string)) } else { passage.settle() }
  }

  mutating func decide(on property: String) {
    if isKept { decisions.append(passage.decision(on: property)) } else { passage.settle() }
  }

  // MARK: The event, for the live view

  /// An identity as the event in question tells it: with the sealed id if it was the first to have it.
  func seen(_ index: UInt32) -> GatedIdentity {
    let identity = rows.identities[Int(index)].identity
    return Int(index) < identitiesBefore ? GatedIdentity(pseudonym: identity.pseudonym, sealedID: nil) : identity
  }

  private mutating func keep(_ name: UInt32, _ actor: UInt32?, _ link: GatedRows.Link?) {
    keptEvents.append(
      GatedEvent(
        name: rows.names[Int(name)], time: Timestamp(milliseconds: event.time), actor: actor.map { seen($0) },
        link: link.map { .init(device: seen($0.device), user: seen($0.user)) }, duplicateKeys: rows.duplicateKeys[Int(row)],
        groups: groups, properties: properties, decisions: decisions))
    groups = []
    properties = []
    decisions = []
  }
}
