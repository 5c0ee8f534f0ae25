internal import Journeys

/// A place between events in the order (canonical subject, time, number under which it arrived, arrival); the text form of a cursor.
///
/// The arrival is the event's index among those that agree in the other three, oldest first: it does not change when later events arrive
/// or files are merged.
struct EventPlace: Hashable, Comparable {
  var subject: UInt32
  var time: Int64
  var raw: UInt32
  var index: Int

  static func < (left: EventPlace, right: EventPlace) -> Bool {
    if left.subject != right.subject { return left.subject < right.subject }
    if left.time != right.time { return left.time < right.time }
    if left.raw != right.raw { return left.raw < right.raw }
    return left.index < right.index
  }

  var cursor: EventCursor { EventCursor(text: "\(subject).\(time).\(raw).\(index)") }

  init(subject: UInt32, time: Int64, raw: UInt32, index: Int) {
    self.subject = subject
    self.time = time
    self.raw = raw
    self.index = index
  }

  init(_ cursor: EventCursor) throws(QueryError) {
    let parts = cursor.text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, let subject = UInt32(parts[0]), let time = Int64(parts[1]), let raw = UInt32(parts[2]),
      let index = Int(parts[3]),
      index >= 0
    else { throw QueryError(.invalid, "This is not a place that a page before named. Begin without it.", field: "cursor") }
    self.init(subject: subject, time: time, raw: raw, index: index)
  }
}
