import Foundation
import Intake
import Journeys

/// A file of any kind, read piece by piece for whatever has the form of an id or of a canary's host.
struct ClueFile: Sendable {
  static let batch = 5_000
  /// A candidate may be cut by the end of a piece: so much of it is looked at again with the next.
  private static let overlap = 64

  let path: String

  /// Calls `take` with candidates, each once a batch; returns the file's bytes.
  func read(_ take: (_ ids: Set<String>, _ labels: Set<String>) async throws -> Void) async throws -> Int {
    let file: FileBytes
    do { file = try FileBytes(path: path) } catch { throw CommandError("\(error)") }
    var bytes = 0
    var room = [UInt8](repeating: 0, count: 1 << 18)
    var rest: [UInt8] = []
    var (ids, labels): (Set<String>, Set<String>) = ([], [])
    func scan(_ bytes: [UInt8]) {
      let text = String(decoding: bytes, as: UTF8.self)
      ids.formUnion(CanaryScan.ids(in: text).map { "s_\($0)" })
      labels.formUnion(CanaryScan.labels(in: text))
    }
    while true {
      let count: Int
      do { count = try room.withUnsafeMutableBufferPointer { try file.read(into: $0) } } catch { throw CommandError("\(error)") }
      bytes += count
      let piece = rest + room[..<count]
      if count == 0 {
        scan(piece)
        break
      }
      // Up to the last byte that ends a candidate; a run without end is none.
      let cut = piece.lastIndex { !Self.mayContinue($0) }.map { $0 + 1 } ?? (piece.count > 4_096 ? piece.count - Self.overlap : 0)
      scan(Array(piece[..<cut]))
      rest = Array(piece[cut...])
      if ids.count + labels.count >= Self.batch {
        try await take(ids, labels)
        (ids, labels) = ([], [])
      }
    }
    try await take(ids, labels)
    return bytes
  }

  private static func mayContinue(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

/// `sealane canaries check`: looks through a file of any kind for ids and hosts that only one export was given.
///
/// The file is read piece by piece; what has the form of an id or of a canary's host goes to the server, which knows its own again.
package struct CanaryCheck: Sendable {
  package struct Outcome: Sendable {
    package var bytes = 0
    /// Texts of the form of an id or a host, each counted once a batch.
    package var candidates = 0
    /// As the server says them.
    package var canaries: [JSONValue] = []
  }

  private let path: String

  /// - Parameter path: plain, gzip or zstd; `-` for standard input.
  package init(_ path: String) { self.path = path }

  package func run(_ client: ControlClient) async throws -> Outcome {
    var outcome = Outcome()
    outcome.bytes = try await ClueFile(path: path).read { ids, labels in try await Self.ask(client, ids, labels, &outcome) }
    return outcome
  }

  static func ask(_ client: ControlClient, _ ids: Set<String>, _ labels: Set<String>, _ outcome: inout Outcome) async throws {
    var (manyIDs, manyLabels) = (Array(ids), Array(labels))
    outcome.candidates += manyIDs.count + manyLabels.count
    while !manyIDs.isEmpty || !manyLabels.isEmpty {
      let body = JSONValue.object([
        "ids": .list(manyIDs.prefix(ClueFile.batch).map { .string($0) }),
        "hosts": .list(manyLabels.prefix(ClueFile.batch).map { .string($0) }),
      ])
      manyIDs.removeFirst(min(ClueFile.batch, manyIDs.count))
      manyLabels.removeFirst(min(ClueFile.batch, manyLabels.count))
      let text = try await client.text("POST", "/api/v1/canaries/check", body: Array(body.text.utf8))
      guard case .object(let members) = try JSONValue(parsing: Array(text.utf8), limit: 64 << 20),
        case .list(let found)? = members["canaries"]
      else {
        throw CommandError("The server's answer has no canaries.")
      }
      outcome.canaries += found.filter { !outcome.canaries.contains($0) }
    }
  }
}
