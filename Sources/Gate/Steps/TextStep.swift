/// A text on its way through the steps that judge values.
struct TextInQuestion {
  var text: String
  /// Four numbers with dots are a version here.
  var versionsExpected = false
  /// The name says that it is a link.
  var isLink = false
  var own: OwnIdentifiers = .none
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
  func judge(_ question: TextInQuestion, _ bytes: UnsafeBufferPointer<UInt8>, _ scan: TextScan) -> TextVerdict
}

/// The order of the steps that judge values, in one place. docs/GATE.md describes each. (`ownIdentifiers` as whole values come before:
/// they need the event's ids only, see `Passage`.)
enum TextSteps {
  static let inOrder: [any TextStep] = [
    PayloadTexts(),
    SecretsInside(),
    WholeIdentities(),
    Links(),
    IdentitiesInside(),
    OwnIdentifiersInside(),
  ]

  /// For names of events and properties: what is found is replaced, wherever it stands.
  static let forNames: [any TextStep] = [SecretsInside(), Links(), IdentitiesInside(), OwnIdentifiersInside()]

  /// Rewriting may bring to light what stood hidden, so the steps are walked until nothing changes; a text that still changes after
  /// this many rounds is dropped.
  static let rounds = 6

  /// Walks the steps. The reasons are those of all rewritings, in order.
  static func judge(_ question: TextInQuestion, by steps: [any TextStep] = inOrder) -> (verdict: TextVerdict, reasons: [Reason]) {
    var question = question
    var reasons: [Reason] = []
    for _ in 0..<rounds {
      var changed = false
      var next = 0
      while next < steps.count {
        let verdict = question.text.withBytes { bytes in
          let scan = TextScan(bytes)
          while next < steps.count {
            let verdict = steps[next].judge(question, bytes, scan)
            next += 1
            if case .passes = verdict { continue }
            return verdict
          }
          return TextVerdict.passes
        }
        switch verdict {
        case .passes: break
        case .rewritten(let text, let found):
          reasons += found
          changed = changed || text != question.text
          question.text = text
        case .identity, .refused, .dropped: return (verdict, reasons)
        }
      }
      if !changed { return (reasons.isEmpty ? .passes : .rewritten(question.text, reasons), reasons) }
    }
    return (.dropped(.unreadable), reasons)
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
