import Foundation

/// How long fuzz tests last: `SEALANE_FUZZ_SECONDS` makes them longer, `SEALANE_FUZZ_SEED` gives them other cases.
package enum Fuzzing {
  /// Of each test.
  package static let seconds = environment("SEALANE_FUZZ_SECONDS").flatMap(Double.init)
  package static let seed = environment("SEALANE_FUZZ_SEED").flatMap(UInt64.init) ?? 0

  private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

  /// The generator of a test or of one of its arguments.
  package static func generator(_ usual: UInt64) -> SeededGenerator { SeededGenerator(seed: usual &+ seed) }

  /// Runs a case so many times, or with `SEALANE_FUZZ_SECONDS` for that long.
  ///
  /// - Parameter arguments: of the test, which share the time.
  /// - Returns: how many times it ran.
  @discardableResult
  package static func rounds(_ count: Int, arguments: Int = 1, _ body: (_ round: Int) throws -> Void) rethrows -> Int {
    var round = 0
    let end = seconds.map { ContinuousClock.now + .seconds($0 / Double(arguments)) }
    while end.map({ ContinuousClock.now < $0 }) ?? (round < count) {
      try body(round)
      round += 1
    }
    return round
  }

  /// Runs a case for a while, or with `SEALANE_FUZZ_SECONDS` for that long. Returns how many times it ran.
  @discardableResult
  package static func forAWhile(_ usual: Double = 0.7, _ body: (_ round: Int) throws -> Void) rethrows -> Int {
    let end = ContinuousClock.now + .seconds(seconds ?? usual)
    var round = 0
    repeat {
      try body(round)
      round += 1
    } while ContinuousClock.now < end
    return round
  }
}
