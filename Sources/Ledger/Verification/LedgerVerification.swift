/// What reading a whole ledger directory found.
package struct LedgerVerification: Sendable, Hashable {
  /// Entries under the checkpoint.
  package internal(set) var size: UInt64 = 0
  /// The checkpoint's root, base64.
  package internal(set) var root = ""
  /// Entries in the journal that no checkpoint covers yet.
  package internal(set) var waiting: UInt64 = 0
  /// Bytes at the journal's end that a crash tore: never acknowledged, no problem.
  package internal(set) var tornBytes = 0
  package internal(set) var tiles = 0
  package internal(set) var entriesByKind: [String: Int] = [:]
  package internal(set) var detailsPresent = 0
  package internal(set) var detailsErased = 0
  /// Erasures that an entry announces and that a crash kept from being carried out; erase again.
  package internal(set) var erasuresUnfinished = 0
  /// The number of an entry that hands the ledger over to another signing key, while the checkpoint over it is still the old one's: a crash
  /// came between, and the next start of the server finishes it.
  package internal(set) var unfinishedSuccession: UInt64?
  /// Entries under the newest checkpoint that enough witnesses cosigned: by the policy, or, where there is none, one of the witnesses that the
  /// ledger itself pins. 0 if there is none.
  package internal(set) var witnessed: UInt64 = 0
  /// The names of those whose cosignatures were found, and hold.
  package internal(set) var witnesses: Set<String> = []
  /// Whether commitments were checked: the details are here and the key was at hand.
  package internal(set) var areCommitmentsChecked = false
  package internal(set) var problemCount = 0
  /// A sentence that names the place; nil if all is well.
  package internal(set) var firstProblem: String?

  package var isSound: Bool { problemCount == 0 }

  mutating func note(_ problem: String) {
    problemCount += 1
    if firstProblem == nil { firstProblem = problem }
  }
}
