internal import Logging
internal import ServiceLifecycle

/// Rounds of work, beside each other, each again and again until the service ends; after failures with growing pauses.
struct WorkRounds: Sendable {
  /// What waits while rounds fail, for the log.
  let what: String
  let interval: Duration
  let longest: Duration
  let logger: Logger

  func run(_ rounds: (@Sendable () async throws -> Void)...) async {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        for round in rounds { group.addTask { await again(round) } }
      }
    }
  }

  private func again(_ round: @Sendable () async throws -> Void) async {
    var failures = 0
    while !Task.isCancelled {
      do {
        try await round()
        failures = 0
      } catch is CancellationError {
        return
      } catch {
        failures += 1
        // The first of a row, then every twentieth: a server that is away for a night does not fill the disk.
        if failures % 20 == 1 { logger.warning("\(what) wait", metadata: ["reason": "\(error)", "failures": "\(failures)"]) }
      }
      do { try await Task.sleep(for: min(interval * (1 << min(failures, 4)), max(interval, longest))) } catch { return }
    }
  }
}
