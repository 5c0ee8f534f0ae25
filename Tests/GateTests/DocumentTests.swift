import Foundation
import Gate
import Testing

/// docs/GATE.md says what the gate does: every word that it can speak is explained there.
struct DocumentTests {
  @Test func everyStepAndReasonIsDocumented() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("docs/GATE.md"), encoding: .utf8)
    for step in GateStep.allCases { #expect(text.contains("`\(step.rawValue)`"), "the step \(step.rawValue) is not in docs/GATE.md") }
    for reason in Reason.allCases { #expect(text.contains("`\(reason.word)`"), "the reason \(reason.word) is not in docs/GATE.md") }
    for treatment in Decision.Treatment.allCases { #expect(text.contains("**\(treatment.rawValue)**")) }
  }

  @Test func everyReasonHasItsOwnWord() {
    #expect(Set(Reason.allCases.map(\.word)).count == Reason.allCases.count)
  }
}
