/// What is known of a text before its bytes are read.
struct TextContext {
  /// Four numbers with dots are a version here.
  var versionsExpected = false
  /// The name says that it is a link.
  var isLink = false
  /// The name says that a bare row of digits is a phone number.
  var digitsArePhone = false
  var own: OwnIdentifiers = .none
}

/// A text under the steps' eyes; valid while the bytes are.
struct TextLook {
  let bytes: UnsafeBufferPointer<UInt8>
  let scan: TextScan
  /// E-mail addresses, phone numbers and IP addresses, found once for all steps.
  let identities: Findings
  let context: TextContext

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ context: TextContext) {
    self.bytes = bytes
    self.context = context
    scan = TextScan(bytes)
    // Longer texts are refused unread (`PayloadTexts`), which bounds the time that any text takes.
    identities =
      bytes.count > PayloadTexts.longest
      ? Findings() : Identities.find(in: bytes, scan: scan, versionsExpected: context.versionsExpected)
  }
}

/// What one step says about a text.
enum TextVerdict {
  /// Nothing for this step.
  case passes
  /// Parts were replaced; the next step gets the new text. One reason for each part.
  case rewritten(String, [Reason])
  /// It names a person or a machine: sealed on profiles, dropped on events.
  case identity(Reason)
  case refused(Reason)
  case dropped(Reason)
}

/// One step that judges texts by their bytes. Pure: the same text gets the same verdict.
protocol TextStep: Sendable {
  func judge(_ look: TextLook) -> TextVerdict
}

/// The order of the steps that judge values, in one place. docs/GATE.md describes each. (`ownIdentifiers` as whole values come before:
/// they need the event's ids only, see `Passage`.)
enum TextSteps {
  static let inOrder: [any TextStep] = [
    PayloadTexts(),
    LinkEnds(),
    SecretsInside(),
    WholeIdentities(),
    Links(),
    IdentitiesInside(),
    OwnIdentifiersInside(),
  ]

  /// For names of events and properties: what is found is replaced, wherever it stands.
  static let forNames: [any TextStep] = [LinkEnds(), SecretsInside(), Links(), IdentitiesInside(), OwnIdentifiersInside()]

  /// Rewriting may bring to light what stood hidden, so the steps are walked until nothing changes; a text that still changes after
  /// this many rounds is dropped.
  static let rounds = 6

  /// Judges a text and what it reads as (`Unfolding`). The reasons are those of all rewritings, in order.
  static func judge(
    _ original: String, _ context: TextContext, by steps: [any TextStep] = inOrder
  ) -> (verdict: TextVerdict, reasons: [Reason]) {
    // A text that reads as an identity is one; what is only inside of it is looked for after the text as it was sent, whose spelling is
    // kept where nothing was hidden in it.
    if let plain = unfolded(original) {
      let (verdict, reasons) = walk(plain, context, by: steps)
      switch verdict {
      case .identity, .refused, .dropped: return (verdict, reasons)
      case .passes, .rewritten: break
      }
    }
    var text = original
    var reasons: [Reason] = []
    for _ in 0..<rounds {
      let (verdict, found) = walk(text, context, by: steps)
      reasons += found
      switch verdict {
      case .passes: break
      case .rewritten(let rewritten, _): text = rewritten
      case .identity, .refused, .dropped: return (verdict, reasons)
      }
      let hidden = unfolded(text).map { walk($0, context, by: steps) } ?? (.passes, [])
      reasons += hidden.reasons
      switch hidden.verdict {
      case .passes: return (reasons.isEmpty ? .passes : .rewritten(text, reasons), reasons)
      case .rewritten(let rewritten, _): text = rewritten
      case .identity, .refused, .dropped: return (hidden.verdict, reasons)
      }
    }
    return (.dropped(.unreadable), reasons)
  }

  /// Longer texts are refused unread.
  private static func unfolded(_ text: String) -> String? {
    text.utf8.count <= PayloadTexts.longest ? Unfolding.text(text) : nil
  }

  /// Walks the steps until nothing changes.
  private static func walk(
    _ original: String, _ context: TextContext, by steps: [any TextStep]
  ) -> (verdict: TextVerdict, reasons: [Reason]) {
    var text = original
    var reasons: [Reason] = []
    for _ in 0..<rounds {
      var changed = false
      var next = 0
      while next < steps.count {
        let (verdict, following) = text.withBytes { firstVerdict(TextLook($0, context), by: steps, from: next) }
        next = following
        switch verdict {
        case .passes: break
        case .rewritten(let replaced, let found):
          reasons += found
          changed = changed || replaced != text
          text = replaced
        case .identity, .refused, .dropped: return (verdict, reasons)
        }
      }
      if !changed { return (reasons.isEmpty ? .passes : .rewritten(text, reasons), reasons) }
    }
    return (.dropped(.unreadable), reasons)
  }

  /// The verdict of the first step that has one, and the number of the step after it.
  private static func firstVerdict(_ look: TextLook, by steps: [any TextStep], from start: Int) -> (TextVerdict, following: Int) {
    for number in start..<steps.count {
      let verdict = steps[number].judge(look)
      if case .passes = verdict { continue }
      return (verdict, number + 1)
    }
    return (.passes, steps.count)
  }
}

extension String {
  /// The UTF-8 bytes, without a copy where the string has them in one piece.
  @inline(__always)
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    var copy = self
    return copy.withUTF8(body)
  }
}
