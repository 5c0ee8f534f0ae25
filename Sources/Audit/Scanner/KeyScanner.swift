internal import Gate

/// Finds secrets in a text, as positions. Which judges look depends on what the file is.
///
/// One pass: at each word the first two bytes are looked up in a table of what provider keys begin with (the gate's list), at `=` and `:` the
/// name before and the value behind are judged, and rows of base64 characters are measured. Cost: some nanoseconds a byte.
package struct KeyScanner: Sendable {
  let kind: FileKind

  package init(_ kind: FileKind) { self.kind = kind }

  /// Candidates in the order of their places, none inside of another.
  package func scan(_ bytes: UnsafeBufferPointer<UInt8>) -> [Candidate] {
    var found: [Candidate] = []
    let pairs = Self.pairs
    var index = 0
    var isStart = true
    var run = 0
    while index < bytes.count {
      let byte = bytes[index]
      if isStart, byte.isWordByte || byte == .of("-"), pairs[Int(byte) << 8 | Int(bytes.byte(index + 1))],
        let candidate = keyed(bytes, at: index)
      {
        found.append(candidate)
      }
      switch byte {
      case .of("="), .of(":"):
        if byte == .of(":"), bytes.byte(index + 1) == .of("/"), bytes.byte(index + 2) == .of("/") {
          if let candidate = AddressJudge.password(bytes, colon: index) { found.append(candidate) }
        } else {
          if byte == .of(":"), let range = AssignmentDetector.botToken(bytes, colon: index), Randomness(bytes.piece(range)).isEven,
            !Placeholder.isPlaceholder(bytes.piece(range))
          {
            found.append(Candidate(range: range, kind: .providerKey, provider: "Telegram", confidence: .certain))
          }
          if !kind.isLockfile, let candidate = AssignmentJudge(kind: kind).judge(bytes, sign: index) { found.append(candidate) }
        }
      case .of(">"):
        if !kind.isLockfile, let candidate = MarkupJudge.value(bytes, close: index) { found.append(candidate) }
      case 0x20:
        if kind.traits.contains(.credentials), let candidate = AssignmentJudge(kind: kind).word(bytes, blank: index) {
          found.append(candidate)
        }
      case .of(","):
        if !kind.isGenerated, let candidate = AssignmentJudge(kind: kind).pair(bytes, comma: index) { found.append(candidate) }
      case .of("("):
        if !kind.isGenerated, let candidate = AssignmentJudge(kind: kind).call(bytes, open: index) { found.append(candidate) }
      case .of("-"):
        if bytes.byte(index + 1) == .of("-"), isStart, bytes.byte(index - 1) != .of("-"),
          let candidate = AssignmentJudge(kind: kind).option(bytes, at: index)
        {
          found.append(candidate)
        }
        if let range = SecretDetector.mailKey(bytes, hyphen: index),
          Randomness(bytes.piece(range.lowerBound..<range.lowerBound + 32)).isDrawn
        {
          found.append(Candidate(range: range, kind: .providerKey, provider: "Mailchimp", confidence: .certain))
        }
      default: break
      }
      if !byte.isCoded {
        if index - run >= DrawnJudge.shortest, let candidate = DrawnJudge.judge(bytes, run..<index, kind) { found.append(candidate) }
        run = index + 1
      }
      isStart = !byte.isWordByte
      index += 1
    }
    return Self.strongest(found).map(tempered)
  }

  /// In tests and documentation most of what looks so was made up; a provider's whole key was not.
  private func tempered(_ candidate: Candidate) -> Candidate {
    guard kind.traits.contains(.test) || kind.traits.contains(.documentation) || kind.isTemplate else { return candidate }
    var candidate = candidate
    switch candidate.kind {
    case .providerKey: break
    case .privateKey: candidate.confidence = min(candidate.confidence, .likely)
    default: candidate.confidence = .possible
    }
    return candidate
  }

  /// Of those that overlap the surer one stays, then the one that began first.
  static func strongest(_ all: [Candidate]) -> [Candidate] {
    guard all.count > 1 else { return all }
    let sorted = all.sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    var kept: [Candidate] = []
    for candidate in sorted {
      guard let last = kept.last, last.range.overlaps(candidate.range) else {
        kept.append(candidate)
        continue
      }
      if rank(candidate) > rank(last) {
        var candidate = candidate
        if candidate.name == nil { candidate.name = last.name }
        kept[kept.count - 1] = candidate
      } else if last.name == nil {
        kept[kept.count - 1].name = candidate.name
      }
    }
    return kept
  }

  private static func rank(_ candidate: Candidate) -> Int {
    let kinds: [SecretKind] = [.drawn, .authorization, .namedSecret, .password, .urlPassword, .webToken, .privateKey, .providerKey]
    return candidate.confidence.rawValue * 100 + (kinds.firstIndex(of: candidate.kind) ?? 0)
  }

  // MARK: What a word begins with

  private func keyed(_ bytes: Bytes, at start: Int) -> Candidate? {
    for shape in SecretShape.byFirstByte[Int(bytes[start])] {
      guard let end = SecretDetector.end(of: shape, in: bytes, at: start) else { continue }
      return ShapeJudge.judge(shape, bytes, start..<end, kind)
    }
    switch bytes[start] {
    case .of("e"): return SecretDetector.webToken(bytes, at: start).flatMap { TokenJudge.judge(bytes, start..<$0) }
    case .of("-"): return PrivateKeyJudge.judge(bytes, at: start)
    case .of("P"): return bytes.holds("putty-user-key-file", at: start) ? PrivateKeyJudge.putty(bytes, at: start) : nil
    case .of("M"), .of("N"), .of("O"):
      guard let end = SecretDetector.botToken(bytes, at: start), end - start <= 90 else { return nil }
      let value = bytes.piece(start..<end)
      guard Randomness(value).isDrawn, !Placeholder.isPlaceholder(value) else { return nil }
      return Candidate(range: start..<end, kind: .providerKey, provider: "Discord", confidence: .likely)
    case .of("b"), .of("B"): return kind.isLockfile ? nil : AuthorizationJudge.judge(bytes, at: start)
    default: return nil
    }
  }

  /// Whether anything that is looked for begins with two bytes. Written here once and never again or freed.
  private nonisolated(unsafe) static let pairs: UnsafePointer<Bool> = {
    let table = UnsafeMutablePointer<Bool>.allocate(capacity: 65_536)
    table.initialize(repeating: false, count: 65_536)
    for shape in SecretShape.all { table[Int(shape.prefix.utf8Start[0]) << 8 | Int(shape.prefix.utf8Start[1])] = true }
    for pair in ["ey", "--", "Pu", "be", "Be", "BE", "ba", "Ba", "BA"] {
      let bytes = Array(pair.utf8)
      table[Int(bytes[0]) << 8 | Int(bytes[1])] = true
    }
    for first in ["M", "N", "O"].map(UInt8.of) {
      for second in 0..<256 where UInt8(second).isWordByte { table[Int(first) << 8 | second] = true }
    }
    return UnsafePointer(table)
  }()
}
