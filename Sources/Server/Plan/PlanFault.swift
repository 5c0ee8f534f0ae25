import Events
import Foundation

/// What is wrong with a plan, where, and what to do.
package struct PlanFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// From 1 on; 0 where it is about the whole text.
  package let line: Int
  /// The way to the key: `events / Page View / properties / url`.
  package let key: String
  package let sentence: String

  package var description: String {
    let place = line > 0 ? "line \(line)" : "the plan"
    return TerminalText(key.isEmpty ? "\(place): \(sentence)" : "\(place), \(key): \(sentence)", keepsLines: false).description
  }
}

/// Everything that was found wrong, in the order of the lines.
package struct PlanFaults: Error, Sendable, CustomStringConvertible, LocalizedError {
  package let all: [PlanFault]

  package var description: String {
    let bound = all.count >= PlanReader.mostFaults ? "at least " : ""
    let noun = "\(bound)\(all.count) mistake\(all.count == 1 ? "" : "s")"
    return (["The plan has \(noun):"] + all.map { "  \($0)" }).joined(separator: "\n")
  }

  package var errorDescription: String? { description }
}
