/// `sealane:allow` in a comment, on the line of a secret or alone on the line before: somebody looked at it.
enum Allowance {
  static let word: StaticString = "sealane:allow"

  static func covers(_ place: Int, in bytes: Bytes) -> Bool {
    let line = bytes.line(around: place)
    if bytes.holds(word, in: line) { return true }
    guard line.lowerBound > 0 else { return false }
    let before = bytes.line(around: line.lowerBound - 1)
    guard bytes.holds(word, in: before), let first = before.first(where: { !bytes[$0].isBlank }) else { return false }
    return [.of("#"), .of("/"), .of("-"), .of(";"), .of("<"), .of("*"), .of("%"), .of("{")].contains(bytes[first])
  }
}
