internal import Journeys

/// Which groups a report shows: the largest by their value, then none, then what was folded (semantics A.13).
struct ShownGroups {
  /// In the order of the report.
  var groups: [ReportGroup]
  /// By group number: index into `groups`, or -1 where nothing was counted.
  var slots: [Int32]
  /// How many stand in "other" not for the limit's sake, but because they are small or hide one that is.
  private(set) var merged = 0

  /// The one group of a report without a breakdown.
  static let everything = ShownGroups(groups: [.everything], slots: [0])

  /// Some groups as one, and no others.
  static func only(_ groups: [Int], of codes: BreakdownCodes) -> ShownGroups {
    var slots = [Int32](repeating: -1, count: codes.groupCount)
    for group in groups { slots[group] = 0 }
    return ShownGroups(groups: [.other], slots: slots)
  }

  /// - Parameters:
  ///   - values: what each group counts over the whole range; nil where nothing was counted.
  ///   - small: what must not stand by itself; nil where everything may.
  init(ranking values: [Double?], codes: BreakdownCodes, limit: Int, hiding small: SmallGroups?) throws(QueryError) {
    let keys = codes.keys
    let counted = values.indices.filter { values[$0] != nil }
    var ranked = counted.filter { $0 != 0 }
    if !codes.isBinned {
      ranked.sort { left, right in
        let a = values[left] ?? 0
        let b = values[right] ?? 0
        return a != b ? a > b : ValueOrder.precedes(keys[left - 1], keys[right - 1])
      }
    }
    let shown: [Int]
    (shown, merged) = try SmallGroups.shown(
      ranked: ranked, limit: codes.isBinned ? ranked.count : limit, missing: counted.first == 0 ? 0 : nil, hiding: small)
    groups = shown.map { $0 == 0 ? .none : codes.group($0) }
    slots = [Int32](repeating: -1, count: max(values.count, keys.count + 1))
    guard shown.count < counted.count else {
      for (slot, group) in shown.enumerated() { slots[group] = Int32(slot) }
      return
    }
    for group in counted { slots[group] = Int32(groups.count) }
    for (slot, group) in shown.enumerated() { slots[group] = Int32(slot) }
    groups.append(.other)
  }

  /// The same groups where other events are counted too: values that are not shown by name are "other", if there is such a group.
  func extended(to codes: BreakdownCodes) -> ShownGroups {
    guard groups != [.everything] else { return self }
    let rest = groups.firstIndex(of: .other).map { Int32($0) } ?? -1
    var slots = slots + [Int32](repeating: -1, count: max(0, codes.groupCount - slots.count))
    for group in slots.indices.dropFirst() where slots[group] < 0 { slots[group] = rest }
    return ShownGroups(groups: groups, slots: slots)
  }

  private init(groups: [ReportGroup], slots: [Int32]) {
    self.groups = groups
    self.slots = slots
  }
}
