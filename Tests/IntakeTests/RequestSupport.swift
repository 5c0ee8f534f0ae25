import Events
import Foundation
import Intake

/// 2026-11-23T12:00:00Z, the clock of these tests.
let now = Timestamp(milliseconds: 1_795_435_200_000)
let nowSeconds = 1_795_435_200

extension IntakeRequest {
  static func json(
    _ endpoint: Endpoint, _ body: String, query: String = "", type: String? = "application/json", credential: Credential? = nil
  ) -> IntakeRequest {
    IntakeRequest(
      endpoint: endpoint, contentType: type, query: query, body: Array(body.utf8), remoteAddress: "203.0.113.9", receivedAt: now,
      credential: credential ?? (endpoint == .import ? .secret : .none))
  }
}

extension IntakeOutcome {
  /// The answer, with everything good taken as stored.
  var reply: IntakeReply {
    switch self {
    case .refused(let reply): reply
    case .judged(let result): result.reply()
    }
  }

  var result: IntakeResult? {
    if case .judged(let result) = self { result } else { nil }
  }

  var events: [ReceivedEvent] { result?.batches.flatMap(\.events.all) ?? [] }
  var updates: [ReceivedProfileUpdate] { result?.batches.flatMap(\.profileUpdates) ?? [] }
}

extension IntakeReply {
  var text: String { String(decoding: body, as: UTF8.self) }
}

extension ReceivedEvent {
  func property(_ name: String) -> PropertyValue? { properties.first { $0.name == name }?.value }

  /// Everything in it, for comparing two.
  var contents: [String] {
    [
      name, "\(time.milliseconds)", "\(sentTime.milliseconds)", identity.userID ?? "-", identity.deviceID ?? "-",
      identity.distinctID ?? "-",
      insertID ?? "-", address ?? "-", "\(isVerified)",
    ] + properties.map { $0.name + "=" + Self.text($0.value) }
  }

  private static func text(_ value: PropertyValue) -> String {
    switch value {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value)\""
    case .list(let values): "[" + values.map(text).joined(separator: ",") + "]"
    case .object(let members): "{" + members.map { $0.name + ":" + text($0.value) }.joined(separator: ",") + "}"
    }
  }
}
