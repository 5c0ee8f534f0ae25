import Access
import Delivery
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger

/// Alerts, what people do about them, and the channels that they go to.
struct AlertRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  private static let bodyLimit = 16_384

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/alerts", use: list)
    router.get("/api/v1/alerts/:id", use: one)
    router.post("/api/v1/alerts/:id/changes", use: change)
    router.get("/api/v1/alert-channels", use: channels)
    router.post("/api/v1/alert-channels/test", use: test)
    router.post("/api/v1/alert-channels/:channel/enable", use: enable)
  }

  /// Newest first; `next` is the `cursor` of the page that follows.
  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["state", "kind", "cursor", "limit"])
    try Access.authorize(caller, .readAlerts, in: nil)
    let limit = try parameters.count("limit", default: ControlDatabase.alertPage, atMost: 1_000)
    let state = try parameters["state"].map { text in
      guard let state = Alert.State(rawValue: text) else {
        throw APIError.badRequest("“state” is one of \(Alert.State.allCases.map(\.rawValue).joined(separator: ", ")).", field: "state")
      }
      return state
    }
    let kind = try parameters["kind"].map { text in
      guard let kind = Alert.Kind(rawValue: text) else {
        throw APIError.badRequest("“kind” is one of \(Alert.Kind.allCases.map(\.rawValue).joined(separator: ", ")).", field: "kind")
      }
      return kind
    }
    let before = try parameters["cursor"].map { text in
      guard let id = Int64(text) else { throw APIError.badRequest("“cursor” must be the “next” of an earlier page.", field: "cursor") }
      return id
    }
    let found = try await installation.access.alerts(state: state, kind: kind, before: before, limit: limit)
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.alerts", fields: ["alerts"])
    let open = installation.access.openAlertCount
    return DisclosedResponse.json(
      try await installation.ledger.disclose(found, disclosure, to: caller.principal).map { found in
        [
          "alerts": .list(found.map(\.json)), "open": .number(Double(open)),
          "next": found.count == limit ? found.last.map { .string(String($0.id)) } ?? .null : .null,
        ]
      })
  }

  private func one(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .readAlerts, in: nil)
    let found = try await installation.access.alert(try id(context))
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.alert", fields: ["alert", "history"])
    let record = AlertRecord(alert: found.alert, history: found.history)
    return DisclosedResponse.json(try await installation.ledger.disclose(record, disclosure, to: caller.principal).map(\.json))
  }

  /// `{"state": "acknowledged", "note": "…"}`
  private func change(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .manageAlerts, in: nil)
    let bytes = try await authenticator.body(of: request, by: caller, limit: Self.bodyLimit)
    guard case .object(let members) = try JSONValue(parsing: bytes), Set(members.keys).isSubset(of: ["state", "note"]) else {
      throw APIError.badRequest("The body must be an object with “state” and “note”.")
    }
    guard case .string(let word)? = members["state"], let state = Alert.State(rawValue: word) else {
      throw APIError.badRequest("“state” is one of \(Alert.State.allCases.map(\.rawValue).joined(separator: ", ")).", field: "state")
    }
    var note = ""
    if let value = members["note"] {
      guard case .string(let text) = value else { throw APIError.badRequest("“note” must be a string.", field: "note") }
      note = text
    }
    let changed = try await installation.alerts.change(try id(context), to: state, note: note, by: caller.principal)
    return DisclosedResponse.plain(["alert": .number(Double(changed.id)), "state": .string(changed.state.rawValue)])
  }

  // MARK: Channels

  private func channels(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .readAlerts, in: nil)
    let states = Dictionary(try await installation.access.channelStates().map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    let shown = installation.dispatcher.channels.map { ChannelRecord(channel: $0, state: states[$0.name]) }
    let disclosure = Disclosure(.settings, project: nil, purpose: "api.alert_channels", fields: ["channels"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(shown, disclosure, to: caller.principal).map { shown in
        ["channels": .list(shown.map(\.json)), "next": .null]
      })
  }

  /// Sends a test to each and waits for what becomes of it.
  private func test(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .manageAlerts, in: nil)
    let outcomes = await installation.dispatcher.test()
    return DisclosedResponse.plain([
      "channels": .list(
        outcomes.map { outcome in
          [
            "channel": .string(outcome.channel), "type": .string(outcome.type), "arrived": .boolean(outcome.failure == nil),
            "failure": outcome.failure.map { .string($0) } ?? .null,
          ]
        })
    ])
  }

  private func enable(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    try Access.authorize(caller, .manageAlerts, in: nil)
    let name = try context.parameters.require("channel")
    guard installation.dispatcher.channels.contains(where: { $0.name == name }) else {
      throw APIError.notFound("There is no such channel.")
    }
    try await installation.ledger.record(.settingsChanged(["alert_channel.\(name).enabled"]), by: caller.principal)
    try await installation.access.enableChannel(name)
    installation.dispatcher.wake()
    return DisclosedResponse.plain(["channel": .string(name), "enabled": .boolean(true)])
  }

  private func id(_ context: ServerContext) throws -> Int64 {
    guard let id = Int64(try context.parameters.require("id")) else { throw APIError.notFound("There is no such alert.") }
    return id
  }
}

private struct ChannelRecord: Sendable {
  let channel: Channel
  let state: ChannelState?

  var json: JSONValue {
    [
      "channel": .string(channel.name), "type": .string(channel.target.word), "format": .string(channel.stream == nil ? "alert" : "ocsf"),
      "minimum_severity": .string(channel.minimumSeverity.rawValue), "enabled": .boolean(state?.disabledReason == nil),
      "disabled_reason": state?.disabledReason.map { .string($0) } ?? .null, "waiting": .number(Double(state?.waiting ?? 0)),
      "delivered": .number(Double(state?.delivered ?? 0)), "failed": .number(Double(state?.failed ?? 0)),
      "dropped": .number(Double(state?.dropped ?? 0)), "last_success_at": state?.lastSuccessAt.map { .string($0.text) } ?? .null,
      "last_failure_at": state?.lastFailureAt.map { .string($0.text) } ?? .null,
      "last_error": state?.lastError.map { .string($0) } ?? .null,
      "next_entry": channel.stream?.takesEvents == true ? state?.nextEntry.map { .number(Double($0)) } ?? .null : .null,
    ]
  }
}

private struct AlertRecord: Sendable {
  let alert: Alert
  let history: [Alert.Change]

  var json: JSONValue {
    guard case .object(var members) = alert.json else { return .null }
    members["history"] = .list(
      history.map { change in
        [
          "at": .string(change.at.text), "by": change.by.json, "from": .string(change.from.rawValue), "to": .string(change.to.rawValue),
          "note": .string(change.note), "ledger_index": change.ledgerIndex.map { .number(Double($0)) } ?? .null,
        ]
      })
    return .object(members)
  }
}

extension Alert.About {
  fileprivate var json: JSONValue { ["kind": .string(kind), "id": .string(id), "credential": .string(credential)] }
}

extension Alert {
  fileprivate var json: JSONValue {
    [
      "id": .number(Double(id)), "kind": .string(kind.rawValue), "title": .string(kind.title), "severity": .string(severity.rawValue),
      "state": .string(state.rawValue), "project_id": project.map { .number(Double($0.rawValue)) } ?? .null,
      "about": about?.json ?? .null, "sentence": .string(sentence),
      "details": .object(
        details.mapValues { value in
          switch value {
          case .text(let text): .string(text)
          case .number(let number): .number(Double(number))
          }
        }), "count": .number(Double(count)), "raised_at": .string(raisedAt.text), "last_at": .string(lastAt.text),
      "ledger_index": ledgerIndex.map { .number(Double($0)) } ?? .null,
    ]
  }
}
