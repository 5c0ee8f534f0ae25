import Access
import Crypto
import Events
import Foundation
import Journeys
import Ledger

/// What was found out about an incident, for somebody who believes nothing but the ledger's public key: files of text, each of which can be
/// checked by programs of others (docs/FORMATS.md, “Evidence”).
package struct IncidentEvidence: Sendable, Hashable {
  package struct File: Sendable, Hashable {
    /// A path of plain names, such as `proofs/17.tlog-proof`.
    package let name: String
    package let text: String
  }

  /// Entries that show somebody and are proven one by one; the others stand in the list of their numbers.
  package static let mostProofs = 1_000

  /// In their order; the last is the list of the digests of all others.
  package let files: [File]

  init(_ files: [File]) {
    let list = files.map { file in
      "\(SHA256.hash(data: Array(file.text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())  \(file.name)\n"
    }.joined()
    self.files = files + [File(name: "SHA256SUMS", text: list)]
  }
}

extension IncidentDesk {
  /// - Parameter proof: that an entry stands in the ledger.
  package func evidence(
    on incident: Incident, at now: Timestamp, proof: @Sendable (UInt64) throws -> LedgerProof
  ) async throws -> IncidentEvidence {
    let report = try await report(on: incident, at: now)
    let current = try await currentScope(of: incident)
    let isAsEntered = current.map { $0.scope.digest == $0.kept.digest } ?? true
    let mind =
      isAsEntered
      ? ""
      : "Mind: since the newest version was entered people were merged, came or were erased, or details of entries were. `entries.txt` is what the ledger still shows, and its digest may not be the one in that version's `entries`.\n"
    let steps = try await control.steps(of: incident.id)
    let scopes = try await control.scopes(of: incident.id)
    // What was entered a moment ago is under no checkpoint yet.
    let covered = try await ledger.publish().size
    var files: [IncidentEvidence.File] = [
      .init(name: "README.md", text: Self.evidenceReadme + mind), .init(name: "report.md", text: report.markdown),
      .init(name: "report.html", text: report.html), .init(name: "report.json", text: report.json.text + "\n"),
    ]
    for scope in scopes.reversed() { files.append(.init(name: "scope-\(scope.version).json", text: scope.canonical)) }
    let exposed = current?.scope.entries ?? []
    files.append(.init(name: "entries.txt", text: exposed.map { "\($0)\n" }.joined()))
    let proven = Set(steps.map(\.entry) + exposed.prefix(IncidentEvidence.mostProofs)).filter { $0 < covered }.sorted()
    for entry in proven {
      files.append(.init(name: "proofs/\(entry).tlog-proof", text: try proof(entry).text))
      guard let (salt, json) = try await ledger.opening(of: entry) else { continue }
      files.append(
        .init(
          name: "details/\(entry).json",
          text: JSONValue.object([
            "salt": .string(Data(salt).base64EncodedString()), "json": .string(String(decoding: json, as: UTF8.self)),
          ]).text + "\n"))
    }
    return IncidentEvidence(files)
  }

  private static let evidenceReadme = """
    # Evidence

    Everything here can be checked without Sealane, with the ledger's public key (`ledger.pub` of the installation, or wherever it was published).

    - `SHA256SUMS`: `sha256sum --check SHA256SUMS`.
    - `proofs/N.tlog-proof`: entry N stands in the ledger (C2SP tlog-proof): its bytes, the path to the root, the signed checkpoint with the cosignatures of witnesses. `sealane ledger verify --proof FILE --public-key KEY`, or another program.
    - `details/N.json`: what entry N says. SHA-256 over `salt` (base64, decoded) followed by the bytes of `json` is the `commitment` in the entry. Sets of people stand in it by their size and SHA-256. Details that were erased have no file; their entry still stands.
    - `scope-V.json`: version V of who is affected. Its SHA-256 is the `digest` in the details of the `incident_scoped` entry, which was in the ledger before anybody was told of it.
    - `entries.txt`: the entries that show somebody who is affected by the newest version, one a line. The first 1,000 are proven here; the rest by the ledger itself.
    - `report.*`: a draft for people. It proves nothing by itself.

    """
}
