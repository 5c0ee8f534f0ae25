import Events

/// Something about how a credential is used that was not so before. A closed set; the words stand in the database, in alerts and in
/// docs/FORMATS.md.
package enum UseSignal: String, Sendable, Hashable, CaseIterable {
  /// From a network from which it was not used within the last 90 days.
  case newNetwork = "new_network"
  /// By a program or browser of another family.
  case newClient = "new_client"
  /// At an hour of the week at which it is never used.
  case offHours = "off_hours"
  /// Rows about subjects in bulk, for the first time ever.
  case firstExport = "first_export"
  /// Many different subjects, one by one.
  case enumeration
  /// Subjects that do not exist, one after the other.
  case guessing
  /// The values of many different properties.
  case schemaEnumeration = "schema_enumeration"

  /// What it adds to the score. A stolen key in another hand shows a new network and a new client: that alone reaches the threshold, and so
  /// does going through subjects one by one; no other single sign does.
  package var weight: Int {
    switch self {
    case .newNetwork: 30
    case .newClient, .offHours, .firstExport: 20
    case .enumeration, .guessing: 50
    case .schemaEnumeration: 30
    }
  }

  /// Whether it counts while it is still being learnt what is usual.
  var countsWhileLearning: Bool {
    switch self {
    case .firstExport, .enumeration, .guessing, .schemaEnumeration: true
    case .newNetwork, .newClient, .offHours: false
    }
  }
}

/// A signal at its last time.
package struct UseMark: Sendable, Hashable, Codable {
  package let signal: UseSignal
  package var at: Timestamp
  /// How many, of those that count something.
  package var number: Int?
  /// Which kind of client, from a closed set.
  package var label: String?

  /// For people. Nothing in it was written by whoever used the credential.
  package var words: String {
    switch signal {
    case .newNetwork: "a network from which it was not used before"
    case .newClient: "a client that it was not used by before (\(label ?? "unknown"))"
    case .offHours: "an hour of the week at which it is never used"
    case .firstExport: "its first rows in bulk"
    case .enumeration: "\(number ?? 0) subjects one by one within an hour"
    case .guessing: "\(number ?? 0) look-ups of subjects that do not exist within an hour"
    case .schemaEnumeration: "the values of \(number ?? 0) properties within an hour"
    }
  }

  init(_ signal: UseSignal, at time: Timestamp, number: Int? = nil, label: String? = nil) {
    self.signal = signal
    at = time
    self.number = number
    self.label = label
  }

  private enum CodingKeys: String, CodingKey { case signal, at, number, label }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    guard let signal = UseSignal(rawValue: try values.decode(String.self, forKey: .signal)) else {
      throw DecodingError.dataCorruptedError(forKey: .signal, in: values, debugDescription: "no signal of this version")
    }
    self.init(
      signal, at: Timestamp(milliseconds: try values.decode(Int64.self, forKey: .at)),
      number: try values.decodeIfPresent(Int.self, forKey: .number), label: try values.decodeIfPresent(String.self, forKey: .label))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(signal.rawValue, forKey: .signal)
    try values.encode(at.milliseconds, forKey: .at)
    try values.encodeIfPresent(number, forKey: .number)
    try values.encodeIfPresent(label, forKey: .label)
  }
}

/// How unusual a credential's last day was.
package struct UseReport: Sendable, Hashable {
  /// A signal counts for so long after its last time.
  package static let period: Duration = .seconds(86_400)
  /// A score from which on there is an alert.
  package static let threshold = 50

  /// Of the last day, the newest first; each signal once.
  package let marks: [UseMark]
  /// Whether it is still being learnt what is usual.
  package let isLearning: Bool

  /// 0 to 100: the weights of the signals added up.
  package var score: Int { min(100, marks.reduce(0) { $0 + $1.signal.weight }) }
  package var isUnusual: Bool { score >= Self.threshold }
}
