import Events

/// The events of Orrery Labs, a fictional API platform: 90 days of people who sign up, verify, create keys, call and upgrade, as the
/// bodies of requests to Mixpanel's `/import`, `/engage` and `/groups`.
///
/// Seeded: the same options give the same bytes. Streams person by person, so that memory stays small whatever `events` is.
package struct OrreryLabs: Sendable, IteratorProtocol, Sequence {
  package struct Options: Sendable {
    package var seed: UInt64
    /// About how many events; the last person's journey is told to its end.
    package var events: Int
    package var days: Int
    /// No event lies after this instant.
    package var until: Timestamp
    package init(seed: UInt64 = 1, events: Int = 1_000_000, days: Int = 90, until: Timestamp) {
      self.seed = seed
      self.events = events
      self.days = days
      self.until = until
    }
  }

  package enum Endpoint: String, Sendable { case `import`, engage, groups }

  package struct Request: Sendable {
    package let endpoint: Endpoint
    /// NDJSON for `import`, a JSON array for the others.
    package let body: [UInt8]
    package let records: Int
  }

  static let recordsPerRequest = 2_000

  private let options: Options
  private var random: SeededRandom
  private let organizations: [Organization]
  private var people = 0
  private var requests = RequestWriter()

  package init(_ options: Options) {
    self.options = options
    var random = SeededRandom(seed: options.seed)
    let count = Swift.max(4, options.events / 2_500)
    organizations = (0..<count).map { Organization(index: $0, random: &random) }
    self.random = random
    for organization in organizations { requests.group { Self.describe(organization, into: &$0) } }
    requests.flushGroups()
  }

  package mutating func next() -> Request? {
    while true {
      if let request = requests.take() { return request }
      guard requests.eventCount < options.events else {
        requests.flush()
        return requests.take()
      }
      var person = Person(number: people, organizations: organizations, options: options, random: &random)
      people += 1
      person.tell(random: &random, into: &requests)
      requests.profile { person.describe(into: &$0) }
    }
  }

  /// The first people of this world, as they are after their journeys.
  mutating func people(_ count: Int) -> [Person] {
    var found: [Person] = []
    while found.count < count {
      var person = Person(number: people, organizations: organizations, options: options, random: &random)
      people += 1
      var unheard = RequestWriter()
      person.tell(random: &random, into: &unheard)
      found.append(person)
    }
    return found
  }

  private static func describe(_ organization: Organization, into groups: inout JSONText) {
    groups.object { update in
      update.member("$group_key", "org_id")
      update.member("$group_id", organization.id)
      update.object("$set") { properties in
        properties.member("$name", organization.name)
        properties.member("$email", "billing@" + organization.domain)
        properties.member("industry", organization.industry)
        properties.member("plan", Cast.plans[organization.plan])
        properties.member("country", Cast.places[organization.place].country)
      }
    }
  }
}
