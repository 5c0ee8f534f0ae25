import Events

/// People whom answers tell apart from all others: fewer than the project shows as a group.
package struct SingledOut: Sendable, Hashable {
  package enum How: String, Sendable, Hashable, CaseIterable {
    /// All whom a filter leaves are so few.
    case few
    /// Two questions differ by so few.
    case difference
    /// Of a whole, all but so few were asked for in parts.
    case rest
    /// Two questions overlap in so few, and what both are about together is known.
    case overlap
  }
  package let how: How
  package let actors: [SubjectNumber]
}

/// Who is singled out by several sets, and by which of them.
struct Combination {
  let singledOut: SingledOut
  let sets: [SubjectBitmap]
}

/// A set of actors beside those that the same credential knows already.
struct Comparison {
  /// The new one.
  let set: SubjectBitmap
  let isNarrowed: Bool
  /// Fewer than this single somebody out.
  let smallest: Int

  private func isFew(_ count: Int) -> Bool { count > 0 && count < smallest }

  /// So few that a filter of its own leaves them.
  var few: SingledOut? { isNarrowed && isFew(set.count) ? SingledOut(how: .few, actors: set.numbers) : nil }

  /// Those in one of two sets and not in the other.
  func difference(_ other: SubjectBitmap) -> SingledOut? {
    // No difference is smaller than that of the sizes.
    guard abs(set.count - other.count) < smallest, isFew(set.count + other.count - 2 * set.shared(other)) else { return nil }
    return SingledOut(how: .difference, actors: set.symmetricDifference(other).numbers)
  }

  /// What is left of a whole when parts of it that share nobody are taken away: the new set is the whole, or one of the parts.
  func rest(_ others: [SubjectBitmap]) -> Combination? {
    // The largest first: what is found is what a script finds that goes through the values of a property.
    let parts = others.sorted { $0.count > $1.count }
    for whole in others + [set] {
      var effort = Self.mostSteps
      var left = whole
      if whole !== set {
        // One part that leaves so few is a difference of two.
        guard whole.count - set.count >= smallest, set.isSubset(of: whole) else { continue }
        left = whole.subtracting(set)
      }
      let fitting = parts.filter { $0.count > 0 && whole.count - $0.count >= smallest && $0.isSubset(of: left) }
      if let (rest, taken) = rest(of: left, fitting[...], &effort) {
        return Combination(singledOut: SingledOut(how: .rest, actors: rest.numbers), sets: taken + (whole === set ? [] : [whole]))
      }
    }
    return nil
  }

  /// Sets that are tried at most for one whole: with very many, which parts share nobody is a puzzle that takes for ever. The first chain, each time
  /// the largest that fits, takes one step a set.
  private static let mostSteps = 500

  private func rest(
    of left: SubjectBitmap, _ parts: ArraySlice<SubjectBitmap>, _ effort: inout Int
  ) -> (SubjectBitmap, taken: [SubjectBitmap])? {
    for (index, part) in zip(parts.indices, parts) {
      effort -= 1
      guard effort > 0 else { return nil }
      guard part.isSubset(of: left) else { continue }
      let smaller = left.subtracting(part)
      if isFew(smaller.count) { return (smaller, [part]) }
      let fitting = parts[(index + 1)...].filter { $0.isSubset(of: smaller) }
      if let (rest, taken) = rest(of: smaller, fitting[...], &effort) { return (rest, taken + [part]) }
    }
    return nil
  }

  /// Those whom two sets share, where it is known how many are in either.
  func overlap(_ others: [SubjectBitmap]) -> Combination? {
    for other in others where isFew(set.shared(other)) {
      let size = set.count + other.count - set.shared(other)
      for whole in others where abs(whole.count - size) < smallest && whole !== other {
        let both = set.union(other)
        if both.count + whole.count - 2 * both.shared(whole) < smallest {
          return Combination(
            singledOut: SingledOut(how: .overlap, actors: set.intersection(other).numbers), sets: [other, whole])
        }
      }
    }
    return nil
  }
}
