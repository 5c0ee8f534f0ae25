import Events
import Foundation
import Ledger
import Synchronization
import Testing

/// Asked for by `make bench-ledger`; SEALANE_BENCH_DIRECTORY names another disk.
private enum Bench {
  static let isAsked = ProcessInfo.processInfo.environment["SEALANE_BENCH"] != nil
  static let place =
    ProcessInfo.processInfo.environment["SEALANE_BENCH_DIRECTORY"].map { URL(fileURLWithPath: $0) }
    ?? FileManager.default.temporaryDirectory
}

/// Filled by many tasks.
private final class Times: Sendable {
  private let all = Mutex<[Duration]>([])
  func add(_ time: Duration) { all.withLock { $0.append(time) } }
  var list: [Duration] { all.withLock { $0 } }
}

/// What the ledger adds to an answer, measured on a real disk. Prints figures; judges nothing, since the machine decides.
@Suite(.serialized)
struct LedgerBenchmarks {
  private static func onDisk(_ body: (Ledger, URL) async throws -> Void) async throws {
    let directory = Bench.place.appendingPathComponent("sealane-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let ledger = try Ledger.open(directory: directory, keys: Sample.keys())
    try await body(ledger, directory)
    try await ledger.close()
  }

  private static let aggregate = Disclosure(
    .aggregate(queryDigest: Disclosure.digest(ofQuery: Array("{}".utf8)), dataVersion: 5, groupSizes: Array(repeating: 1234, count: 30)),
    project: Sample.project, purpose: "console.insights", fields: [])

  private static func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }

  private static func line(_ name: String, _ times: [Duration]) {
    let sorted = times.sorted()
    func at(_ part: Double) -> String {
      String(format: "%.3f", milliseconds(sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]))
    }
    print("ledger: \(name): median \(at(0.5)) ms, 90 % \(at(0.9)), 99 % \(at(0.99)), n \(sorted.count)")
  }

  /// One writer that appends as many bytes as an entry has and makes them durable: what no ledger can go below on this disk.
  @Test(.enabled(if: Bench.isAsked)) func disk() throws {
    let file = Bench.place.appendingPathComponent("sealane-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(descriptor) }
    let bytes = [UInt8](repeating: 7, count: 700)
    let times = (0..<2000).map { _ in
      ContinuousClock().measure {
        _ = write(descriptor, bytes, bytes.count)
        fsync(descriptor)
      }
    }
    Self.line("the disk alone, append and fsync of 700 bytes", times)
  }

  @Test(.enabled(if: Bench.isAsked)) func oneAfterTheOther() async throws {
    try await Self.onDisk { ledger, _ in
      var times: [Duration] = []
      for _ in 0..<3000 {
        times.append(
          try await ContinuousClock().measure { _ = try await ledger.disclose(1, Self.aggregate, to: Sample.owner) })
      }
      Self.line("aggregate disclosures, one after the other", times)
    }
  }

  /// Arrivals at a fixed rate, as from many people: each is timed from when it was due, so that waiting counts.
  @Test(.enabled(if: Bench.isAsked), arguments: [500, 2000, 4000])
  func manyASecond(rate: Int) async throws {
    try await Self.onDisk { ledger, _ in
      let clock = ContinuousClock()
      let seconds = 5
      let times = Times()
      let start = clock.now
      await withTaskGroup { group in
        // Eight senders, so that the timer of one does not limit the rate.
        for sender in 0..<8 {
          group.addTask {
            await withTaskGroup { inner in
              for number in stride(from: sender, to: rate * seconds, by: 8) {
                let due = start + .nanoseconds(number * 1_000_000_000 / rate)
                try? await clock.sleep(until: due, tolerance: .zero)
                let begun = clock.now
                inner.addTask {
                  guard (try? await ledger.disclose(1, Self.aggregate, to: Sample.owner)) != nil else { return }
                  let taken = clock.now - begun
                  times.add(taken)
                }
              }
            }
          }
        }
      }
      let taken = clock.now - start
      let all = times.list
      Self.line("\(rate) aggregate disclosures a second asked for, \(Int(Double(all.count) / (taken / .seconds(1)))) made", all)
    }
  }

  @Test(.enabled(if: Bench.isAsked)) func pagesOfTenThousandSubjects() async throws {
    try await Self.onDisk { ledger, _ in
      var generator = SystemRandomNumberGenerator()
      let numbers = (0..<10_000).map { _ in SubjectNumber(UInt32.random(in: 0..<1_000_000, using: &generator)) }
      let page = Disclosure(
        .subjects(set: numbers, rows: 10_000), project: Sample.project, purpose: "api.export", fields: ["plan", "city"])
      var times: [Duration] = []
      for _ in 0..<300 {
        times.append(try await ContinuousClock().measure { _ = try await ledger.disclose(1, page, to: Sample.owner) })
      }
      Self.line("pages of 10,000 subjects", times)
    }
  }

  /// What a witness costs: a checkpoint that is cosigned every tenth of a second, far more often than in life.
  @Test(.enabled(if: Bench.isAsked)) func besideAWitness() async throws {
    try await Self.onDisk { ledger, _ in
      let signer = try #require(WitnessingTests.custodian)
      let witness = Task {
        while !Task.isCancelled {
          let note = try await ledger.publish().note
          if let cosigned = try? WitnessingTests.cosigned(note, by: signer) {
            _ = try? await ledger.take(cosigned: cosigned, by: signer.key)
          }
          try await Task.sleep(for: .milliseconds(100))
        }
      }
      var times: [Duration] = []
      for _ in 0..<3000 {
        times.append(
          try await ContinuousClock().measure { _ = try await ledger.disclose(1, Self.aggregate, to: Sample.owner) })
      }
      witness.cancel()
      Self.line("aggregate disclosures beside a witness, ten cosignatures a second", times)
    }
  }
}
