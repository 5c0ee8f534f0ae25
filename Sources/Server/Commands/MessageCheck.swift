import Events
import Foundation
import Journeys
import Ledger
import Notices

/// What `sealane verify` does: reads a message or a proof, and the trust anchors that somebody kept.
package struct MessageCheck: Sendable {
  package struct Failure: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  package struct Outcome: Sendable {
    package let isGenuine: Bool
    package let text: String
    package let json: String
  }

  static let largestMessage = 32 << 20

  let file: String
  let trust: String?
  let reader: String?
  let asksDNS: Bool
  let nameServer: String?

  package init(file: String, trust: String?, reader: String?, asksDNS: Bool, nameServer: String?) {
    self.file = file
    self.trust = trust
    self.reader = reader
    self.asksDNS = asksDNS
    self.nameServer = nameServer
  }

  /// - Throws: `Failure` where there is nothing to judge, or nothing to judge by.
  package func run() async throws -> Outcome {
    guard let trust else {
      throw Failure(
        description:
          "Name the company's trust anchors: --trust FILE. Take the file from the company's own site, and keep it: one that comes with a message proves nothing."
      )
    }
    let anchors: TrustAnchors
    do { anchors = try TrustAnchors(json: Self.read(trust, limit: TrustAnchors.largest)) } catch let error as TrustAnchors.Malformed {
      throw Failure(description: "\(trust) cannot be used. \(error)")
    }
    let bytes = try Self.read(file, limit: Self.largestMessage)
    let name = try reader.map { text in
      guard let name = StatementName(guessing: text) else { throw Failure(description: "--reader takes an address or an account's id.") }
      return name
    }
    switch ProofFile(bytes) {
    case .statement(let proof)?: return Self.outcome(of: proof, for: name, by: anchors)
    case let proof?: return Self.outcome(of: proof, for: name, by: anchors)
    case nil: break
    }
    let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    let judge = MessageJudge(anchors, records: asksDNS ? records() : nil, now: now)
    return Self.outcome(of: await judge.judge(bytes, reader: name), by: anchors)
  }

  private func records() -> SystemTextRecords {
    guard let nameServer, let colon = nameServer.lastIndex(of: ":"), let port = UInt16(nameServer[nameServer.index(after: colon)...]) else {
      return SystemTextRecords()
    }
    return SystemTextRecords(server: String(nameServer[..<colon]), port: port)
  }

  private static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
    guard let handle else { throw Failure(description: "\(path) cannot be read.") }
    var bytes: [UInt8] = []
    while let piece = try? handle.read(upToCount: 1 << 16), !piece.isEmpty {
      bytes += piece
      guard bytes.count <= limit else { throw Failure(description: "\(path) is larger than \(limit) bytes: that is no such file.") }
    }
    return bytes
  }

  // MARK: What is said

  private static func outcome(of verdict: MessageVerdict, by anchors: TrustAnchors) -> Outcome {
    let headline =
      switch verdict.word {
      case .genuine: "GENUINE: \(anchors.organization) wrote this."
      case .altered: "ALTERED: \(anchors.organization) wrote a part of this, and not all of it. Do not act on it."
      case .notOurs: "NOT OURS: nothing proves that \(anchors.organization) wrote this. Do not act on it."
      }
    var lines = [headline]
    if let caseNumber = verdict.caseNumber { lines.append("Case \(caseNumber), check code \(verdict.checkCode ?? "–")") }
    lines += verdict.reasons.map { reason in
      let mark =
        switch reason.weight {
        case .good: "+"
        case .note: "·"
        case .bad: "!"
        }
      return "  \(mark) \(reason.sentence)"
    }
    var members: [String: JSONValue] = [
      "verdict": .string(verdict.word.rawValue),
      "reasons": .list(
        verdict.reasons.map {
          ["code": .string($0.code.rawValue), "weight": .string($0.weight.rawValue), "sentence": .string($0.sentence)]
        }),
    ]
    if let caseNumber = verdict.caseNumber { members["case"] = .string(caseNumber) }
    if let code = verdict.checkCode { members["check_code"] = .string(code) }
    if let time = verdict.writtenAt { members["written_at"] = .string(time.text) }
    return Outcome(isGenuine: verdict.word == .genuine, text: lines.joined(separator: "\n"), json: JSONValue.object(members).text)
  }

  private static func outcome(of proof: ProofFile, for reader: StatementName?, by anchors: TrustAnchors) -> Outcome {
    do {
      guard let proven = try proof.message(by: anchors) else { throw Failure(description: "It is about no message.") }
      if isOther(proven.name, reader) { return otherReader }
      let time = proven.writtenAt.text
      return Outcome(
        isGenuine: true,
        text:
          "GENUINE: \(anchors.organization) wrote this at \(time), about case \(proven.caseNumber)\(proven.name.map { ", to \($0.value)" } ?? "").\n\n\(proven.subject)\n\n\(proven.body)",
        json: JSONValue.object([
          "verdict": "genuine", "case": .string(proven.caseNumber), "written_at": .string(time), "subject": .string(proven.subject),
          "text": .string(proven.body), "reader": proven.name.map { .string($0.value) } ?? .null,
        ]).text)
    } catch { return failure(error) }
  }

  private static func outcome(of proof: StatementProof, for reader: StatementName?, by anchors: TrustAnchors) -> Outcome {
    do {
      let verified = try proof.verify(by: anchors)
      if isOther(proof.name, reader) { return otherReader }
      let statement = verified.statement
      let what =
        verified.isIncluded
        ? "\(proof.name.value) is among those whom \(anchors.organization) named as affected"
        : "\(proof.name.value) is not among those whom \(anchors.organization) named as affected"
      return Outcome(
        isGenuine: true,
        text: """
          \(what), in version \(statement.version) of its statement about case \(statement.caseNumber), of \(statement.madeAt.text).
          \(anchors.policy == nil ? "Your anchors ask for no cosignature: others may have been shown another statement." : "Everybody was shown the same statement: it is in the ledger under a checkpoint that was cosigned.") (\(verified.checkpoint.size) entries)
          A later version may say otherwise: compare with the newest one that the company publishes.
          It proves what the company committed to, not what somebody took.
          """,
        json: JSONValue.object([
          "verdict": "genuine", "case": .string(statement.caseNumber), "version": .number(Double(statement.version)),
          "affected": .boolean(verified.isIncluded), "reader": .string(proof.name.value),
          "statement": .string(verified.digest), "made_at": .string(statement.madeAt.text),
        ]).text)
    } catch { return failure(error) }
  }

  /// An account's id says nothing about whose address it is.
  private static func isOther(_ name: StatementName?, _ reader: StatementName?) -> Bool {
    guard let name, let reader, name.kind == reader.kind else { return false }
    return name != reader
  }

  private static var otherReader: Outcome {
    let sentence = "It is about somebody else, and says nothing about you."
    return Outcome(
      isGenuine: false, text: "ALTERED: \(sentence)",
      json: JSONValue.object([
        "verdict": "altered", "reasons": .list([["code": "other_reader", "weight": "bad", "sentence": .string(sentence)]]),
      ]).text)
  }

  private static func failure(_ error: any Error) -> Outcome {
    Outcome(
      isGenuine: false, text: "NOT OURS: the proof does not hold. \(error)",
      json: JSONValue.object([
        "verdict": "not_ours", "reasons": .list([["code": "proof_fails", "weight": "bad", "sentence": .string("\(error)")]]),
      ]).text)
  }
}
