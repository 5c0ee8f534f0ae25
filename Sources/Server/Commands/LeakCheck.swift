import Foundation
import Journeys

/// Looks through a file that turned up, and asks the server where its rows come from.
///
/// The file is read piece by piece. Of very many ids a sample is asked about: those whose digits fall into a part of the whole that is halved
/// as often as needed, so that each id stands or falls by itself wherever it is in the file.
package struct LeakCheck: Sendable {
  package struct Clues: Sendable {
    package var bytes = 0
    package var ids: Set<String> = []
    package var hosts: Set<String> = []
    /// One of so many ids was kept: 1, 2, 4, ….
    package var oneOf = 1
  }

  static let most = 20_000
  private static let mostHosts = 5_000

  private let path: String

  /// - Parameter path: plain, gzip or zstd; `-` for standard input.
  package init(_ path: String) { self.path = path }

  package func clues() async throws -> Clues {
    var clues = Clues()
    clues.bytes = try await ClueFile(path: path).read { ids, labels in
      clues.ids.formUnion(ids.filter { Self.isKept($0, clues.oneOf) })
      while clues.ids.count > Self.most {
        clues.oneOf *= 2
        clues.ids = clues.ids.filter { Self.isKept($0, clues.oneOf) }
      }
      if clues.hosts.count < Self.mostHosts { clues.hosts.formUnion(labels.prefix(Self.mostHosts - clues.hosts.count)) }
    }
    return clues
  }

  /// By the digits themselves, which are as good as random.
  private static func isKept(_ id: String, _ oneOf: Int) -> Bool {
    UInt64(id.suffix(12), radix: 16).map { $0 % UInt64(oneOf) == 0 } ?? false
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
