/// Texts that are stored as names.
enum Redaction {
  /// The name with everything replaced that may not stand in it; nil if nothing was found.
  static func ofName(_ name: String, own: OwnIdentifiers = .none) -> String? {
    if own.matching(name) != nil { return "[id]" }
    let isClean = name.withBytes { TextScan($0).isPlain } && name.utf8.count < own.shortestInside
    guard !isClean else { return nil }
    switch TextSteps.judge(name, TextContext(own: own), by: TextSteps.forNames).verdict {
    case .passes: return nil
    case .rewritten(let text, _): return text
    case .identity, .refused, .dropped: return "[redacted]"
    }
  }

  /// A name as it may be shown: clean and at most 255 bytes.
  static func shown(_ name: String, own: OwnIdentifiers = .none) -> String {
    var name = name
    if name.utf8.count > UnfitNames.longest {
      name = String(decoding: name.utf8.prefix(UnfitNames.longest - 3), as: UTF8.self)
    }
    return ofName(name, own: own) ?? name
  }
}
