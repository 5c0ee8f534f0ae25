import Access
import Delivery
import Events
import Foundation
import Journeys
import Ledger
import Outbound

/// What became of a batch.
enum BatchOutcome: Sendable, Hashable {
  case taken
  /// All but these were taken: by their index in the batch, with the vendor's reason.
  case partly(refused: [Int: String])
  /// Nothing of it was taken, and the same bytes never will be.
  case refused(String)
  /// Later, perhaps.
  case later(String, after: Duration?)
  /// Somebody shut the vendor in between; it may or may not have got it.
  case stopped
}

/// Speaks to one vendor in its form. Takes nothing that the ledger does not have.
struct VendorSender: Sendable {
  let vendor: Vendor.ID
  let destination: Destination
  let version: String
  let clock: @Sendable () -> Timestamp
  private let client: HTTPClient
  private let file: EventFile?

  static let deadline: Duration = .seconds(30)
  /// Events of one batch; Segment's batches are bounded by bytes besides.
  static let batch = 1_000
  static let batchBytes = 400_000

  init(_ vendor: Vendor.ID, _ destination: Destination, version: String, clock: @escaping @Sendable () -> Timestamp) {
    self.vendor = vendor
    self.destination = destination
    self.version = version
    self.clock = clock
    client = HTTPClient(connections: 1)
    if case .file(let url) = destination { file = EventFile(url) } else { file = nil }
  }

  func send(_ batch: Disclosed<[OutgoingEvent]>, isShut: @escaping @Sendable () -> Bool) async -> BatchOutcome {
    let events = batch.value
    let id = "batch_\(batch.receipt.index)"
    do {
      switch destination {
      case .mixpanel(let it):
        let text = "\(it.username):\(try it.secret.read())"
        let project = it.project.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return await post(
          it.address, "/import?strict=1&project_id=\(project)", [("Authorization", "Basic \(Data(text.utf8).base64EncodedString())")],
          .list(events.map(\.mixpanel)), isShut
        ) { Self.mixpanel($0, events) }
      case .segment(let it):
        let text = "\(try it.writeKey.read()):"
        return await post(
          it.address, "/v1/batch", [("Authorization", "Basic \(Data(text.utf8).base64EncodedString())")],
          ["batch": .list(events.map(\.segment)), "sentAt": .string(clock().text)], isShut
        ) { Self.plain($0.status) }
      case .webhook(let it):
        let body = Array(
          JSONValue.object([
            "type": "events", "timestamp": .string(clock().text), "data": ["events": .list(events.map(\.plain))],
          ]).text.utf8)
        let signer = try StandardWebhook(secrets: try it.secrets.read())
        return await post(
          it.address, "", signer.headers(id: id, timestamp: clock().milliseconds / 1000, body: body), body, isShut
        ) { Self.plain($0.status) }
      case .file:
        if isShut() { return .stopped }
        try file?.append(events.map { $0.plain.text })
        return .taken
      }
    } catch let error as ChannelError {
      return .later(error.description, after: .seconds(60))
    } catch {
      return .later("\(error)", after: nil)
    }
  }

  /// Asks the vendor to delete what it has of these. Nil: it took the request.
  func delete(_ people: [String], id: String, isShut: @escaping @Sendable () -> Bool) async -> String? {
    let outcome: BatchOutcome
    do {
      switch destination {
      case .mixpanel(let it):
        let text = "\(it.username):\(try it.secret.read())"
        let project = it.project.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        outcome = await post(
          it.address, "/api/app/data-deletions/v3.0/?project_id=\(project)",
          [("Authorization", "Basic \(Data(text.utf8).base64EncodedString())")],
          ["compliance_type": "GDPR", "distinct_ids": .list(people.map { .string($0) })], isShut
        ) { Self.plain($0.status) }
      case .segment(let it):
        guard let api = it.deletions else { return "The declaration has no “deletions”: ask the vendor by hand, and confirm here." }
        outcome = await post(
          api.address, "/regulations/sources/\(api.source)", [("Authorization", "Bearer \(try api.token.read())")],
          ["regulationType": "SUPPRESS_WITH_DELETE", "subjectType": "USER_ID", "subjectIds": .list(people.map { .string($0) })], isShut
        ) { Self.plain($0.status) }
      case .webhook(let it):
        let body = Array(
          JSONValue.object([
            "type": "deletion", "timestamp": .string(clock().text), "data": ["ids": .list(people.map { .string($0) })],
          ]).text.utf8)
        let signer = try StandardWebhook(secrets: try it.secrets.read())
        outcome = await post(
          it.address, "", signer.headers(id: id, timestamp: clock().milliseconds / 1000, body: body), body, isShut
        ) { Self.plain($0.status) }
      case .file:
        try file?.append([
          JSONValue.object(["type": "deletion", "timestamp": .string(clock().text), "ids": .list(people.map { .string($0) })]).text
        ])
        outcome = .taken
      }
    } catch let error as ChannelError {
      return error.description
    } catch {
      return "\(error)"
    }
    return switch outcome {
    case .taken, .partly: nil
    case .refused(let reason), .later(let reason, _): reason
    case .stopped: "The vendor was shut in between."
    }
  }

  // MARK: HTTP

  private func post(
    _ address: Destination.Address, _ path: String, _ headers: [(name: String, value: String)], _ body: JSONValue,
    _ isShut: @escaping @Sendable () -> Bool, _ judge: (OutboundResponse) -> BatchOutcome
  ) async -> BatchOutcome {
    await post(address, path, headers, Array(body.text.utf8), isShut, judge)
  }

  private func post(
    _ address: Destination.Address, _ path: String, _ headers: [(name: String, value: String)], _ body: [UInt8],
    _ isShut: @escaping @Sendable () -> Bool, _ judge: (OutboundResponse) -> BatchOutcome
  ) async -> BatchOutcome {
    var request = OutboundRequest(
      method: "POST", url: address.url + path,
      headers: headers + [("Content-Type", "application/json"), ("User-Agent", "sealane/\(version)")], body: body,
      responseLimit: 1 << 20, certificateAuthority: address.certificateAuthority)
    request.refusesInternalAddresses = !address.allowsInternal
    request.isGivenUp = isShut
    do throws(OutboundError) {
      let response = try await client.send(request, deadline: Self.deadline)
      if response.status == 429 || response.status == 408 || response.status >= 500 {
        let wait = response.header("retry-after").flatMap { Int64($0) }.map { Duration.seconds(min(max($0, 0), 86_400)) }
        return .later("It answered \(response.status).", after: wait)
      }
      // What is asked for is right, who asks is not: nothing about these events.
      if [401, 403, 404, 410].contains(response.status) || (300..<400).contains(response.status) {
        return .later("It answered \(response.status): look at the credential and the address.", after: .seconds(60))
      }
      return judge(response)
    } catch {
      return error.code == .stopped ? .stopped : .later(error.description, after: nil)
    }
  }

  private static func plain(_ status: Int) -> BatchOutcome {
    (200..<300).contains(status) ? .taken : .refused("It answered \(status).")
  }

  /// With `strict=1` the good ones of a batch are taken, and the others named.
  static func mixpanel(_ response: OutboundResponse, _ events: [OutgoingEvent]) -> BatchOutcome {
    if response.status == 200 { return .taken }
    let reason = "It answered \(response.status)."
    guard response.status == 400, case .object(let members)? = try? JSONValue(parsing: response.body, limit: 1 << 20),
      case .list(let records)? = members["failed_records"], !records.isEmpty
    else { return .refused(reason) }
    let places = Dictionary(events.enumerated().map { ($1.insertID, $0) }, uniquingKeysWith: { first, _ in first })
    var refused: [Int: String] = [:]
    for record in records {
      guard case .object(let members) = record else { return .refused(reason) }
      var place: Int?
      if case .string(let id)? = members["insert_id"], let known = places[id] { place = known }
      if place == nil, case .number(let index)? = members["index"] { place = Int(exactly: index) }
      guard let place, events.indices.contains(place) else { return .refused(reason) }
      // The vendor's words may repeat what was sent: only which field it was about is kept.
      if case .string(let field)? = members["field"] {
        refused[place] = "refused for \(field.prefix(60))"
      } else {
        refused[place] = "refused"
      }
    }
    return .partly(refused: refused)
  }
}

extension OutgoingEvent {
  var mixpanel: JSONValue {
    var members = properties
    members["time"] = .number(Double(time.milliseconds))
    members["$insert_id"] = .string(insertID)
    members["distinct_id"] = .string(person ?? "")
    return ["event": .string(name), "properties": .object(members)]
  }

  var segment: JSONValue {
    var members: [String: JSONValue] = [
      "type": "track", "event": .string(name), "timestamp": .string(time.text), "messageId": .string(insertID),
      "properties": .object(properties),
    ]
    // One of the two must be there.
    if let person { members["userId"] = .string(person) } else { members["anonymousId"] = .string("none") }
    return .object(members)
  }

  var plain: JSONValue {
    [
      "type": "event", "id": .string(insertID), "event": .string(name), "time": .string(time.text),
      "person": person.map { .string($0) } ?? .null, "properties": .object(properties),
    ]
  }
}
