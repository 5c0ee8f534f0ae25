/// Which branches and tags have a commit: marks are handed from the tips down to parents, 64 tips at a time, in one pass over the commits.
struct GitReferences {
  enum Kind { case branch, tag, remote }

  struct Counts: Hashable {
    var branches = 0
    var tags = 0
    var remotes = 0
  }

  /// More tips are not followed.
  static let most = 2048

  private var kinds: [Kind] = []
  /// For each commit that was asked for, the tips that have it: a bit each.
  private var marks: [ObjectName: [UInt64]] = [:]
  private(set) var isComplete = true

  init(_ repository: GitRepository, commits: Set<ObjectName>) throws(AuditError) {
    var tips: [ObjectName] = []
    let list = try repository.git.start(["for-each-ref", "--format=%(objectname) %(*objectname) %(refname)"])
    while let line = list.next(upTo: 0x0A) {
      let words = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
      guard words.count == 3, let kind = Self.kind(of: words[2]), let tip = ObjectName(words[1]) ?? ObjectName(words[0]) else { continue }
      guard tips.count < Self.most else {
        isComplete = false
        break
      }
      tips.append(tip)
      kinds.append(kind)
    }
    let words = (tips.count + 63) / 64
    for commit in commits { marks[commit] = [UInt64](repeating: 0, count: words) }
    for word in 0..<words {
      let some = tips[(word * 64)..<min(tips.count, word * 64 + 64)]
      try follow(Array(some), word: word, commits: commits, repository)
    }
  }

  private static func kind(of name: some Collection<UInt8>) -> Kind? {
    if name.starts(with: "refs/heads/".utf8) { return .branch }
    if name.starts(with: "refs/tags/".utf8) { return .tag }
    // `refs/remotes/origin/HEAD` is another name of one of them.
    if name.starts(with: "refs/remotes/".utf8), !Array(name.suffix(5)).elementsEqual("/HEAD".utf8) { return .remote }
    return nil
  }

  private mutating func follow(_ tips: [ObjectName], word: Int, commits: Set<ObjectName>, _ repository: GitRepository) throws(AuditError) {
    // What children handed on to commits that come later. Children come before parents, so that a mark is whole when its commit comes.
    var pending: [ObjectName: UInt64] = [:]
    for (bit, tip) in tips.enumerated() { pending[tip, default: 0] |= 1 << UInt64(bit) }
    let list = try repository.git.start(["rev-list", "--topo-order", "--parents", "--ignore-missing"] + Set(tips).map(\.text))
    while let line = list.next(upTo: 0x0A) {
      let names = line.split(separator: 0x20)
      guard let first = names.first.flatMap({ ObjectName($0) }), let mark = pending.removeValue(forKey: first) else { continue }
      if commits.contains(first) { marks[first]?[word] = mark }
      for parent in names.dropFirst() {
        if let parent = ObjectName(parent) { pending[parent, default: 0] |= mark }
      }
    }
  }

  /// How many have any of these commits.
  func counts(of commits: some Sequence<ObjectName>) -> Counts {
    var any = [UInt64](repeating: 0, count: (kinds.count + 63) / 64)
    for commit in commits {
      for (word, mark) in (marks[commit] ?? []).enumerated() { any[word] |= mark }
    }
    var counts = Counts()
    for (index, kind) in kinds.enumerated() where any[index / 64] >> UInt64(index % 64) & 1 == 1 {
      switch kind {
      case .branch: counts.branches += 1
      case .tag: counts.tags += 1
      case .remote: counts.remotes += 1
      }
    }
    return counts
  }
}
