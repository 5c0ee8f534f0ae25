import Events
import Foundation
import Journeys

/// Why a command failed, as a sentence that says what to do. Never shows a control character of outside text raw.
package struct CommandError: Error, Sendable, CustomStringConvertible, LocalizedError {
  package let description: String

  package init(_ description: String) { self.description = TerminalText(description, keepsLines: true).description }

  /// Any error as one that can be shown.
  package init(_ error: any Error) {
    switch error {
    case let error as CommandError: self = error
    default: self.init(String(describing: error))
    }
  }

  package var errorDescription: String? { description }

  /// `{"error": sentence}`, for `--json`.
  package var json: String { JSONValue.object(["error": .string(description)]).text }
}
