import Events

/// People of Orrery Labs who go on after the loaded period: one event a call, at the instant that it is asked for.
package struct OrreryPulse: Sendable {
  private var people: [Person]
  private var random: SeededRandom

  /// - Parameter options: of the loaded period, so that it is the same people who go on.
  package init(_ options: OrreryLabs.Options, seed: UInt64) {
    var world = OrreryLabs(options)
    people = world.people(60)
    random = SeededRandom(seed: seed)
  }

  package mutating func next(at instant: Timestamp) -> OrreryLabs.Request? {
    var requests = RequestWriter()
    people[random.below(people.count)].tellMoment(at: instant.milliseconds, random: &random, into: &requests)
    requests.flush()
    return requests.take()
  }
}
