/// SIGINT and SIGTERM as something that work is ended by, so that whoever does it can clear up. From its making on they end no process.
package final class Interruption: Sendable {
  private let signals = SignalWait()

  package init() {}

  /// Nil where a signal came: then the work was cancelled and has ended.
  package func unlessArrived<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value? {
    let working = Task { try await work() }
    let watching = Task { [signals] in
      while !signals.hasArrived, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(100)) }
      if signals.hasArrived { working.cancel() }
    }
    defer { watching.cancel() }
    do { return try await working.value } catch {
      if signals.hasArrived { return nil }
      throw error
    }
  }
}
