import Events

/// What a credential did lately, in memory: different things within the last hour, and the signals of the last day.
struct RecentUse: Sendable {
  /// So many different subjects one by one within an hour are an enumeration, or three times as many as it ever had, where that is more.
  static let subjects = 50
  static let subjectsFactor = 3
  static let misses = 20
  static let questions = 100

  /// Different things within the last 55 to 60 minutes.
  struct Window: Sendable {
    static let most = 20_000
    private static let slot: Int64 = 300_000
    private static let slots: Int64 = 12
    private var seen: [UInt64: Int64] = [:]
    private var current: Int64 = .min

    var count: Int { seen.count }

    /// What is above `most` is not counted any more: everybody knows by then.
    mutating func add(_ thing: UInt64, at now: Timestamp) {
      let slot = now.milliseconds / Self.slot
      if slot != current {
        current = slot
        seen = seen.filter { $0.value > slot - Self.slots }
      }
      if seen.count < Self.most || seen[thing] != nil { seen[thing] = slot }
    }
  }

  var subjects = Window()
  var misses = Window()
  var questions = Window()
  private(set) var marks: [UseSignal: UseMark] = [:]

  init(marks: [UseMark] = []) { self.marks = Dictionary(marks.map { ($0.signal, $0) }, uniquingKeysWith: { $1 }) }

  func marks(at now: Timestamp) -> [UseMark] {
    marks.values.filter { now < $0.at + UseReport.period }.sorted { ($1.at, $0.signal.rawValue) < ($0.at, $1.signal.rawValue) }
  }

  /// - Returns: whether the day had not seen it.
  mutating func mark(_ signal: UseSignal, at now: Timestamp, number: Int? = nil, label: String? = nil) -> Bool {
    let isNew = marks[signal].map { now >= $0.at + UseReport.period } ?? true
    let most = isNew ? number : number.map { max($0, marks[signal]?.number ?? 0) }
    marks[signal] = UseMark(signal, at: now, number: most, label: label)
    return isNew
  }
}
