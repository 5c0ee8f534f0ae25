import Events
import Journeys
import Vault

/// Journeys of people who do not exist, made of a page of real ones: each takes the shape of somebody's journey, moved in time, and every value from
/// a row of somebody else. Nothing is shown by them that the page does not show anyway.
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
        StoredProperty(property.name, value(of: property, in: rows[index].name, canary, instead: [whose, arrived]))
      }
      return event
    }
  }

  /// Another row's value, where it does not say whose row it is.
  private mutating func value(of property: StoredProperty, in event: String, _ canary: Canary, instead: [Pseudonym?]) -> StoredValue {
    if let domain, Self.hostProperties.contains(property.name), case .string = property.value {
      return .string("\(canary.label).\(domain)")
    }
    if let domain, Self.linkProperties.contains(property.name), case .string = property.value {
      return .string("https://\(canary.label).\(domain)/")
    }
    if property.name == "$insert_id", case .string(let text) = property.value { return .string(fresh(text)) }
    let others = byName[event] ?? []
    let other = others.randomElement(using: &random).flatMap { index in rows[index].properties.first { $0.name == property.name }?.value }
    return replaced(other ?? property.value, property.value, canary, instead)
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
    case .null, .boolean, .number, .string: return value
    }
  }

  /// Another text of the same form: letters for letters, digits for digits.
  private mutating func fresh(_ text: String) -> String {
    let isHexadecimal = text.utf8.allSatisfy {
      ("0"..."9").contains(Unicode.Scalar($0)) || ("a"..."f").contains(Unicode.Scalar($0)) || $0 == 45
    }
    return String(
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
