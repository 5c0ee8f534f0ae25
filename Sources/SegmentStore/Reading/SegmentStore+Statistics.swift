package import Events
package import Journeys
import Synchronization

/// What there is of each property: volumes, different values, and the most frequent ones.
extension SegmentStore {
  private static let samples = 5

  package func statistics(of event: String, since time: Timestamp) async throws -> EventStatistics {
    try await scanThreads.run { [self] () throws(QueryError) in
      do throws(StoreError) { return try eventStatistics(try snapshotNow(), event, since: time.milliseconds) } catch {
        throw QueryError(.unreadable, error.description)
      }
    }
  }

  package func profileStatistics(ofGroups: Bool) async throws -> EventStatistics {
    try await scanThreads.run { [self] () throws(QueryError) in
      do throws(StoreError) { return try profiles(ofGroups: ofGroups) } catch { throw QueryError(.unreadable, error.description) }
    }
  }

  private func eventStatistics(_ snapshot: StoreSnapshot, _ event: String, since time: Int64) throws(StoreError) -> EventStatistics {
    guard let code = snapshot.eventNames.firstIndex(of: event) else { return EventStatistics(count: 0, properties: []) }
    var places: [(run: ColumnRun, block: Int, rows: [Int])] = []
    for run in snapshot.runs where run.lastTime >= time {
      guard let wanted = run.eventCodes.firstIndex(of: UInt16(code)) else { continue }
      for (number, block) in run.blocks.enumerated() where block.lastTime >= time {
        let events = try run.events(number)
        let offsets = block.firstTime < time ? try run.times(number).offsets : []
        let rows = (0..<block.rowCount).filter { row in
          events[row] == wanted && (offsets.isEmpty || run.partition.base + Int64(offsets[row]) >= time)
        }
        if !rows.isEmpty { places.append((run, number, rows)) }
      }
    }
    var statistics = EventStatistics(count: places.reduce(0) { $0 + $1.rows.count }, properties: [])
    // One property after the other: only its values are in memory.
    for property in places.reduce(into: Set<String>(), { $0.formUnion($1.run.properties) }).sorted() {
      var tally = ValueTally()
      for place in places {
        guard let column = try place.run.column(property, place.block) else { continue }
        var byCode = [Int](repeating: 0, count: column.shared.count + column.own.count + 1)
        for row in place.rows { byCode[column[row]] += 1 }
        for (code, count) in byCode.enumerated().dropFirst() where count > 0 { tally.add(column.value(code), count) }
      }
      if tally.total > 0 { statistics.properties.append(tally.statistics(property, samples: Self.samples)) }
    }
    return statistics
  }

  private func profiles(ofGroups: Bool) throws(StoreError) -> EventStatistics {
    let current = state.withLock { $0 }
    let fresh = current.memtables.flatMap { table, _ in table.with { Array($0.profiles.keys) } }
    var seen = Set<UInt32>()
    var tallies: [String: ValueTally] = [:]
    var count = 0
    for number in fresh + current.profileFiles.flatMap(\.numbers)
    where identities.isGroup(number) == ofGroups && seen.count < EventStatistics.mostProfiles && seen.insert(number).inserted {
      guard let image = try current.profile(of: number, cache: cache) else { continue }
      count += 1
      var names = Set<String>()
      // The verified layer's value counts.
      for (layer, isVerified) in [(image.verified, true), (image.unverified, false)] {
        for property in layer?.properties ?? [] where names.insert(property.name).inserted {
          tallies[property.name, default: ValueTally()].add(property.value, ofProfileVerified: isVerified)
        }
      }
    }
    return EventStatistics(
      count: count, properties: tallies.sorted { $0.key < $1.key }.map { $1.statistics($0, samples: Self.samples) })
  }
}

/// Counts different values in bounded memory.
private struct ValueTally {
  private(set) var total = 0
  private var kinds: Set<PropertyStatistics.Kind> = []
  private var profiles: [PropertyStatistics.Written: Int] = [:]
  private var counts: [StoredValue: Int] = [:]

  mutating func add(_ value: StoredValue, _ count: Int) {
    total += count
    if let kind = PropertyStatistics.Kind(value) { kinds.insert(kind) }
    if counts[value] != nil || counts.count < PropertyStatistics.mostDistinct { counts[value, default: 0] += count }
  }

  mutating func add(_ value: StoredValue, ofProfileVerified isVerified: Bool) {
    add(value, 1)
    profiles[.init(PropertyStatistics.Kind(value), isVerified: isVerified), default: 0] += 1
  }

  func statistics(_ name: String, samples: Int) -> PropertyStatistics {
    var best: [(value: StoredValue, count: Int)] = []
    for (value, count) in counts {
      let place = best.firstIndex(where: { $0.count < count || ($0.count == count && ValueOrder.precedes(value, $0.value)) })
      if let place { best.insert((value, count), at: place) } else if best.count < samples { best.append((value, count)) }
      if best.count > samples { best.removeLast() }
    }
    return PropertyStatistics(
      name: name, count: total, distinct: counts.count, samples: best.map(\.value), kinds: kinds, profiles: profiles)
  }
}

extension PropertyStatistics.Kind {
  /// Nil for null.
  fileprivate init?(_ value: StoredValue) {
    switch value {
    case .null: return nil
    case .string: self = .text
    case .number: self = .number
    case .boolean: self = .boolean
    case .list: self = .list
    case .object: self = .object
    case .pseudonym: self = .pseudonym
    case .sealed: self = .sealed
    }
  }
}
