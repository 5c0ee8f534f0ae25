extension Auditor {
  func report(_ path: String, hasHistory: Bool) -> AuditReport {
    var notes = notes
    if book.overflow > 0 {
      notes.append("There are more than \(FindingBook.mostFindings) secrets; \(book.overflow) places are not in the report.")
    }
    if counts.binaries > 0 { notes.append("Not looked into: \(counts.binaries) binary files.") }
    var findings: [Finding] = []
    var matched: [String: String] = [:]
    var suppressed = 0
    for identity in book.order {
      guard let entry = book.entries[identity] else { continue }
      guard !book.allowed.contains(identity) else { continue }
      var finding = entry.finding
      finding.judgeUrgency()
      if let published = entry.published, let key = order.platform?.key(published: published) {
        finding.platformKey = key.shownID
        finding.kind = .providerKey
        finding.confidence = Confidence.certain.word
        finding.judgeUrgency()
        matched[key.id] = finding.fingerprint
      }
      if let baseline = order.baseline, baseline.holds(finding.fingerprint) {
        suppressed += 1
        continue
      }
      findings.append(finding)
    }
    findings.sort { left, right in
      if left.urgency != right.urgency { return left.urgency < right.urgency }
      if left.strength != right.strength { return left.strength > right.strength }
      return (left.places.first?.path ?? left.history?.paths.first ?? "", left.fingerprint) < (
        right.places.first?.path ?? right.history?.paths.first ?? "", right.fingerprint
      )
    }
    var weak = weak.sorted { ($0.kind.rank, $0.path, $0.line ?? 0) < ($1.kind.rank, $1.path, $1.line ?? 0) }
    if let baseline = order.baseline { weak.removeAll { baseline.holds($0.fingerprint) } }
    return AuditReport(
      path: Redactor.clean(path), auditedAt: order.now, hasHistory: hasHistory, counts: counts, findings: findings,
      weakPlaces: weak, platform: order.platform.map { PlatformFindings($0, matched: matched, now: order.now) }, notes: notes,
      allowed: book.allowed.count, suppressed: suppressed)
  }
}
