import Events
import Foundation
import Journeys
import Notices
import Trust

/// What `sealane trust publish` writes: the company's trust pages, of what the server has committed to and what the company says of itself.
package struct TrustPublication: Sendable {
  let anchors: TrustAnchors
  let site: [String: JSONValue]

  private static let largestSite = 1 << 20

  /// - Parameters:
  ///   - trust: the file of anchors, as `sealane-custodian trust` wrote it.
  ///   - site: what the company says of itself: docs/NOTICES.md.
  /// - Throws: `CommandError`.
  package init(trust: String, site: String) throws {
    do { anchors = try TrustAnchors(json: Self.read(trust)) } catch let error as TrustAnchors.Malformed {
      throw CommandError("\(trust) cannot be used. \(error)")
    }
    guard case .object(let members)? = try? JSONValue(parsing: Self.read(site), limit: Self.largestSite) else {
      throw CommandError("\(site) is no JSON object with contact, and perhaps keys, security, lures and questions.")
    }
    self.site = members
  }

  private static func read(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path), data.count <= largestSite else {
      throw CommandError("\(path) cannot be read, or is larger than \(largestSite) bytes.")
    }
    return [UInt8](data)
  }

  /// The pages, by path.
  ///
  /// - Parameter answer: of `GET /api/v1/commitments`.
  package func files(_ answer: [String: JSONValue], at now: Timestamp) throws -> [String: [UInt8]] {
    guard case .list(let commitments)? = answer["commitments"] else { throw CommandError("The server's answer cannot be read.") }
    func all(_ kind: String) -> [[String: JSONValue]] {
      commitments.compactMap { value in
        guard case .object(let members) = value, case .string(kind)? = members["kind"] else { return nil }
        return members
      }
    }
    var content = site
    content["v"] = 1
    content["made_at"] = .number(Double(now.milliseconds))
    // The oldest first, so that what was published keeps its address.
    content["statements"] = .list(
      all("statement").reversed().map { ["note": $0["note"] ?? .null, "ledger": $0["ledger"] ?? .null] })
    content["letters"] = all("dispatch").first?["letters"] ?? .list([])
    content["keys"] = site["keys"] ?? ["rotate": false, "why": .object([:])]
    content["lures"] = site["lures"] ?? .list([])
    if case .string(let checkpoint)? = answer["checkpoint"] { content["checkpoint"] = .string(checkpoint) }
    var security: [String: JSONValue] = [:]
    if case .object(let members)? = site["security"] { security = members }
    if security["contacts"] == nil, case .string(let contact)? = site["contact"] {
      security["contacts"] = .list([.string("mailto:\(contact)")])
    }
    // RFC 9116, section 2.5.5: less than a year away.
    if security["expires"] == nil { security["expires"] = .number(Double(now.milliseconds + 180 * 86_400_000)) }
    content["security"] = .object(security)
    do { return TrustSite.files(try TrustContent(json: Array(JSONValue.object(content).text.utf8), anchors: anchors)) } catch {
      throw CommandError("The trust pages cannot be made. \(error)")
    }
  }

  /// Writes the files, each whole or not at all; what is the same already is left alone.
  package static func write(_ files: [String: [UInt8]], to folder: URL) throws {
    let manager = FileManager.default
    for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
      let file = folder.appendingPathComponent(path)
      try manager.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      if manager.contents(atPath: file.path).map({ [UInt8]($0) }) != bytes { try Data(bytes).write(to: file, options: .atomic) }
    }
  }
}
