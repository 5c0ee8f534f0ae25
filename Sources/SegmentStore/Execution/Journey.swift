/// The events of one canonical subject in time order, as a visitor of the scan sees them. The pointers are valid during the visit only.
struct Journey {
  /// Where an event stands: for property look-ups.
  struct Place {
    var run: Int32
    var row: UInt32
  }

  /// `ColumnRun.noActor` for a piece of the events without an actor.
  let subject: UInt32
  /// 1, 2, 3 … in the order of visits; two passes over one snapshot give a subject the same one.
  let ordinal: UInt32
  let count: Int
  let times: UnsafePointer<Int64>
  let events: UnsafePointer<UInt16>
  /// One bit for each selector of the query that the event matches.
  let masks: UnsafePointer<UInt32>
  /// Where all events stand in a row in one run: that run and the first row; otherwise see `places`.
  let run: Int
  let firstRow: Int
  let places: UnsafePointer<Place>?

  @inline(__always) func place(_ index: Int) -> Place {
    if let places { return places[index] }
    return Place(run: Int32(truncatingIfNeeded: run), row: UInt32(truncatingIfNeeded: firstRow + index))
  }
}

/// What a pass over all journeys does with each.
protocol JourneyVisitor {
  mutating func visit(_ journey: Journey)
  /// A piece of the events that have no actor: in no order across pieces.
  mutating func visitWithoutActor(_ journey: Journey)
}
