/// Something wrong with the files of a store, and what to do about it.
package struct StoreFinding: Sendable, Hashable, CustomStringConvertible {
  /// Name of the file within the store's directory.
  package var file: String
  /// A sentence, without names or values that were sent in.
  package var problem: String
  package var repair: String

  package init(file: String, problem: String, repair: String) {
    self.file = file
    self.problem = problem
    self.repair = repair
  }

  package var description: String { "\(file): \(problem) \(repair)" }
}
