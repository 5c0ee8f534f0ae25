internal import Journeys

/// All attempts of a report, column by column, those of a subject together.
struct AttemptLog {
  var subjects: [UInt32] = []
  /// Of `BreakdownCodes`; 0 without a breakdown.
  var codes: [UInt32] = []
  var depths: [UInt8] = []
  var isOpen: [Bool] = []
  var isExcluded: [Bool] = []
  /// Where in `times` the attempt's step times begin: as many as its depth.
  var offsets: [Int] = []
  var times: [Int64] = []
  /// Of a log of a trend: the bucket for which each was chosen. Otherwise empty.
  var buckets: [UInt16] = []
  var count: Int { subjects.count }
  /// Whether there were more than fit: the figures are of no use then.
  var isFull = false
  /// Whether attempts were too tangled to be followed.
  var isTangled = false

  private static let attemptLimit = 20_000_000
  private static let timeLimit = 60_000_000
  /// Adds those of later subjects.
  mutating func append(_ other: AttemptLog) {
    isTangled = isTangled || other.isTangled
    isFull = isFull || other.isFull || count + other.count > Self.attemptLimit || times.count + other.times.count > Self.timeLimit
    guard !isFull else { return }
    let shift = times.count
    subjects += other.subjects
    codes += other.codes
    depths += other.depths
    isOpen += other.isOpen
    isExcluded += other.isExcluded
    offsets += other.offsets.map { $0 + shift }
    times += other.times
    buckets += other.buckets
  }

  var hasRoom: Bool { subjects.count < Self.attemptLimit && times.count < Self.timeLimit }

  /// - Throws: `QueryError` (`too_large`) if there were too many attempts.
  func check() throws(QueryError) {
    guard !isTangled else {
      throw QueryError(
        .tooLarge,
        "Within `grace_ms` there are too many ways to order one journey's events; take a shorter grace or steps of different events.",
        field: "grace_ms")
    }
    guard isFull else { return }
    throw QueryError(
      .tooLarge,
      "The funnel has more than \(Self.attemptLimit) attempts or \(Self.timeLimit) steps reached; take a shorter range, or filter.",
      field: "range")
  }
}
