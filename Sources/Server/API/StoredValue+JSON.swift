import Crypto
import Events
import Journeys
import SegmentStore

extension StoredValue {
  /// As the API shows it: pseudonyms with the prefix of their kind, sealed values as `{"sealed": true, "tag": "t_…"}`, since their
  /// bytes are for the custodian alone: a filter finds who else has the value by its tag.
  ///
  /// - Parameter namesSealed: whether each sealed value comes with the SHA-256 of its bytes instead, so that what the custodian opens finds its
  ///   place.
  func apiJSON(prefix: String = "s_", namesSealed: Bool = false) -> JSONValue {
    switch self {
    case .null: .null
    case .boolean(let value): .boolean(value)
    case .number(let value): .number(value)
    case .string(let value): .string(value)
    case .list(let values): .list(values.map { $0.apiJSON(prefix: prefix, namesSealed: namesSealed) })
    case .object(let members): .object(members.apiJSON(groupKeys: [], namesSealed: namesSealed))
    case .pseudonym(let pseudonym): .string("\(prefix)\(pseudonym)")
    case .sealed(let value): namesSealed ? value.namedJSON : ["sealed": true, "tag": .string(value.tagText)]
    }
  }
}

extension SealedValue {
  /// `{"sealed": true, "sha256": …}`. The digest says nothing about the plaintext: equal texts are sealed to different bytes.
  var namedJSON: JSONValue { ["sealed": true, "sha256": .string(CustodianDesk.hexadecimal(Array(SHA256.hash(data: bytes))))] }
}

extension [StoredProperty] {
  /// - Parameter groupKeys: properties whose pseudonyms are those of organizations.
  func apiJSON(groupKeys: Set<String>, namesSealed: Bool = false) -> [String: JSONValue] {
    Dictionary(
      map { ($0.name, $0.value.apiJSON(prefix: groupKeys.contains($0.name) ? "g_" : "s_", namesSealed: namesSealed)) },
      uniquingKeysWith: { $1 })
  }
}

extension SubjectReference {
  var text: String { "s_\(pseudonym)" }
}

extension JourneyEvent {
  func apiJSON(groupKeys: Set<String>) -> JSONValue {
    [
      "event": .string(name), "time": .string(time.text), "subject": subject.map { .string($0.text) } ?? .null,
      "arrived_as": original.map { .string($0.text) } ?? .null, "properties": .object(properties.apiJSON(groupKeys: groupKeys)),
    ]
  }

  /// A line of Mixpanel's raw export (mixpanel-api, 3.5), with pseudonyms where that has ids.
  func exportLine(milliseconds: Bool, groupKeys: Set<String>) -> String {
    var members = properties.apiJSON(groupKeys: groupKeys)
    members["time"] = .number(milliseconds ? Double(time.milliseconds) : (Double(time.milliseconds) / 1000).rounded(.down))
    members["distinct_id"] = .string(subject?.text ?? "")
    if let original, original.number != subject?.number { members["$distinct_id_before_identity"] = .string(original.text) }
    return JSONValue.object(["event": .string(name), "properties": .object(members)]).text + "\n"
  }

  /// The subjects that a row shows: the canonical one and the one under whose id it arrived.
  var shownSubjects: [SubjectNumber] { [subject?.number, original?.number].compactMap(\.self) }
}

extension OpenProject {
  /// The subjects that values name, for the ledger. Ids that never arrived as anybody's have no number: they are nobody's here.
  func subjects(in values: some Sequence<StoredValue>) -> [SubjectNumber] {
    var seen: Set<Pseudonym> = []
    for value in values { seen.formUnion(value.pseudonyms) }
    return seen.compactMap { store.reference(of: $0)?.number }
  }

  func subjects(inValuesOf events: [JourneyEvent]) -> [SubjectNumber] { subjects(in: events.lazy.flatMap(\.properties).map(\.value)) }
}

extension [JourneyEvent] {
  /// Names of the properties that rows show, for the ledger; sorted.
  var shownFields: [String] {
    var names: Set<String> = ["event", "time", "distinct_id"]
    for event in self { for property in event.properties { names.insert(property.name) } }
    return names.sorted()
  }
}
