package import Events

/// Answers queries over one project's events. `SegmentStore` is the embedded one; every engine passes the same conformance suite.
package protocol Engine: Sendable {
  /// Changes with every durable write.
  func dataVersion() async -> UInt64

  /// When the earliest event was; nil where there is none.
  func firstEvent() async throws -> Timestamp?

  /// What the engine holds in memory now, for operators.
  func memory() async -> [MemoryUse]

  /// - Throws: `QueryError` where the query makes no sense or the data cannot be read.
  func report(_ query: Query, _ rules: ReportRules, at instant: Timestamp) async throws -> Report

  /// The canonical subjects behind one figure of a report, ascending by number. As many as the figure counts (unique counting).
  func subjects(_ door: Door, _ rules: ReportRules, at instant: Timestamp) async throws -> [SubjectReference]

  /// The same, by number only.
  func numbers(_ door: Door, _ rules: ReportRules, at instant: Timestamp) async throws -> [SubjectNumber]

  /// The newest first events of one subject (any of its ids), before `cursor`, at most `limit`.
  ///
  /// - Parameter includingHeld: for whoever has a right to all that is stored.
  func timeline(of subject: Pseudonym, before cursor: EventCursor?, limit: Int, includingHeld: Bool) async throws -> [JourneyEvent]

  /// Nil if the subject has never been seen.
  func profile(of subject: Pseudonym) async throws -> Profile?

  /// Subjects by latest activity or by the beginning of their pseudonym, at most `limit`.
  func findSubjects(prefix: String, limit: Int) async throws -> [SubjectSummary]

  /// Events in the range in a fixed order (subject, time), after `cursor`, at most `limit`, for export. Deduplicated.
  func export(_ range: DateRange, events: [String]?, calendar: ProjectCalendar, after cursor: EventCursor?, limit: Int) async throws
    -> [JourneyEvent]

  /// Event names with their volume, property names of an event, and frequent values of a property: what pickers offer.
  func catalog() async throws -> Catalog
  func values(of property: String, event: String?, limit: Int) async throws -> [StoredValue]

  /// What is stored of an event and its properties since a time.
  func statistics(of event: String, since time: Timestamp) async throws -> EventStatistics

  /// The same of profiles, of people or of organizations. Of very many only a part is looked at.
  func profileStatistics(ofGroups: Bool) async throws -> EventStatistics

  /// What is stored of events that no answer has until somebody decides, the most frequent first.
  func heldEvents() async throws -> [HeldEvents]
}

extension Engine {
  package func timeline(of subject: Pseudonym, before cursor: EventCursor?, limit: Int) async throws -> [JourneyEvent] {
    try await timeline(of: subject, before: cursor, limit: limit, includingHeld: false)
  }
}

/// What a project says of all its reports.
package struct ReportRules: Sendable, Hashable {
  package var calendar: ProjectCalendar
  /// Groups of a breakdown with fewer actors than this are merged into "other", and with them as many of the smallest others as it takes for
  /// that to have so many (semantics A.13); 1: every group is shown.
  package var smallestGroup: Int
  package init(calendar: ProjectCalendar, smallestGroup: Int) {
    self.calendar = calendar
    self.smallestGroup = smallestGroup
  }
}

/// What a part of an engine takes in memory, about.
package struct MemoryUse: Sendable, Hashable {
  package var part: String
  package var bytes: Int
  package init(part: String, bytes: Int) {
    self.part = part
    self.bytes = bytes
  }
}

/// How a project cuts time: its zone (IANA) and the first day of its week.
package struct ProjectCalendar: Sendable, Hashable {
  package enum Weekday: String, Sendable, Hashable, Codable, CaseIterable { case monday, sunday }
  package var zone: String
  package var weekStart: Weekday
  package init(zone: String = "UTC", weekStart: Weekday = .monday) {
    self.zone = zone
    self.weekStart = weekStart
  }
}

package struct QueryError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    case invalid, unreadable
    case tooLarge = "too_large"
    case cancelled
    /// Too many questions wait already: ask again later (HTTP 429).
    case busy
  }
  package var code: Code
  /// A sentence that says what was wrong and what to do.
  package var message: String
  /// The part of the query that it is about, such as `steps[1].filter`; nil if none.
  package var field: String?
  package init(_ code: Code, _ message: String, field: String? = nil) {
    self.code = code
    self.message = message
    self.field = field
  }
  package var description: String { message }
}

package struct SubjectReference: Sendable, Hashable {
  package var number: SubjectNumber
  package var pseudonym: Pseudonym
  package init(number: SubjectNumber, pseudonym: Pseudonym) {
    self.number = number
    self.pseudonym = pseudonym
  }
}

package struct SubjectSummary: Sendable, Hashable {
  package var subject: SubjectReference
  package var events: Int
  package var firstSeen: Timestamp
  package var lastSeen: Timestamp
  package init(subject: SubjectReference, events: Int, firstSeen: Timestamp, lastSeen: Timestamp) {
    self.subject = subject
    self.events = events
    self.firstSeen = firstSeen
    self.lastSeen = lastSeen
  }
}

/// A stored event, pseudonymous, as timelines and exports show it.
package struct JourneyEvent: Sendable, Hashable {
  package var name: String
  package var time: Timestamp
  /// Canonical as of the reading; nil for an event without an actor.
  package var subject: SubjectReference?
  /// The subject under whose id it arrived (differs from `subject` after a merge).
  package var original: SubjectReference?
  package var properties: [StoredProperty]
  package var cursor: EventCursor
  package init(
    name: String, time: Timestamp, subject: SubjectReference?, original: SubjectReference?, properties: [StoredProperty],
    cursor: EventCursor
  ) {
    self.name = name
    self.time = time
    self.subject = subject
    self.original = original
    self.properties = properties
    self.cursor = cursor
  }
}

/// A place between two events of one ordering. Opaque to callers; its text form is what `next` in an API page holds.
package struct EventCursor: Sendable, Hashable {
  package var text: String
  package init(text: String) { self.text = text }
}

/// A person's or organization's properties, in the two layers by who wrote them.
package struct Profile: Sendable, Hashable {
  package var subject: SubjectReference
  /// Written with a secret credential.
  package var verified: [StoredProperty]
  /// Written with the public project token: anybody could have.
  package var unverified: [StoredProperty]
  package init(subject: SubjectReference, verified: [StoredProperty], unverified: [StoredProperty]) {
    self.subject = subject
    self.verified = verified
    self.unverified = unverified
  }
}

package struct Catalog: Sendable, Hashable {
  package struct Event: Sendable, Hashable {
    package var name: String
    package var count: Int
    package var properties: [String]
    package init(name: String, count: Int, properties: [String]) {
      self.name = name
      self.count = count
      self.properties = properties
    }
  }
  /// Largest first.
  package var events: [Event]
  package var eventCount: Int
  package var subjectCount: Int
  package var firstEvent: Timestamp?
  package var lastEvent: Timestamp?
  package init(events: [Event], eventCount: Int, subjectCount: Int, firstEvent: Timestamp?, lastEvent: Timestamp?) {
    self.events = events
    self.eventCount = eventCount
    self.subjectCount = subjectCount
    self.firstEvent = firstEvent
    self.lastEvent = lastEvent
  }
}

/// A figure of a report, as a way to the subjects behind it.
package struct Door: Sendable, Hashable {
  package enum Cell: Sendable, Hashable {
    /// One bucket (nil: the whole range) of one line.
    case insights(series: Int, group: ReportGroup, bucket: Int?)
    /// Those who reached `step`, or those who got there and not to the next one.
    case funnel(group: ReportGroup, step: Int, droppedAfter: Bool)
    /// Whom an exclusion kept from getting further.
    case funnelExcluded(group: ReportGroup)
    /// Of the funnel of one bucket's entries.
    case funnelTrend(group: ReportGroup, step: Int, droppedAfter: Bool, bucket: Int)
    /// The retained of a cohort (by index) in a column, of everybody or of one segment; period nil: the whole cohort.
    case retention(group: ReportGroup = .everything, cohort: Int, period: Int?)
    case flows(position: Int, node: FlowsReport.Node)
    /// All members of a cohort.
    case cohort
    case lifecycle(bucket: Int, state: LifecycleReport.State)
    /// Active in exactly so many buckets, or in at least so many.
    case stickiness(buckets: Int, atLeast: Bool)
    /// Those with a session that began in the bucket (nil: the whole range).
    case sessions(group: ReportGroup, bucket: Int?)
  }
  package var query: Query
  package var cell: Cell
  package init(query: Query, cell: Cell) {
    self.query = query
    self.cell = cell
  }
}
