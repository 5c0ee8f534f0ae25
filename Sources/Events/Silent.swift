/// A value from before the gate: it prints what it is and nothing of what it holds, to logs, errors, debuggers' `dump` and test output.
package protocol Silent: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Silent {
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
