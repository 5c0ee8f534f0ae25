internal import Journeys

/// Which groups of a breakdown are too small to stand by themselves (semantics A.13): those of fewer than `smallest` different actors, and as
/// many of the smallest others as it takes for "other" to have so many, since otherwise the whole minus what is shown would tell.
struct SmallGroups {
  /// One count of the groups: of a series, or of a period.
  struct View {
    /// By group number: different actors; 0 where all that counts is of nobody.
    var sizes: [Int]
    /// How many different actors some groups have together.
    var together: ([Int]) throws(QueryError) -> Int

    /// Only some of the groups.
    func of(_ groups: [Int]) -> View {
      var sizes = [Int](repeating: 0, count: sizes.count)
      for group in groups { sizes[group] = size(group) }
      return View(sizes: sizes, together: together)
    }

    func size(_ group: Int) -> Int { sizes.indices.contains(group) ? sizes[group] : 0 }
  }

  let smallest: Int
  let views: [View]

  /// Nil where every group may be shown.
  init?(_ smallest: Int, _ views: [View]) {
    guard smallest > 1, !views.isEmpty else { return nil }
    self.smallest = smallest
    self.views = views
  }

  /// Which groups stand by themselves, in the order of the report.
  ///
  /// - Parameters:
  ///   - ranked: all that count anything, in their order.
  ///   - missing: the group of those without a value, which no limit takes away; nil where nothing was counted there.
  ///   - small: nil where groups of any size are shown.
  /// - Returns: those, and how many were taken away for being small, or for hiding one that is.
  static func shown(
    ranked: [Int], limit: Int, missing: Int?, hiding small: SmallGroups?
  ) throws(QueryError) -> (groups: [Int], merged: Int) {
    let all = missing.map { ranked + [$0] } ?? ranked
    guard let small else { return (Array(ranked.prefix(limit)) + all.dropFirst(ranked.count), 0) }
    let large = all.filter { !small.isSmall($0) }
    var shown = Array(large.filter { $0 != missing }.prefix(limit))
    if let missing, large.last == missing { shown.append(missing) }
    var merged = all.count - large.count
    if shown.count == all.count { return (shown, merged) }
    while try !small.mayStandTogether(allBut: Set(shown)), let next = small.smallest(of: shown) {
      shown.removeAll { $0 == next }
      merged += 1
    }
    return (shown, merged)
  }

  /// In the view in which it has the fewest; 0 if in all it is of nobody.
  private func size(_ group: Int) -> Int { views.map { $0.size(group) }.filter { $0 > 0 }.min() ?? 0 }

  private func isSmall(_ group: Int) -> Bool { (1..<smallest).contains(size(group)) }

  /// Whether the groups that are not shown can stand as one.
  private func mayStandTogether(allBut shown: Set<Int>) throws(QueryError) -> Bool {
    for view in views {
      let rest = view.sizes.indices.filter { view.sizes[$0] > 0 && !shown.contains($0) }
      if rest.isEmpty || rest.contains(where: { view.sizes[$0] >= smallest }) { continue }
      // Who is in several of them counts once.
      if rest.reduce(0, { $0 + view.sizes[$1] }) < smallest { return false }
      if try view.together(rest) < smallest { return false }
    }
    return true
  }

  /// Of groups in the order of the report, the one whose loss says least: the smallest, of several the last.
  private func smallest(of shown: [Int]) -> Int? {
    shown.reversed().filter { size($0) > 0 }.min { size($0) < size($1) }
  }
}
