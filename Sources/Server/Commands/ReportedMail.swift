import Foundation
import Journeys
import Notices
import Outbound

/// Hands messages of mailboxes to the server, one after the other.
package struct ReportedMail: Sendable {
  package struct Outcome: Sendable {
    package var messages = 0
    package var verdicts: [String: Int] = [:]
    /// Different ones that were not counted before.
    package var counted = 0
    package var known = 0
    package var uncounted = 0
    /// What was not judged, and why; the first hundred.
    package var refused = 0
    package var refusals: [String] = []
  }

  private let incident: Int64
  private let paths: [String]
  private static let most = MailLimits.usual.bytes
  private static let mostRefusals = 100
  private static let patience = 60

  /// - Parameter paths: of mbox files, Maildirs, folders and single messages.
  package init(_ paths: [String], incident: Int64) {
    self.paths = paths
    self.incident = incident
  }

  /// - Throws: `CommandError` where a path is not there, and what the server says where no message would do.
  package func send(_ client: ControlClient) async throws -> Outcome {
    var outcome = Outcome()
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw CommandError("\(path) is not there.") }
      for file in isFolder.boolValue ? Self.files(in: path) : [path] { try await send(file, client, into: &outcome) }
    }
    return outcome
  }

  /// Of a Maildir what was delivered; of any other folder all of it.
  private static func files(in folder: String) -> [String] {
    let all = (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).sorted()
    let isMaildir = all.contains("cur") && all.contains("new")
    let wanted = isMaildir ? all.filter { ["cur", "new"].contains($0.split(separator: "/").dropLast().last.map(String.init)) } : all
    return wanted.map { "\(folder)/\($0)" }.filter { file in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) && !isFolder.boolValue
    }
  }

  private func send(_ file: String, _ client: ControlClient, into outcome: inout Outcome) async throws {
    guard let handle = FileHandle(forReadingAtPath: file) else {
      return refuse("\(file) cannot be read.", into: &outcome)
    }
    let start = [UInt8]((try? handle.read(upToCount: 5)) ?? Data())
    if MailboxFile.isMailbox(start) {
      var number = 0
      for entry in try MailboxFile(path: file, limit: Self.most) {
        number += 1
        try await send(entry.bytes, isCut: entry.isCut, "\(file), message \(number)", client, into: &outcome)
      }
    } else {
      let bytes = start + [UInt8]((try? handle.read(upToCount: Self.most)) ?? Data())
      try await send(bytes, isCut: bytes.count > Self.most, file, client, into: &outcome)
    }
  }

  private func send(
    _ message: [UInt8], isCut: Bool, _ place: String, _ client: ControlClient, into outcome: inout Outcome
  ) async throws {
    outcome.messages += 1
    if isCut { return refuse("\(place) is larger than \(Self.most) bytes, and was not judged.", into: &outcome) }
    if message.isEmpty { return refuse("\(place) is empty.", into: &outcome) }
    for attempt in 1... {
      let response = try await client.exchange(
        "POST", "/api/v1/incidents/\(incident)/reports", headers: [("Content-Type", "message/rfc822")], body: message)
      switch response.status {
      case 200: return try count(response.body, into: &outcome)
      case 400, 413: return refuse("\(place): \(ControlClient.error(response).description)", into: &outcome)
      case 503 where attempt < Self.patience: try await Task.sleep(for: .seconds(1))
      default: throw ControlClient.error(response)
      }
    }
  }

  private func count(_ body: [UInt8], into outcome: inout Outcome) throws {
    guard case .object(let members)? = try? JSONValue(parsing: body), case .string(let verdict)? = members["verdict"] else {
      throw CommandError("The server's answer cannot be read.")
    }
    outcome.verdicts[verdict, default: 0] += 1
    switch members["report"] {
    case .string("counted"): outcome.counted += 1
    case .string("known"): outcome.known += 1
    default: outcome.uncounted += 1
    }
  }

  private func refuse(_ sentence: String, into outcome: inout Outcome) {
    outcome.refused += 1
    if outcome.refusals.count < Self.mostRefusals { outcome.refusals.append(sentence) }
  }
}

extension ReportedMail.Outcome {
  package var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(Double(value)) }
    return [
      "messages": number(messages), "verdicts": .object(verdicts.mapValues(number)), "counted": number(counted), "known": number(known),
      "uncounted": number(uncounted), "refused": number(refused), "refusals": .list(refusals.map { .string($0) }),
    ]
  }

  package var text: String {
    func of(_ verdict: String) -> Int { verdicts[verdict] ?? 0 }
    var lines = [
      "\(messages) messages: \(of("not_ours")) not yours, \(of("altered")) altered, \(of("genuine")) genuine; \(counted) counted, \(known) known from before."
    ]
    if uncounted > 0 { lines.append("\(uncounted) were judged and not counted: so many reports are kept of an incident and no more.") }
    lines += refusals.map { "  not judged: \($0)" }
    if refused > refusals.count { lines.append("  and \(refused - refusals.count) more") }
    return lines.joined(separator: "\n")
  }
}
