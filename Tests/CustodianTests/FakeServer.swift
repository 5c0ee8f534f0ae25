import Custodian
import Events
import Foundation
import Ledger
import Synchronization
import Vault

/// The server's side of docs/FORMATS.md, "Custodian and server over HTTP", in memory.
///
/// Fault model: `break(at:)` makes the n-th request from now fail, before it does anything or after it did everything.
final class FakeServer: Sendable {
  enum Fault { case before, after }
  struct Broken: Error {}

  struct State {
    var undelivered: [(cursor: UInt64, project: ProjectID, key: WrappedKey)] = []
    var nextCursor: UInt64 = 1
    var announcement: CustodianKeyAnnouncement
    var isSealing = true
    var alarms: [String: String] = [:]
    var settlements: [CustodianSettlement] = []
    var requests = 0
    var faults: [Int: Fault] = [:]
    /// Sent instead of the bundle.
    var forgedBundle: [UInt8]?
    /// Erasures that its ledger orders, and what was signed of them.
    var orders: [ErasureOrder] = []
    var receipts: [UInt64: String] = [:]
    /// What a receipt is answered with.
    var receiptStatus = 204
    /// What openings are answered from, and those that were asked for.
    var sealed: [(subject: String, field: String, layer: String, bytes: [UInt8])] = []
    var openings: [OpeningAsked] = []
    /// What an opening is answered with instead.
    var openingStatus = 200
    var changes: [ChangeEntered] = []
    var changeStatus = 200
    var ledger = FakeLedger()
    /// The witness key that was announced, and the checkpoints that came with its cosignature.
    var witness: String?
    var cosigned: [VerifiedCheckpoint] = []
    /// What is entered instead of the opening that was asked for.
    var forgedEntry: [UInt8]?
    var notices = NoticeState()
  }

  /// The body of `POST /custodian/v1/changes`.
  struct ChangeEntered: Decodable {
    let act: String
    let request: String
    let requester: String
    let approvers: [String]
  }

  /// The body of `POST /custodian/v1/openings`.
  struct OpeningAsked: Decodable {
    let project: Int64
    let request: String
    let requester: String
    let approvers: [String]
    let subjects: [String]
    let fields: [String]
  }

  let state: Mutex<State>

  init(_ announcement: CustodianKeyAnnouncement) { state = Mutex(State(announcement: announcement)) }

  func add(_ keys: [WrappedKey], project: ProjectID) {
    state.withLock { state in
      for key in keys {
        state.undelivered.append((state.nextCursor, project, key))
        state.nextCursor += 1
      }
    }
  }

  func `break`(at request: Int, _ fault: Fault) { state.withLock { $0.faults[$0.requests + request] = fault } }

  var connection: ServerConnection {
    ServerConnection { request in
      try self.state.withLock { state in
        state.requests += 1
        let fault = state.faults.removeValue(forKey: state.requests)
        if fault == .before { throw Broken() }
        let answer = try Self.answer(request, &state)
        if fault == .after { throw Broken() }
        return answer
      }
    }
  }

  private static func answer(_ request: ServerConnection.Request, _ state: inout State) throws -> ServerConnection.Answer {
    switch (request.method, request.path.split(separator: "?")[0]) {
    case ("GET", "/custodian/v1/parcels"):
      if let forged = state.forgedBundle { return .init(status: 200, body: forged) }
      let limit = Int(request.path.split(separator: "=").last ?? "") ?? 4096
      let some = state.undelivered.prefix(limit)
      let projects = Set(some.map(\.project)).sorted { $0.rawValue < $1.rawValue }
      let parcels = projects.flatMap { project in
        Parcel.grouping(some.filter { $0.project == project }.map { (cursor: $0.cursor, key: $0.key) }, project: project)
      }
      return .init(status: 200, body: ParcelCodec.encode(bundle: parcels))
    case ("POST", "/custodian/v1/parcels/ack"):
      let body = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: [[String: Int]]]
      for item in body?["acknowledged"] ?? [] {
        guard let project = item["project"], let through = item["through"] else { return .init(status: 400, body: []) }
        state.undelivered.removeAll { $0.project.rawValue == Int64(project) && $0.cursor <= UInt64(through) }
      }
      return .init(status: 204, body: [])
    case ("POST", "/custodian/v1/alarm"):
      let body = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
      guard let id = body?["id"] as? String, let kind = body?["kind"] as? String else { return .init(status: 400, body: []) }
      state.alarms[id] = kind
      if !kind.hasSuffix("_ledger") { state.isSealing = false }
      return .init(status: 204, body: [])
    case ("POST", "/custodian/v1/settlement"):
      let body = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: String]
      let settlement = try CustodianSettlement(text: body?["settlement"] ?? "")
      let announcement = try CustodianKeyAnnouncement(text: body?["announcement"] ?? "")
      guard state.alarms[settlement.alarm] != nil else { return .init(status: 404, body: []) }
      guard announcement.identity == settlement.identity, announcement.key == settlement.key else { return .init(status: 403, body: []) }
      state.settlements.append(settlement)
      state.announcement = announcement
      state.isSealing = Set(state.settlements.map(\.alarm)).isSuperset(of: state.alarms.keys)
      return .init(status: 204, body: [])
    case ("GET", "/custodian/v1/key"):
      let body: [String: Any] = ["announcement": state.announcement.text, "sealing": state.isSealing]
      return .init(status: 200, body: Array(try JSONSerialization.data(withJSONObject: body)))
    case ("POST", "/custodian/v1/key"):
      let made = try CustodianKeyAnnouncement(text: String(decoding: request.body, as: UTF8.self))
      if made != state.announcement {
        guard made.identity == state.announcement.identity else { return .init(status: 403, body: []) }
        guard made.previous == state.announcement.key.id, made.madeAt > state.announcement.madeAt else {
          return .init(status: 409, body: [])
        }
        state.announcement = made
      }
      return .init(status: 200, body: [])
    case ("GET", "/custodian/v1/erasures"):
      let after = request.path.split(separator: "=").count == 2 ? UInt64(request.path.split(separator: "=")[1]) : nil
      let orders = state.orders.filter { order in after.map { order.entry > $0 } ?? (state.receipts[order.entry] == nil) }
      let list = orders.map { order -> [String: Any] in
        [
          "entry": order.entry, "commitment": order.commitment, "project": order.project.rawValue,
          "subjects": order.subjects.map { "s_\($0)" },
        ]
      }
      return .init(status: 200, body: Array(try JSONSerialization.data(withJSONObject: ["erasures": list])))
    case ("POST", "/custodian/v1/erasures"):
      guard state.receiptStatus == 204 else { return .init(status: state.receiptStatus, body: []) }
      let text = try JSONDecoder().decode([String: String].self, from: Data(request.body))["receipt"] ?? ""
      let receipt = try ErasureReceipt(text: text)
      guard receipt.identity == state.announcement.identity else { return .init(status: 403, body: []) }
      guard state.orders.contains(where: { $0.entry == receipt.entry }) else { return .init(status: 404, body: []) }
      state.receipts[receipt.entry] = text
      return .init(status: 204, body: [])
    case ("POST", "/custodian/v1/openings"):
      guard state.openingStatus == 200 else { return .init(status: state.openingStatus, body: Array(#"{"error":"no ledger"}"#.utf8)) }
      state.openings.append(try JSONDecoder().decode(OpeningAsked.self, from: Data(request.body)))
      // Whatever it has, whether asked for or not: that is for the custodian to sort out.
      let values = state.sealed.map {
        ["subject": $0.subject, "field": $0.field, "layer": $0.layer, "value": Data($0.bytes).base64EncodedString()]
      }
      if let asked = state.openings.last {
        state.ledger.entries.append(
          state.forgedEntry ?? FakeLedger.entry("identities_opened", facts: ["request": asked.request], project: asked.project))
      }
      let answer: [String: Any] = ["entry": state.ledger.entries.count - 1, "values": values]
      return .init(status: 200, body: Array(try JSONSerialization.data(withJSONObject: answer)))
    case ("POST", "/custodian/v1/changes"):
      guard state.changeStatus == 200 else { return .init(status: state.changeStatus, body: []) }
      state.changes.append(try JSONDecoder().decode(ChangeEntered.self, from: Data(request.body)))
      return .init(status: 200, body: Array(#"{"entry":\#(70 + state.changes.count)}"#.utf8))
    case ("GET", "/custodian/v1/checkpoint"):
      let query = URLComponents(string: request.path)?.queryItems ?? []
      func number(_ name: String) -> UInt64? { query.first { $0.name == name }?.value.flatMap { UInt64($0) } }
      let isAlarmed = state.alarms.contains { id, kind in
        kind.hasSuffix("_ledger") && !state.settlements.contains { $0.alarm == id }
      }
      let body = try state.ledger.answer(
        from: number("from") ?? 0, entry: number("entry").map { Int($0) }, witness: state.witness,
        cosigned: state.cosigned.last?.size ?? 0, alarmed: isAlarmed)
      return .init(status: 200, body: Array(try JSONSerialization.data(withJSONObject: body)))
    case ("POST", "/custodian/v1/cosignature"):
      guard let key = state.witness.flatMap({ NoteKey($0) }) else { return .init(status: 409, body: []) }
      let checkpoint = try VerifiedCheckpoint(note: request.body, key: try state.ledger.signer().key, witnesses: [key])
      guard checkpoint.witnesses == [key] else { return .init(status: 400, body: []) }
      state.cosigned.append(checkpoint)
      return .init(status: 204, body: [])
    case ("POST", "/custodian/v1/witness"):
      let announcement = try CustodianWitnessAnnouncement(text: String(decoding: request.body, as: UTF8.self))
      guard announcement.identity == state.announcement.identity else { return .init(status: 403, body: []) }
      state.witness = announcement.key
      return .init(status: 204, body: [])
    default: return try answerNotices(request, &state)
    }
  }
}
