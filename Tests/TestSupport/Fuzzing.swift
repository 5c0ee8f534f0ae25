import Foundation

/// How long fuzz tests last: `SEALANE_FUZZ_SECONDS` makes them longer, `SEALANE_FUZZ_SEED` gives them other cases.
package enum Fuzzing {
  /// Of each test.
  package static let seconds = environment("SEALANE_FUZZ_SECONDS").flatMap(Double.init)
  package static let seed = environment("SEALANE_FUZZ_SEED").flatMap(UInt64.init)

  private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

  /// Runs a case as many times as given or, with `SEALANE_FUZZ_SECONDS`, for that long. Returns how many times it did.
  @discardableResult
  package static func rounds(_ count: Int, _ body: (_ round: Int) throws -> Void) rethrows -> Int {
    guard let seconds else {
      for round in 0..<count { try body(round) }
      return count
    }
    let end = ContinuousClock.now + .seconds(seconds)
    var round = 0
    while ContinuousClock.now < end {
      try body(round)
      round += 1
    }
    return round
  }

  /// Runs a case for a second or, with `SEALANE_FUZZ_SECONDS`, for that long. Returns how many times it did.
  @discardableResult
  package static func last(_ usual: Double = 1, _ body: (_ round: Int) throws -> Void) rethrows -> Int {
    let end = ContinuousClock.now + .seconds(seconds ?? usual)
    var round = 0
    while ContinuousClock.now < end {
      try body(round)
      round += 1
    }
    return round
  }
}
