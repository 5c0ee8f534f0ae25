internal import CRE2

/// Expressions in order, and the names that they can give.
///
/// What a group captures is chosen by the sender in part, so a name is taken from there only if the file itself holds it: written out as a
/// name, or as a literal alternative of a first group (`CapturedTexts`). Upper and lower case are the file's too, whatever was sent.
final class FamilyList: Sendable {
  /// Names as they are written, by their lower case.
  let names: [String: String]
  let longestName: Int
  let unreadable: [String]
  /// What stands for each expression of `list`.
  private let templates: [String]
  /// Nothing changes it once it is compiled; nil: it could not be made, and nothing matches.
  private nonisolated(unsafe) let list: OpaquePointer?

  /// `$1`, which stands for the first group.
  private static let capture = "$1"
  /// Bytes that RE2's automata of one expression may take, and how many more for each of its bytes: enough for the longest of uap-core's not to
  /// fall back to the slow matcher, and all of them together below 100 MB whatever is sent (11 MB were seen).
  private static let memory = (least: 64 << 10, each: 2400)

  init(_ expressions: [UserAgents.Expression]) {
    let list = slr_create()
    var templates: [String] = []
    var unreadable: [String] = []
    for expression in expressions {
      var pattern = BoundedRepetitions.lifted(expression.pattern)
      let memory = Self.memory.least + Self.memory.each * pattern.utf8.count
      let isAdded = pattern.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { slr_add(list, $0.baseAddress, $0.count, Int64(memory)) == 0 }
      }
      guard isAdded else {
        unreadable.append(expression.pattern)
        continue
      }
      templates.append(expression.name ?? Self.capture)
    }
    if slr_compile(list) == 0 {
      self.list = list
    } else {
      slr_destroy(list)
      self.list = nil
    }
    self.templates = templates
    self.unreadable = unreadable
    names = Self.names(of: expressions)
    longestName = names.keys.reduce(0) { max($0, $1.utf8.count) }
  }

  deinit { slr_destroy(list) }

  private static func names(of expressions: [UserAgents.Expression]) -> [String: String] {
    var names = [UserAgents.other.lowercased(): UserAgents.other]
    func add(_ name: String) {
      let name = trimmed(name)
      if !name.isEmpty, names[name.lowercased()] == nil { names[name.lowercased()] = name }
    }
    // A name that is written out goes before one that is put together.
    for case let name? in expressions.map(\.name) where !name.contains("$") { add(name) }
    for expression in expressions {
      let template = expression.name ?? capture
      guard template.contains(capture) else { continue }
      for text in CapturedTexts.of(expression.pattern) { add(template.replacing(capture, with: text)) }
    }
    return names
  }

  /// A text that is one of the names.
  func stated(_ text: String) -> String? { text.utf8.count <= longestName ? names[text.lowercased()] : nil }

  /// What the first expression says that matches. Where none does, or where what it says is none of the names: the text itself, if that is
  /// one, or `Other`.
  func name(of text: String) -> String {
    var text = text
    let (index, captured) = text.withUTF8 { bytes -> (Int, String) in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        let match = slr_first(list, characters.baseAddress, characters.count)
        guard match.index >= 0, match.start >= 0 else { return (Int(match.index), "") }
        let start = Int(match.start)
        return (Int(match.index), String(decoding: bytes[start..<start + Int(match.length)], as: UTF8.self))
      }
    }
    let named = templates.indices.contains(index) ? stated(Self.trimmed(templates[index].replacing(Self.capture, with: captured))) : nil
    return named ?? stated(text) ?? UserAgents.other
  }

  private static func trimmed(_ text: String) -> String {
    var bytes = Array(text.utf8)[...]
    while bytes.first?.isSpace == true { bytes.removeFirst() }
    while bytes.last?.isSpace == true { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// `{0,200}`, `{1,30}` and the like, which bound what backtracking costs. RE2 does not backtrack, and would make as many copies of what is
/// repeated: `*` and `+` say the same of texts as short as ours, and make the automata a tenth as large.
enum BoundedRepetitions {
  static let fewest = 10

  static func lifted(_ pattern: String) -> String {
    var result: [UInt8] = []
    var rest = Array(pattern.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == .ascii("\\"), let escaped = rest.popFirst() {
        result += [byte, escaped]
      } else if byte == .ascii("{"), let end = rest.firstIndex(of: .ascii("}")), let star = star(rest[..<end]) {
        result.append(star)
        rest = rest[(end + 1)...]
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func star(_ bounds: ArraySlice<UInt8>) -> UInt8? {
    let parts = String(decoding: bounds, as: UTF8.self).split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let least = parts[0], let most = parts[1], most >= fewest else { return nil }
    return least == 0 ? .ascii("*") : least == 1 ? .ascii("+") : nil
  }
}
