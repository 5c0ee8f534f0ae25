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
        return await post(
          it.address, "/import?strict=1&\(Self.query(it))", [try Self.basic(it)], .list(events.map(\.mixpanel)), isShut
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

  /// What a vendor made of a deletion.
  enum DeletionOutcome: Sendable, Hashable {
    /// It took the request; nil: it says nothing of how to ask again.
    case taken(task: String?)
    case done
    case failed(String)
    /// Nobody knows whether it took it.
    case unreached(String)
  }

  enum DeletionState: Sendable, Hashable {
    case done, underWay
    case failed(String)
    case unreached(String)
  }

  /// Asks the vendor to delete what it has of these.
  func delete(_ people: [String], id: String, isShut: @escaping @Sendable () -> Bool) async -> DeletionOutcome {
    let ids = JSONValue.list(people.map { .string($0) })
    do {
      switch destination {
      case .mixpanel(let it):
        return await ask(
          it.deletions ?? it.address, "POST", "/api/app/data-deletions/v3.0/?\(Self.query(it))", [try Self.basic(it)],
          ["compliance_type": "GDPR", "distinct_ids": ids], isShut
        ) { Self.task(in: $0) }
      case .segment(let it):
        guard let api = it.deletions else {
          return .failed("The declaration has no “deletions”: ask the vendor by hand, and confirm here.")
        }
        return await ask(
          api.address, "POST", "/regulations/sources/\(api.source)", [("Authorization", "Bearer \(try api.token.read())")],
          ["regulationType": "SUPPRESS_WITH_DELETE", "subjectType": "USER_ID", "subjectIds": ids], isShut
        ) { _ in .taken(task: nil) }
      case .webhook(let it):
        let body: JSONValue = ["type": "deletion", "timestamp": .string(clock().text), "data": ["ids": ids]]
        let signer = try StandardWebhook(secrets: try it.secrets.read())
        let headers = signer.headers(id: id, timestamp: clock().milliseconds / 1000, body: Array(body.text.utf8))
        return await ask(it.address, "POST", "", headers, body, isShut) { _ in .taken(task: nil) }
      case .file:
        if isShut() { return .failed("The vendor was shut in between.") }
        try file?.append([JSONValue.object(["type": "deletion", "timestamp": .string(clock().text), "ids": ids]).text])
        return .taken(task: nil)
      }
    } catch let error as ChannelError {
      return .failed(error.description)
    } catch {
      return .failed("\(error)")
    }
  }

  /// How far a deletion is that the vendor took.
  func deletionState(_ task: String, isShut: @escaping @Sendable () -> Bool) async -> DeletionState {
    guard case .mixpanel(let it) = destination else { return .underWay }
    let path = task.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-", "_"])) ?? ""
    do {
      let headers = [try Self.basic(it)]
      let outcome = await ask(
        it.deletions ?? it.address, "GET", "/api/app/data-deletions/v3.0/\(path)?\(Self.query(it))", headers, nil, isShut
      ) { Self.task(in: $0) }
      return switch outcome {
      case .done: .done
      case .taken: .underWay
      case .failed(let reason): .failed(reason)
      case .unreached(let reason): .unreached(reason)
      }
    } catch {
      return .unreached("\(error)")
    }
  }

  private static func query(_ it: Destination.Mixpanel) -> String {
    "project_id=\(it.project.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
  }

  private static func basic(_ it: Destination.Mixpanel) throws(ChannelError) -> (name: String, value: String) {
    ("Authorization", "Basic \(Data("\(it.username):\(try it.secret.read())".utf8).base64EncodedString())")
  }

  /// `results` is an object with `task_id` and perhaps `status`, or, in other words of the same vendor, a list of one with `tracking_id`.
  static func task(in body: [UInt8]) -> DeletionOutcome {
    guard case .object(let members)? = try? JSONValue(parsing: body, limit: 1 << 20) else { return .taken(task: nil) }
    var results: [String: JSONValue] = [:]
    if case .object(let found)? = members["results"] { results = found }
    if case .list(let found)? = members["results"], case .object(let first)? = found.first { results = first }
    if case .string("SUCCESS")? = results["status"] { return .done }
    if case .string("FAILURE")? = results["status"] { return .failed("The vendor says that its deletion failed.") }
    for name in ["task_id", "tracking_id"] {
      if case .string(let task)? = results[name], (1...100).contains(task.utf8.count) { return .taken(task: task) }
    }
    return .taken(task: nil)
  }

  private func ask(
    _ address: Destination.Address, _ method: String, _ path: String, _ headers: [(name: String, value: String)], _ body: JSONValue?,
    _ isShut: @escaping @Sendable () -> Bool, _ judge: ([UInt8]) -> DeletionOutcome
  ) async -> DeletionOutcome {
    do throws(OutboundError) {
      let response = try await client.send(
        request(address, method, path, headers, body.map { Array($0.text.utf8) } ?? [], isShut), deadline: Self.deadline)
      if response.status == 408 || response.status == 429 || response.status >= 500 { return .unreached("It answered \(response.status).") }
      guard (200..<300).contains(response.status) else { return .failed("It answered \(response.status).") }
      return judge(response.body)
    } catch {
      return .unreached(error.description)
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
    do throws(OutboundError) {
      let response = try await client.send(request(address, "POST", path, headers, body, isShut), deadline: Self.deadline)
      if response.status == 429 || response.status == 408 || response.status >= 500 {
        let wait = response.header("retry-after").flatMap { Int64($0) }.map { Duration.seconds(min(max($0, 0), 86_400)) }
        return .later("It answered \(response.status).", after: wait)
      }
      // What is asked for is right, who asks is not: nothing about these events.
      if !(200..<300).contains(response.status), ![400, 413, 422].contains(response.status) {
        return .later("It answered \(response.status): look at the credential and the address.", after: .seconds(60))
      }
      return judge(response)
    } catch {
      return error.code == .stopped ? .stopped : .later(error.description, after: nil)
    }
  }

  private func request(
    _ address: Destination.Address, _ method: String, _ path: String, _ headers: [(name: String, value: String)], _ body: [UInt8],
    _ isShut: @escaping @Sendable () -> Bool
  ) -> OutboundRequest {
    let type = body.isEmpty ? [] : [(name: "Content-Type", value: "application/json")]
    var request = OutboundRequest(
      method: method, url: address.url + path, headers: headers + type + [("User-Agent", "sealane/\(version)")], body: body,
      responseLimit: 1 << 20, certificateAuthority: address.certificateAuthority)
    request.refusesInternalAddresses = !address.allowsInternal
    request.isGivenUp = isShut
    return request
  }

  private static func plain(_ status: Int) -> BatchOutcome {
    (200..<300).contains(status) ? .taken : .refused("It answered \(status).")
  }

  /// With `strict=1` the good ones of a batch are taken, and the others named.
  static func mixpanel(_ response: OutboundResponse, _ events: [OutgoingEvent]) -> BatchOutcome {
    if (200..<300).contains(response.status) { return .taken }
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
