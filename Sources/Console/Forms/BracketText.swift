import Journeys

/// Brackets of periods as people write them: `1, 2-7, 8-30`.
enum BracketText {
  static func text(_ brackets: [RetentionQuery.Bracket]) -> String {
    brackets.map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }.joined(separator: ", ")
  }

  /// None for a blank text. Order and limits are the query's to judge.
  static func brackets(_ text: String) throws(QueryError) -> [RetentionQuery.Bracket] {
    guard text.contains(where: { !$0.isWhitespace }) else { return [] }
    var brackets: [RetentionQuery.Bracket] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(whereSeparator: { $0 == "-" || $0 == "–" }).map { Int($0.filter { !$0.isWhitespace }) }
      guard (1...2).contains(ends.count), let first = ends.first ?? nil, let last = ends.last ?? nil else {
        throw QueryError(.invalid, "Write the brackets as periods and spans of them, such as 1, 2-7, 8-30.", field: "brackets")
      }
      brackets.append(.init(first, last))
    }
    return brackets
  }
}
