import Events
import Journeys

/// What a rehearsal found out, with how long each step took, beside the real cases that the acts follow.
package struct RehearsalOutcome: Sendable, Hashable {
  package enum Step: String, Sendable, Hashable, CaseIterable { case detect, contain, scope, report }

  package struct Line: Sendable, Hashable {
    package let step: Step
    /// Since the theft.
    package let seconds: Double
    /// Of the real case, since the theft.
    package let lived: Double
    package let finding: String
  }

  package struct Act: Sendable, Hashable {
    package let title: String
    package let lived: String
    package let lines: [Line]
    /// What came of it afterwards, in sentences.
    package let afterwards: [String]
  }

  package let people: Int
  package let events: Int
  package let acts: [Act]

  package var json: JSONValue {
    [
      "people": .number(Double(people)), "events": .number(Double(events)),
      "acts": .list(
        acts.map { act in
          [
            "title": .string(act.title), "real_case": .string(act.lived), "afterwards": .list(act.afterwards.map { .string($0) }),
            "steps": .list(
              act.lines.map { line in
                [
                  "step": .string(line.step.rawValue), "minutes": .number((line.seconds / 60 * 10_000).rounded() / 10_000),
                  "real_case_minutes": .number(line.lived / 60), "finding": .string(line.finding),
                ]
              }),
          ]
        }),
    ]
  }

  package var text: String {
    var lines = ["Rehearsed with \(events) events of \(people) people, on a copy that is removed again. Minutes since the theft:"]
    for act in acts {
      lines += ["", act.title, "  " + Self.row("", "here", "as it was lived")]
      for line in act.lines {
        lines.append(
          "  " + Self.row(line.step.rawValue, Self.minutes(line.seconds), "\(Self.minutes(line.lived)) (\(Int(line.lived / 86_400)) days)"))
        lines.append("      \(line.finding)")
      }
      for sentence in act.afterwards { lines.append("  then      \(sentence)") }
      lines.append("  The real case: \(act.lived)")
    }
    return lines.joined(separator: "\n")
  }

  private static func row(_ cells: String...) -> String {
    cells.map { $0.padding(toLength: 14, withPad: " ", startingAt: 0) }.joined()
  }

  /// `0.004`, `25920`.
  private static func minutes(_ seconds: Double) -> String {
    let minutes = seconds / 60
    if minutes >= 100 { return String(Int(minutes.rounded())) }
    let thousandths = Int((minutes * 1_000).rounded())
    return thousandths == 0 ? "<0.001" : "\(thousandths / 1_000)." + String(String(1_000 + thousandths % 1_000).dropFirst())
  }
}

extension String {
  fileprivate func padding(toLength length: Int, withPad pad: Character, startingAt _: Int) -> String {
    count >= length ? self + " " : self + String(repeating: pad, count: length - count)
  }
}
