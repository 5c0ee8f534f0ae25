import Events
import Foundation
import Intake
import Journeys
import Outbound

/// Loads files through the intake: the same judgement, the same gate, the same durability as for an SDK.
///
/// Sending a file again changes nothing: every record has an insert id, its own or one made from the file (`ContentID`), and the store knows
/// them. What was interrupted goes on where it stopped (`ImportMark`).
package struct Importer: Sendable {
  package struct Outcome: Sendable, Hashable {
    package var records = 0
    package var accepted = 0
    package var rejected = 0
    /// Of `records`, those that an interrupted run had dealt with.
    package var resumedAfter = 0
    /// The files with the rejected records.
    package var rejects: [String] = []

    package init(records: Int = 0, accepted: Int = 0, rejected: Int = 0) {
      self.records = records
      self.accepted = accepted
      self.rejected = rejected
    }
  }

  private static let connections = 4

  private let client: ControlClient
  private let project: ProjectID?
  private let formats: ImportFormats
  private let rejects: URL?
  private let marks: URL?

  /// - Parameters:
  ///   - rejects: where refused records go; nil: beside each file, with `.rejects.ndjson` after its name.
  ///   - data: the data directory that keeps how far an import has come; nil: an interrupted one starts again.
  package init(
    client: ControlClient, project: ProjectID? = nil, formats: ImportFormats = ImportFormats(), rejects: URL? = nil, data: URL? = nil
  ) {
    self.client = client
    self.project = project
    self.formats = formats
    self.rejects = rejects
    marks = data?.appendingPathComponent("imports", isDirectory: true)
  }

  private struct Job {
    let path: String
    let source: BatchSource
    let size: UInt64
    let place: ImportMark.Place?
    let start: ImportMark
  }

  /// - Parameter paths: `-` is standard input.
  package func load(_ paths: [String]) async throws -> Outcome {
    // All are opened first: a misspelt name must not be found after an hour.
    let reading = "\(project.map { "\($0)" } ?? "")\u{0}\(formats.digestText)"
    let jobs = try paths.map { path in
      let place = marks.flatMap { ImportMark.Place(folder: $0, path: path, reading: reading) }
      let start = place?.read() ?? ImportMark()
      let file = try ImportFile(path: path, format: formats.format(of: path), skipping: start.end)
      return Job(path: path, source: BatchSource(file), size: file.size, place: place, start: start)
    }
    let isSized = jobs.allSatisfy { $0.size > 0 }
    let progress = ProgressBar("Importing", total: isSized ? Int(jobs.reduce(0) { $0 + $1.size }) : 0, unit: "bytes")
    defer { progress.finish() }
    let shared = rejects.map { RejectWriter(file: $0, isAppending: jobs.contains { $0.start.end > 0 }) }
    var outcome = Outcome()
    for job in jobs {
      let writer = shared ?? RejectWriter(file: Self.rejects(of: job.path), isAppending: job.start.end > 0)
      var done = try await load(job, writer, progress)
      if done.rejected > 0, !outcome.rejects.contains(writer.path) { done.rejects = [writer.path] }
      outcome.add(done)
      if shared == nil { try writer.close() }
    }
    try shared?.close()
    return outcome
  }

  private static func rejects(of path: String) -> URL {
    URL(fileURLWithPath: path == "-" ? "sealane-rejects.ndjson" : path + ".rejects.ndjson")
  }

  private func load(_ job: Job, _ rejects: RejectWriter, _ progress: ProgressBar) async throws -> Outcome {
    var acknowledged = Acknowledged(job.start)
    var marked = ContinuousClock.now
    do {
      try await withThrowingTaskGroup(of: Acknowledged.Batch.self) { group in
        var running = 0
        var read: UInt64 = 0
        var number = 0
        while let batch = await job.source.next() {
          progress.advance(by: Int(batch.offset - read))
          read = batch.offset
          if running == Self.connections, let done = try await group.next() {
            acknowledged.add(done)
            running -= 1
            if let place = job.place, ContinuousClock.now - marked > .seconds(1) {
              place.write(acknowledged.mark)
              marked = .now
            }
          }
          let place = number
          group.addTask { try await take(batch, number: place, file: job.path, rejects) }
          number += 1
          running += 1
        }
        for try await done in group { acknowledged.add(done) }
      }
    } catch {
      job.place?.write(acknowledged.mark)
      throw CommandError(
        "\(CommandError(error).description) \(ProgressBar.grouped(acknowledged.mark.end)) records of \(job.path) are dealt with; "
          + (job.place == nil ? "sending them again changes nothing." : "the same command goes on after them."))
    }
    job.place?.remove()
    var outcome = Outcome(records: acknowledged.mark.end, accepted: acknowledged.mark.accepted, rejected: acknowledged.mark.rejected)
    outcome.resumedAfter = job.start.end
    return outcome
  }

  private func take(_ batch: ImportFile.Batch, number: Int, file: String, _ rejects: RejectWriter) async throws -> Acknowledged.Batch {
    for reject in batch.rejects { try rejects.write(reject.text, file: file, line: reject.line, reason: reject.reason) }
    var refused = 0
    if batch.recordCount > 0 { refused = try await send(batch, 0..<batch.recordCount, file: file, rejects) }
    return Acknowledged.Batch(
      number: number, end: batch.end, accepted: batch.recordCount - refused, rejected: batch.rejects.count + refused)
  }

  /// Sends some records of a batch; returns how many were refused.
  private func send(_ batch: ImportFile.Batch, _ records: Range<Int>, file: String, _ rejects: RejectWriter) async throws -> Int {
    let response = try await post(Array(batch.body(records)))
    if response.status == 413, records.count > 1 {
      // Long records can pass the byte limit together: halves, down to a single record that is too long by itself.
      let middle = records.lowerBound + records.count / 2
      let first = try await send(batch, records.lowerBound..<middle, file: file, rejects)
      return first + (try await send(batch, middle..<records.upperBound, file: file, rejects))
    }
    switch response.status {
    case 200: return 0
    case 400, 413:
      let failures = Self.failures(in: response, count: records.count)
      for failure in failures {
        let record = records.lowerBound + failure.index
        try rejects.write(
          batch.body(record..<(record + 1)).dropLast(), file: file, line: batch.lines[record], reason: failure.message)
      }
      return failures.count
    default: throw ControlClient.error(response)
    }
  }

  /// Posts; waits as the server asks while it is busy, and a minute for one that is being restarted.
  private func post(_ body: [UInt8]) async throws -> OutboundResponse {
    var wait = 1
    while true {
      do {
        let response = try await client.importRecords(body, into: project, deadline: .seconds(300))
        guard response.status == 429 || response.status == 503, wait <= 60 else { return response }
        try await Task.sleep(for: .seconds(min(wait, response.header("Retry-After").flatMap { Int($0) } ?? wait)))
      } catch let error as OutboundError where [.connect, .timeout, .other].contains(error.code) && wait <= 32 {
        try await Task.sleep(for: .seconds(wait))
      }
      wait *= 2
    }
  }

  /// Which records the answer names, each once; all of them if it names none.
  private static func failures(in response: OutboundResponse, count: Int) -> [(index: Int, message: String)] {
    guard case .object(let members)? = try? JSONValue(parsing: response.body, limit: 64 << 20) else {
      return (0..<count).map { ($0, "refused with status \(response.status)") }
    }
    guard case .list(let failures)? = members["failed_records"] else {
      var message = "refused with status \(response.status)"
      if case .string(let text)? = members["error"] { message = text }
      return (0..<count).map { ($0, message) }
    }
    var seen: Set<Int> = []
    return failures.compactMap { failure in
      guard case .object(let failure) = failure, case .number(let index)? = failure["index"], index >= 0, index < Double(count),
        seen.insert(Int(index)).inserted
      else { return nil }
      guard case .string(let message)? = failure["message"] else { return (Int(index), "refused") }
      return (Int(index), message)
    }
  }
}

extension Importer.Outcome {
  mutating func add(_ other: Self) {
    records += other.records
    accepted += other.accepted
    rejected += other.rejected
    resumedAfter += other.resumedAfter
    rejects += other.rejects
  }
}

/// Which batches are dealt with, though they come back in any order: a mark must have no gap before it.
private struct Acknowledged {
  struct Batch: Sendable {
    /// From 0, in the order of the file.
    let number: Int
    let end: Int
    let accepted: Int
    let rejected: Int
  }

  private(set) var mark: ImportMark
  private var next = 0
  private var waiting: [Int: Batch] = [:]

  init(_ start: ImportMark) { mark = start }

  mutating func add(_ batch: Batch) {
    waiting[batch.number] = batch
    while let batch = waiting.removeValue(forKey: next) {
      mark.end = batch.end
      mark.accepted += batch.accepted
      mark.rejected += batch.rejected
      next += 1
    }
  }
}

/// Reads a file on a thread of its own: a pipe that brings nothing must not hold one of the few threads that everything else runs on.
///
/// Unchecked, since the file is touched on the serial queue alone.
private final class BatchSource: @unchecked Sendable {
  private let file: ImportFile
  private let queue = DispatchQueue(label: "import-file")

  init(_ file: ImportFile) { self.file = file }

  func next() async -> ImportFile.Batch? {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.file.next()) }
    }
  }
}
