import Events
import Foundation

/// What is usual of one credential's holder: from where, by what, when, and how much. Networks and clients are keyed hashes here: neither
/// memory that is kept nor the database has an address.
struct UsualUse: Sendable, Hashable {
  /// Until so many uses and so long after the first, everything is learnt and nothing about origins is news.
  static let usesToLearn = 20
  static let timeToLearn: Duration = .seconds(3 * 86_400)
  /// Hours of the week take two of them.
  static let timeToLearnHours: Duration = .seconds(14 * 86_400)
  /// A network or client that was not used for so many days is new again.
  static let memoryDays: Int32 = 90
  /// The counts of hours are halved so often: what was usual once is forgotten after one or two of such times.
  static let halvingDays: Int32 = 28
  static let mostNetworks = 64
  static let mostClients = 32
  static let hoursOfWeek = 168

  var since: Timestamp
  var usedAt: Timestamp
  var uses = 0
  /// By hash, the last day of use.
  var networks: [UInt64: Int32] = [:]
  var clients: [UInt64: Int32] = [:]
  /// In how many weeks it was used in each hour, from Monday 0:00 in the project's zone; at most 255.
  var hours = [UInt8](repeating: 0, count: UsualUse.hoursOfWeek)
  var hoursHalvedOn: Int32
  /// When it had rows in bulk for the first time.
  var exportedAt: Timestamp?
  /// The most different subjects that it looked at one by one within an hour.
  var subjectsAnHour = 0

  init(since: Timestamp) {
    self.since = since
    usedAt = since
    hoursHalvedOn = Self.day(of: since)
  }

  static func day(of time: Timestamp) -> Int32 { Int32(clamping: QuotaBook.day(of: time)) }

  func isLearning(at now: Timestamp) -> Bool { uses < Self.usesToLearn || now < since + Self.timeToLearn }

  /// Learns from where and by what it is used now, and says what of it is new.
  ///
  /// - Parameters:
  ///   - network: nil where the address is not known.
  ///   - hour: of the week.
  mutating func note(network: UInt64?, client: UInt64, hour: Int, at now: Timestamp) -> [UseSignal] {
    forget(at: now)
    let learning = isLearning(at: now)
    let day = Self.day(of: now)
    var signals: [UseSignal] = []
    if let network, Self.note(network, in: &networks, most: Self.mostNetworks, on: day) { signals.append(.newNetwork) }
    if Self.note(client, in: &clients, most: Self.mostClients, on: day) { signals.append(.newClient) }
    if !learning, now >= since + Self.timeToLearnHours, !isUsual(hour: hour) { signals.append(.offHours) }
    return learning ? [] : signals
  }

  /// Counts an hour of the week, once for each time that it comes.
  mutating func count(hour: Int) { hours[hour] = hours[hour] == .max ? .max : hours[hour] + 1 }

  /// Whether it is used at this hour, the one before or the one after, on any day of the same kind: from Monday to Friday, or at weekends.
  private func isUsual(hour: Int) -> Bool {
    let days = hour / 24 < 5 ? 0..<5 : 5..<7
    return days.contains { day in (-1...1).contains { hours[day * 24 + (hour % 24 + $0 + 24) % 24] > 0 } }
  }

  private mutating func forget(at now: Timestamp) {
    let day = Self.day(of: now)
    if networks.values.contains(where: { day - $0 > Self.memoryDays }) { networks = networks.filter { day - $0.value <= Self.memoryDays } }
    if clients.values.contains(where: { day - $0 > Self.memoryDays }) { clients = clients.filter { day - $0.value <= Self.memoryDays } }
    guard day - hoursHalvedOn >= Self.halvingDays else { return }
    hoursHalvedOn = day
    hours = hours.map { $0 >> 1 }
    subjectsAnHour >>= 1
  }

  /// - Returns: whether it was not there. The one that was not used for longest makes room.
  private static func note(_ hash: UInt64, in known: inout [UInt64: Int32], most: Int, on day: Int32) -> Bool {
    if let last = known[hash] {
      known[hash] = max(last, day)
      return false
    }
    if known.count >= most, let oldest = known.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) { known[oldest.key] = nil }
    known[hash] = day
    return true
  }

  /// The hour of the week, from Monday 0:00, of a moment in a zone.
  static func hour(of time: Timestamp, in zone: TimeZone) -> Int {
    let seconds = time.milliseconds / 1000 + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)))
    let hours = Int((Double(seconds) / 3600).rounded(.down))
    // 1 January 1970 was a Thursday.
    return ((hours + 3 * 24) % hoursOfWeek + hoursOfWeek) % hoursOfWeek
  }
}
