import Crypto
import Foundation
import Journeys

/// Looks through a file that turned up, and asks the server where its rows come from.
///
/// The file is read piece by piece. Every id is looked at for canaries, and those are kept. Of very many others a sample is asked about: those
/// whose digests fall into a part of the whole that is halved as often as needed, so that each id stands or falls by itself wherever it is in
/// the file.
package struct LeakCheck: Sendable {
  package struct Clues: Sendable {
    package var bytes = 0
    package var ids: Set<String> = []
    package var hosts: Set<String> = []
    /// One of so many ids was kept: 1, 2, 4, ….
    package var oneOf = 1
  }

  /// The canaries come on top.
  static let most = 15_000
  private static let mostHosts = 5_000

  private let path: String

  /// - Parameter path: plain, gzip or zstd; `-` for standard input.
  package init(_ path: String) { self.path = path }

  package func clues(_ client: ControlClient) async throws -> Clues {
    var clues = Clues()
    var checked = CanaryCheck.Outcome()
    clues.bytes = try await ClueFile(path: path).read { ids, labels in
      try await CanaryCheck.ask(client, ids, labels, &checked)
      clues.ids.formUnion(ids.filter { Self.isKept($0, clues.oneOf) })
      while clues.ids.count > Self.most, clues.oneOf < 1 << 40 {
        clues.oneOf *= 2
        clues.ids = clues.ids.filter { Self.isKept($0, clues.oneOf) }
      }
      if clues.hosts.count < Self.mostHosts { clues.hosts.formUnion(labels.prefix(Self.mostHosts - clues.hosts.count)) }
    }
    for case .object(let canary) in checked.canaries.prefix(LeakDesk.most - Self.most) {
      guard case .string(let what)? = canary["canary"] else { continue }
      if what.hasPrefix("s_") || what.hasPrefix("v_") { clues.ids.insert("s_\(what.dropFirst(2))") } else { clues.hosts.insert(what) }
    }
    return clues
  }

  /// By a digest: whoever made the file does not choose which ids are kept.
  private static func isKept(_ id: String, _ oneOf: Int) -> Bool {
    if oneOf == 1 { return true }
    let start = SHA256.hash(data: Array(id.utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return start & UInt64(oneOf - 1) == 0
  }
}

extension LeakCheck.Clues {
  package func body(incident: Int64?) -> [UInt8] {
    var members: [String: JSONValue] = [
      "ids": .list(ids.sorted().map { .string($0) }), "hosts": .list(hosts.sorted().map { .string("\($0).") }),
    ]
    if let incident { members["incident"] = .number(Double(incident)) }
    return Array(JSONValue.object(members).text.utf8)
  }
}
