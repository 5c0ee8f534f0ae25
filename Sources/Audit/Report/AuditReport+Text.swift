internal import Foundation

extension AuditReport {
  /// For people: the worst first, what to do about each, the checklist at the end.
  package var text: String {
    var lines: [String] = []
    let looked = "\(counts.files) files" + (hasHistory ? " and \(counts.blobs) blobs of the history" : "")
    lines.append("Audit of \(path): \(looked).")
    lines.append("")
    if isClean {
      lines.append("Nothing found.")
    } else {
      lines.append(summary)
    }
    for urgency in Finding.Urgency.allCases {
      let some = findings.filter { $0.urgency == urgency }
      guard !some.isEmpty else { continue }
      lines += ["", Self.heading(urgency)]
      for finding in some.prefix(200) { lines += [""] + Self.lines(of: finding) }
      if some.count > 200 { lines += ["", "  … and \(some.count - 200) more: --json has all."] }
    }
    if !weakPlaces.isEmpty {
      lines += ["", "WEAK PLACES"]
      for place in weakPlaces.prefix(200) {
        lines += ["", "  \(place.path)\(place.line.map { ":\($0)" } ?? "")", "    \(place.sentence)"]
      }
    }
    if let platform { lines += [""] + platform.lines }
    let checklist = RotationStep.all(of: self)
    if !checklist.isEmpty {
      lines += ["", "ROTATION CHECKLIST"]
      for (number, step) in checklist.prefix(100).enumerated() {
        lines += ["", "\(number + 1). \(step.what)  [\(step.fingerprint)]", "   in \(step.places.joined(separator: ", "))"]
        lines += step.steps.map { "   [ ] \($0)" }
      }
    }
    if allowed > 0 || suppressed > 0 || !notes.isEmpty { lines.append("") }
    if allowed > 0 { lines.append("Allowed by a comment: \(allowed).") }
    if suppressed > 0 { lines.append("Known from the baseline: \(suppressed).") }
    lines += notes
    return lines.joined(separator: "\n")
  }

  private var summary: String {
    func count(_ urgency: Finding.Urgency) -> Int { findings.filter { $0.urgency == urgency }.count }
    var parts: [String] = []
    if count(.now) > 0 { parts.append("\(count(.now)) to rotate now") }
    if count(.soon) > 0 { parts.append("\(count(.soon)) to rotate soon") }
    if count(.look) > 0 { parts.append("\(count(.look)) to look at") }
    if !weakPlaces.isEmpty { parts.append("\(weakPlaces.count) weak \(weakPlaces.count == 1 ? "place" : "places")") }
    if let platform, !platform.isClean { parts.append("\(platform.findings.count) from the platform") }
    return "Found: " + parts.joined(separator: ", ") + "."
  }

  private static func heading(_ urgency: Finding.Urgency) -> String {
    switch urgency {
    case .now: "ROTATE NOW: others may have these"
    case .soon: "ROTATE SOON: on this disk, or of limited use to others"
    case .look: "LOOK AT THESE: they may be secrets"
    }
  }

  private static func lines(of finding: Finding) -> [String] {
    var lines = ["  \(finding.title)  [\(finding.fingerprint)]  \(finding.confidence)"]
    for place in finding.places.prefix(8) {
      var words = place.traits.map(\.words)
      if place.tracking != .unknown { words.insert(place.tracking == .tracked ? "in git" : place.tracking.rawValue, at: 0) }
      let name = place.name.map { " \($0)" } ?? ""
      lines.append("    \(place.path):\(place.line)\(name)\(words.isEmpty ? "" : "  (" + words.joined(separator: ", ") + ")")")
    }
    if finding.placeCount > 8 { lines.append("    … and \(finding.placeCount - 8) more places") }
    if let history = finding.history {
      var words: [String] = []
      if let commit = history.firstCommit {
        words.append(
          "in the history since \(day(history.firstSeen)) (commit \(commit.prefix(12)))\(history.ageDays.map { ", \($0) days" } ?? "")")
      } else {
        words.append("in the history")
      }
      words.append(history.inHead ? "still in HEAD" : "no longer in HEAD, but still in the history: rotate")
      words.append("branches: \(history.branches), tags: \(history.tags)")
      words.append(history.isPushed ? "PUSHED (\(history.remoteBranches) remote branches)" : "not seen on a remote")
      lines.append("    " + words.joined(separator: "; "))
      if !finding.isInTree { lines.append("    at \(history.paths.prefix(5).joined(separator: ", "))") }
    }
    if let key = finding.platformKey { lines.append("    the platform knows it as key \(key)") }
    return lines
  }

  static func day(_ seconds: Int64?) -> String {
    guard let seconds, abs(seconds) < 253_402_300_800 else { return "an unknown day" }
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withFullDate]
    return formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
  }
}

extension FileKind.Trait {
  var words: String {
    switch self {
    case .environment: "environment file"
    case .frontEnd: "reaches browsers"
    case .pipeline: "CI"
    case .container: "container"
    case .notebook: "notebook"
    case .mobile: "shipped in an app"
    case .test: "test"
    case .documentation: "documentation"
    case .credentials: "credentials file"
    }
  }
}
