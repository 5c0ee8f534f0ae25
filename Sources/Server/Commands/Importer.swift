import Events
import Foundation
import Intake
import Journeys
import Outbound
import Synchronization

/// Loads files through the intake: the same judgement, the same gate, the same durability as for an SDK.
///
/// Sending a file again changes nothing, as far as its events have insert ids: the store knows them.
package struct Importer: Sendable {
  package struct Outcome: Sendable, Hashable {
    package var records = 0
    package var accepted = 0
    package var rejected = 0

    package init(records: Int = 0, accepted: Int = 0, rejected: Int = 0) {
      self.records = records
      self.accepted = accepted
      self.rejected = rejected
    }
  }

  private let client: ControlClient
  private let project: String
  private let rejects: RejectWriter

  /// - Parameter rejects: where refused records go, one JSON object a line with the reason; made only if there are any.
  package init(client: ControlClient, project: ProjectID? = nil, rejects: URL) {
    self.client = client
    self.project = project.map { "&project_id=\($0)" } ?? ""
    self.rejects = RejectWriter(file: rejects)
  }

  package func load(_ paths: [String]) async throws -> Outcome {
    // All are opened first: a misspelt name must not be found after an hour.
    let files = try paths.map { try ImportFile(path: $0) }
    let progress = ProgressBar("Importing", total: Int(files.reduce(0) { $0 + $1.size }), unit: "bytes")
    defer { progress.finish() }
    var outcome = Outcome()
    for (path, file) in zip(paths, files) { outcome.add(try await load(file, named: path, progress)) }
    try rejects.close()
    return outcome
  }

  private func load(_ file: ImportFile, named path: String, _ progress: ProgressBar) async throws -> Outcome {
    try await withThrowingTaskGroup(of: Outcome.self) { group in
      var outcome = Outcome()
      var running = 0
      var read: UInt64 = 0
      while let batch = file.next() {
        for reject in batch.rejects {
          try rejects.write(nil, file: path, line: reject.line, reason: reject.reason)
          outcome.records += 1
          outcome.rejected += 1
        }
        progress.advance(by: Int(batch.offset - read))
        read = batch.offset
        guard batch.recordCount > 0 else { continue }
        if running == 4, let done = try await group.next() {
          outcome.add(done)
          running -= 1
        }
        let records = batch.body.split(separator: UInt8(ascii: "\n"))
        group.addTask { try await send(records, lines: batch.lines, file: path) }
        running += 1
      }
      for try await done in group { outcome.add(done) }
      return outcome
    }
  }

  private func send(_ records: [ArraySlice<UInt8>], lines: [Int], file: String) async throws -> Outcome {
    let response = try await post(Array(records.joined(separator: [UInt8(ascii: "\n")])))
    if response.status == 413, records.count > 1 {
      // Long records can pass the byte limit together: halves, down to a single record that is too long by itself.
      let middle = records.count / 2
      var outcome = try await send(Array(records[..<middle]), lines: Array(lines[..<middle]), file: file)
      outcome.add(try await send(Array(records[middle...]), lines: Array(lines[middle...]), file: file))
      return outcome
    }
    var outcome = Outcome(records: records.count, accepted: records.count)
    switch response.status {
    case 200: break
    case 400, 413:
      let failures = Self.failures(in: response, count: records.count)
      for failure in failures {
        try rejects.write(records[failure.index], file: file, line: lines[failure.index], reason: failure.message)
      }
      outcome.rejected = failures.count
      outcome.accepted -= failures.count
    default: throw ControlClient.error(response)
    }
    return outcome
  }

  /// Posts, and waits as the server asks while it is busy.
  private func post(_ body: [UInt8]) async throws -> OutboundResponse {
    var wait = 1
    while true {
      let response = try await client.exchange(
        "POST", "/import?strict=1\(project)", headers: [("Content-Type", "application/x-ndjson")], body: body, deadline: .seconds(300))
      guard response.status == 429 || response.status == 503, wait <= 60 else { return response }
      try await Task.sleep(for: .seconds(min(wait, response.header("Retry-After").flatMap { Int($0) } ?? wait)))
      wait *= 2
    }
  }

  /// Which records the answer names; all of them if it names none.
  private static func failures(in response: OutboundResponse, count: Int) -> [(index: Int, message: String)] {
    guard case .object(let members)? = try? JSONValue(parsing: response.body, limit: 64 << 20) else {
      return (0..<count).map { ($0, "refused with status \(response.status)") }
    }
    guard case .list(let failures)? = members["failed_records"] else {
      var message = "refused with status \(response.status)"
      if case .string(let text)? = members["error"] { message = text }
      return (0..<count).map { ($0, message) }
    }
    return failures.compactMap { failure in
      guard case .object(let failure) = failure, case .number(let index)? = failure["index"], (0..<count).contains(Int(index)) else {
        return nil
      }
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
  }
}

/// Writes refused records beside the reason, readable by the owner alone: they are as they were sent.
private final class RejectWriter: Sendable {
  private let file: URL
  private let handle = Mutex<FileHandle?>(nil)

  init(file: URL) { self.file = file }

  /// - Parameter line: where the record begins, from 1; 0 for the file as a whole.
  func write(_ record: ArraySlice<UInt8>?, file source: String, line number: Int, reason: String) throws {
    let line = JSONValue.object([
      "file": .string(source), "line": .number(Double(number)), "reason": .string(reason),
      "text": record.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null,
    ])
    try handle.withLock { handle in
      if handle == nil {
        guard FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
          throw CommandError("Cannot write the file for rejected records, \(file.path). Choose another with --rejects.")
        }
        handle = try FileHandle(forWritingTo: file)
      }
      try handle?.write(contentsOf: Data((line.text + "\n").utf8))
    }
  }

  func close() throws { try handle.withLock { try $0?.close() } }
}
