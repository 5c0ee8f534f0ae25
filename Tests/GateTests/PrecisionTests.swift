import Events
import Foundation
import Gate
import Testing

/// How often the detectors are right, on a set with known answers.
struct PrecisionTests {
  /// Reasons that mean: something identifying or secret was seen. A trimmed link is no such claim.
  static let claims: Set<String> = Set(
    Reason.allCases.filter { [.secrets, .identities, .identitiesInside].contains($0.step) || $0 == .linkCredentials }.map(\.word))

  @Test("precision and recall are at least 0.97 on the labelled set")
  func precisionAndRecall() {
    let fixture = GateFixture()
    var truePositives = 0
    var wrong: [String] = []
    var missed: [String] = []
    for labelled in LabelledTexts.all {
      let isClaimed = Self.claims.contains(fixture.judge(labelled.text).decision.reason)
      switch (isClaimed, labelled.holdsSomething) {
      case (true, true): truePositives += 1
      case (true, false): wrong.append(labelled.text)
      case (false, true): missed.append(labelled.text)
      case (false, false): break
      }
    }
    let precision = Double(truePositives) / Double(truePositives + wrong.count)
    let recall = Double(truePositives) / Double(truePositives + missed.count)
    print("labelled set: \(LabelledTexts.all.count) texts, precision \(precision), recall \(recall), wrong \(wrong), missed \(missed)")
    #expect(LabelledTexts.all.count >= 300)
    #expect(precision >= 0.97, "claimed without cause: \(wrong)")
    #expect(recall >= 0.97, "missed: \(missed)")
  }

  /// For `Tests/EndToEnd/test_detectors.py`, which asks others about the same texts.
  @Test("writes the labelled set and the detectors' answers", .enabled(if: ProcessInfo.processInfo.environment["SEALANE_LABELLED"] != nil))
  func writes() throws {
    struct Line: Encodable {
      let text: String
      let kind: String
      let claimed: Bool
    }
    let fixture = GateFixture()
    let kinds = [
      ("email", LabelledTexts.emails), ("phone", LabelledTexts.phones), ("address", LabelledTexts.addresses), ("card", LabelledTexts.cards),
      ("account", LabelledTexts.accounts), ("token", LabelledTexts.tokens), ("credential", LabelledTexts.secrets),
      ("harmless", LabelledTexts.harmless),
    ]
    let lines = kinds.flatMap { kind, texts in
      texts.map { Line(text: $0, kind: kind, claimed: Self.claims.contains(fixture.judge($0).decision.reason)) }
    }
    let path = ProcessInfo.processInfo.environment["SEALANE_LABELLED"] ?? ""
    try JSONEncoder().encode(lines).write(to: URL(fileURLWithPath: path))
  }

  @Test("of what was recognised, nothing is stored")
  func nothingOfAPositiveIsStored() {
    let fixture = GateFixture()
    for text in LabelledTexts.emails + LabelledTexts.cards + LabelledTexts.secrets {
      let stored = fixture.judge(text).stored?.texts.joined() ?? ""
      #expect(!stored.contains("ann@") && !stored.contains("411111") && !stored.contains("hunter2") && !stored.contains("T3BlbkFJ"))
      #expect(stored != text)
    }
  }
}
