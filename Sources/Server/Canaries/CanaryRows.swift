import Events
import Journeys
import Vault

/// Journeys of people who do not exist, made of a page of real ones: each takes the shape of somebody's journey, moved in time, and every value from
/// a row of somebody else. What stays the same all along the model's journey, as a browser does, comes from one other person and stays the same too; what
/// comes again there comes again here. Nothing is shown by them that the page does not show anyway.
struct CanaryRows {
  /// A journey that is longer is not taken for a model.
  static let longest = 40
  private static let hostProperties: Set<String> = ["$referring_domain", "$initial_referring_domain"]
  private static let linkProperties: Set<String> = ["$referrer", "$initial_referrer"]

  private let rows: [JourneyEvent]
  /// Rows of an event name.
  private let byName: [String: [Int]]
  /// Whole journeys of the page: ranges of rows of one subject.
  private let journeys: [Range<Int>]
  /// Below which hosts stand; nil: none.
  private let domain: String?
  /// Texts that look like ids of something and stand in one row of the page: a second one would give the copy away.
  private let unique: Set<String>
  private var random = SystemRandomNumberGenerator()

  /// - Parameter rows: of one page, subject after subject.
  init(_ rows: [JourneyEvent], domain: String?) {
    self.rows = rows
    self.domain = domain
    byName = Dictionary(grouping: rows.indices, by: { rows[$0].name })
    var journeys: [Range<Int>] = []
    var start = 0
    for index in rows.indices where index + 1 == rows.count || rows[index + 1].subject != rows[index].subject {
      if rows[index].subject != nil, index + 1 - start <= Self.longest { journeys.append(start..<(index + 1)) }
      start = index + 1
    }
    self.journeys = journeys
    var seen: [String: Int] = [:]
    for row in rows {
      for property in row.properties {
        if case .string(let text) = property.value, Self.looksLikeID(text) { seen[text, default: 0] += 1 }
      }
    }
    unique = Set(seen.filter { $0.value == 1 }.keys)
  }

  private static func looksLikeID(_ text: String) -> Bool {
    (12...64).contains(text.utf8.count) && text.utf8.contains { (48...57).contains($0) }
      && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95 }
  }

  /// The page with canaries between its subjects, at most `room` lines of them. Every canary that finds no room is left out.
  ///
  /// - Parameter holds: the condition that all rows meet.
  mutating func mixed(_ canaries: [Canary], room: Int, holds: (JourneyEvent) -> Bool) -> (rows: [JourneyEvent], shown: [Canary], lines: Int)
  {
    var insertions: [(at: Int, rows: [JourneyEvent])] = []
    var shown: [Canary] = []
    var left = room
    // In front of a subject or behind all: never inside of a journey.
    let places = journeys.map(\.lowerBound) + [rows.count]
    guard let earliest = rows.map(\.time).min(), let latest = rows.map(\.time).max() else { return (rows, [], 0) }
    for canary in canaries {
      guard let model = journeys.filter({ $0.count <= left }).randomElement(using: &random) else { continue }
      let made = journey(of: canary, like: model, within: earliest...latest).filter(holds)
      if made.isEmpty { continue }
      insertions.append((places.randomElement(using: &random) ?? rows.count, made))
      shown.append(canary)
      left -= made.count
    }
    var mixed: [JourneyEvent] = []
    mixed.reserveCapacity(rows.count + room - left)
    for index in 0...rows.count {
      for insertion in insertions where insertion.at == index { mixed += insertion.rows }
      if index < rows.count { mixed.append(rows[index]) }
    }
    return (mixed, shown, room - left)
  }

  private mutating func journey(of canary: Canary, like model: Range<Int>, within bounds: ClosedRange<Timestamp>) -> [JourneyEvent] {
    let subject = SubjectReference(number: SubjectNumber(0), pseudonym: canary.id)
    let whose = rows[model.lowerBound].subject?.pseudonym
    let arrived = rows[model.lowerBound].original?.pseudonym
    // Hours away, inside of what was asked for, and no two steps as far apart as the model's.
    let first = rows[model.lowerBound].time.milliseconds
    let last = rows[model.upperBound - 1].time.milliseconds
    let earliest = max(bounds.lowerBound.milliseconds - first, -6 * 3_600_000)
    let latest = min(bounds.upperBound.milliseconds - last, 6 * 3_600_000)
    let shift = earliest <= latest ? Int64.random(in: earliest...latest, using: &random) : 0
    var previous = Int64.min
    var disguise = Disguise(
      canary: canary, instead: [whose, arrived], steady: steady(model), donor: journeys.filter { $0 != model }.randomElement(using: &random)
    )
    return model.map { index in
      let jitter = Int64.random(in: -2_000...2_000, using: &random)
      let time = min(
        max(rows[index].time.milliseconds + shift + jitter, previous, bounds.lowerBound.milliseconds), bounds.upperBound.milliseconds)
      previous = time
      var event = rows[index]
      event.time = Timestamp(milliseconds: time)
      event.subject = subject
      event.original = nil
      event.properties = rows[index].properties.map { property in
        StoredProperty(property.name, value(of: property, in: rows[index].name, &disguise))
      }
      return event
    }
  }

  /// What one canary has in place of its model's values.
  private struct Disguise {
    let canary: Canary
    /// The model's own pseudonyms.
    let instead: [Pseudonym?]
    /// Properties with one value all along the model's journey.
    let steady: Set<String>
    /// Whose values stand for those.
    let donor: Range<Int>?
    var known: [StoredProperty: StoredValue] = [:]
  }

  private static func value(_ name: String, in rows: ArraySlice<JourneyEvent>) -> StoredValue? {
    for row in rows { if let property = row.properties.first(where: { $0.name == name }) { return property.value } }
    return nil
  }

  private func steady(_ model: Range<Int>) -> Set<String> {
    var values: [String: Set<StoredValue>] = [:]
    for index in model { for property in rows[index].properties { values[property.name, default: []].insert(property.value) } }
    return Set(values.filter { $0.value.count == 1 }.keys)
  }

  /// Another row's value, where it does not say whose row it is; the same for the same.
  private mutating func value(of property: StoredProperty, in event: String, _ disguise: inout Disguise) -> StoredValue {
    if property.name != "$insert_id", let known = disguise.known[property] { return known }
    let value = fresh(value: property, in: event, disguise)
    disguise.known[property] = value
    return value
  }

  private mutating func fresh(value property: StoredProperty, in event: String, _ disguise: Disguise) -> StoredValue {
    let canary = disguise.canary
    if let domain, Self.hostProperties.contains(property.name), case .string = property.value {
      return .string("\(canary.label).\(domain)")
    }
    if let domain, Self.linkProperties.contains(property.name), case .string = property.value {
      return .string("https://\(canary.label).\(domain)/")
    }
    if property.name == "$insert_id", case .string(let text) = property.value { return .string(fresh(text)) }
    if disguise.steady.contains(property.name), let donor = disguise.donor, let other = Self.value(property.name, in: rows[donor]) {
      return replaced(other, property.value, canary, disguise.instead)
    }
    let others = byName[event] ?? []
    let other = others.randomElement(using: &random).flatMap { index in rows[index].properties.first { $0.name == property.name }?.value }
    return replaced(other ?? property.value, property.value, canary, disguise.instead)
  }

  /// Pseudonyms of people become the canary's, tags of sealed values are drawn by lot: equal ones would make it somebody's double.
  private mutating func replaced(_ value: StoredValue, _ own: StoredValue, _ canary: Canary, _ instead: [Pseudonym?]) -> StoredValue {
    switch value {
    case .pseudonym(let pseudonym):
      if case .pseudonym(let mine) = own, instead.contains(mine) { return .pseudonym(canary.id) }
      return .pseudonym(pseudonym)
    case .sealed:
      return .sealed(
        SealedValue(bytes: [], tag: Pseudonym(high: .random(in: 0 ... .max, using: &random), low: .random(in: 0 ... .max, using: &random))))
    case .list(let values): return .list(values.map { replaced($0, $0, canary, instead) })
    case .object(let members):
      return .object(members.map { StoredProperty($0.name, replaced($0.value, $0.value, canary, instead)) })
    case .string(let text): return unique.contains(text) ? .string(fresh(text)) : value
    case .null, .boolean, .number: return value
    }
  }

  /// Another text of the same form: letters for letters, digits for digits.
  private mutating func fresh(_ whole: String) -> String {
    // A word in front says what kind of id it is: “req_…”.
    let mark = whole.firstIndex(of: "_").map(whole.index(after:))
    let kind = mark.map { whole[..<$0] }.flatMap { $0.dropLast().allSatisfy(\.isLetter) ? $0 : nil } ?? ""
    let text = whole.dropFirst(kind.count)
    let isHexadecimal = text.utf8.allSatisfy {
      ("0"..."9").contains(Unicode.Scalar($0)) || ("a"..."f").contains(Unicode.Scalar($0)) || $0 == 45
    }
    return kind
      + String(
        text.map { character -> Character in
          switch character {
          case "0"..."9", "a"..."f":
            if isHexadecimal { return Array("0123456789abcdef")[Int.random(in: 0..<16, using: &random)] }
            return character.isNumber
              ? Array("0123456789")[Int.random(in: 0..<10, using: &random)]
              : Array("abcdefghijklmnopqrstuvwxyz")[Int.random(in: 0..<26, using: &random)]
          case "g"..."z": return Array("abcdefghijklmnopqrstuvwxyz")[Int.random(in: 0..<26, using: &random)]
          case "A"..."Z": return Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")[Int.random(in: 0..<26, using: &random)]
          default: return character
          }
        })
  }
}
