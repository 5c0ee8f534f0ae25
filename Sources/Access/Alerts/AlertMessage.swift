import Events

/// What a channel is told of an alert: as it stood at that moment, so that every attempt says the same.
package struct AlertMessage: Sendable, Hashable, Codable {
  package enum Occasion: String, Sendable, Hashable, Codable {
    case raised = "alert.raised"
    case changed = "alert.changed"
    /// Sent by `sealane alerts test`; there is no such alert.
    case test = "alert.test"
  }

  package var occasion: Occasion
  /// Of the raise, or of the change.
  package var at: Int64
  package var alert: Int64
  package var kind: String
  package var title: String
  package var severity: String
  package var state: String
  /// The state before a change.
  package var from: String?
  package var raisedAt: Int64
  package var lastAt: Int64
  package var count: Int
  package var project: Int64?
  package var aboutKind: String?
  package var aboutID: String?
  package var credential: String?
  package var sentence: String
  package var details: [String: Alert.Value]
  /// Who changed it.
  package var byKind: String?
  package var byID: String?

  package init(raised alert: Alert) {
    occasion = .raised
    at = alert.raisedAt.milliseconds
    self.alert = alert.id
    kind = alert.kind.rawValue
    title = alert.kind.title
    severity = alert.severity.rawValue
    state = alert.state.rawValue
    raisedAt = alert.raisedAt.milliseconds
    lastAt = alert.lastAt.milliseconds
    count = alert.count
    project = alert.project?.rawValue
    aboutKind = alert.about?.kind
    aboutID = alert.about?.id
    credential = alert.about?.credential
    sentence = alert.sentence
    details = alert.details
  }

  package init(changed alert: Alert, from: Alert.State, by: Alert.About, at: Timestamp) {
    self.init(raised: alert)
    occasion = .changed
    self.at = at.milliseconds
    self.from = from.rawValue
    byKind = by.kind
    byID = by.id
  }

  package init(testAt now: Timestamp) {
    self.init(
      raised: Alert(
        id: 0, kind: .unknown, severity: .low, project: nil, about: nil, sentence: "This is a test: nothing happened.", details: [:],
        state: .open, count: 1, raisedAt: now, lastAt: now, ledgerIndex: nil))
    occasion = .test
    kind = "test"
    title = "A test of this channel"
  }
}

/// Calls that were refused, counted by what is alike of them within some seconds.
package struct RefusalMessage: Sendable, Hashable, Codable {
  /// 401 or 403; with a reason another one perhaps.
  package var status: Int
  package var method: String
  /// The route's pattern, never the path that was asked for.
  package var route: String
  /// Where it came in: console, intake or control.
  package var door: String
  /// The public id of a known account, where one was named.
  package var account: String?
  /// Why somebody could not sign in: a word of a closed set. Nil: nobody tried to.
  package var reason: String?
  package var count: Int
  package var first: Int64
  package var last: Int64

  package init(
    status: Int, method: String, route: String, door: String, account: String?, reason: String? = nil, at time: Timestamp
  ) {
    self.reason = reason
    self.status = status
    self.method = method
    self.route = route
    self.door = door
    self.account = account
    count = 1
    first = time.milliseconds
    last = time.milliseconds
  }
}

/// A channel that alerts go to, as far as the control database has to know it.
package struct AlertRoute: Sendable, Hashable {
  package let channel: String
  package let minimumSeverity: Alert.Severity
  /// Whether refusals go there too.
  package let takesEvents: Bool

  package init(channel: String, minimumSeverity: Alert.Severity, takesEvents: Bool) {
    self.channel = channel
    self.minimumSeverity = minimumSeverity
    self.takesEvents = takesEvents
  }
}

/// A message that waits for its channel.
package struct Delivery: Sendable, Hashable, Identifiable {
  package enum Content: Sendable, Hashable {
    case alert(AlertMessage)
    case refusal(RefusalMessage)
  }

  package let id: Int64
  package let channel: String
  /// The same at every attempt and on every channel: what receivers recognise repetitions by.
  package let message: String
  package let content: Content
  /// Attempts that failed.
  package let attempts: Int
  package let madeAt: Timestamp
  package let expiresAt: Timestamp
}

/// How a channel does.
package struct ChannelState: Sendable, Hashable {
  package let name: String
  package let waiting: Int
  package let delivered: Int
  package let failed: Int
  /// Left out because too many waited.
  package let dropped: Int
  package let lastSuccessAt: Timestamp?
  package let lastFailureAt: Timestamp?
  package let lastError: String?
  /// Nothing is sent until somebody enables it again.
  package let disabledReason: String?
  /// The next entry of the ledger that goes there; nil where entries do not.
  package let nextEntry: UInt64?
}
