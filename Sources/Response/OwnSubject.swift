/// The subject of a letter, with the places of each recipient open: `{{organization}}`.
package struct OwnSubject: Sendable, Hashable {
  /// What stands before, between and behind the places.
  private let pieces: [String]

  package init(_ template: String) {
    var pieces: [String] = []
    var rest = template[...]
    while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
      pieces.append(String(rest[..<open.lowerBound]))
      rest = rest[close.upperBound...]
    }
    self.pieces = pieces + [String(rest)]
  }

  /// Case makes no difference.
  package func matches(_ subject: String) -> Bool {
    var rest = subject.lowercased()[...]
    let pieces = pieces.map { $0.lowercased() }
    guard let first = pieces.first, let last = pieces.last, rest.hasPrefix(first) else { return false }
    if pieces.count == 1 { return rest == first[...] }
    rest = rest.dropFirst(first.count)
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let found = rest.firstRange(of: piece) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}
