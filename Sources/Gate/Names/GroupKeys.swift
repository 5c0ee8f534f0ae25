/// The project's group keys, compared exactly as set.
struct GroupKeys: NameStep {
  let keys: Set<String>

  func rule(for name: String, words: NameWords) -> NameRule? {
    keys.contains(name) ? NameRule(action: .group, reason: .groupKey) : nil
  }
}
