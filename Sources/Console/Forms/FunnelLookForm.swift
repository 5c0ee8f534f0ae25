import Journeys
import Web

/// What a funnel's page shows: its steps, how the conversion goes over time, or how long it takes. Both are parts of the query.
struct FunnelLookForm: Sendable, Hashable {
  enum Look: String, Sendable, CaseIterable {
    case steps, trend, time
    /// Only a query that was not made here has both.
    case both
  }

  /// From one step to a later one, counted from 0. Without `to`: the last.
  struct Time: Sendable, Hashable {
    var from = 0
    var to: Int?
    var bins = 20
  }

  var trend: BucketUnit?
  var time: Time?

  init() {}

  init(_ query: FunnelQuery) {
    trend = query.trend
    time = query.timeToConvert.map { Time(from: $0.fromStep, to: $0.toStep == query.steps.count - 1 ? nil : $0.toStep, bins: $0.bins) }
  }

  init(fields: FormFields, stepCount: Int) {
    let look = fields["view"].flatMap(Look.init) ?? .steps
    if look == .trend || look == .both { trend = fields["unit"].flatMap(BucketUnit.init) ?? .day }
    guard look == .time || look == .both else { return }
    time = Time(
      from: StepText.step(fields.text("ta"), in: 0..<(stepCount - 1)) ?? 0, to: StepText.step(fields.text("tb"), in: 1..<(stepCount - 1)),
      bins: Int(fields.text("bars")) ?? 20)
  }

  func add(to list: inout ParameterList) {
    list.add("view", look.rawValue, unless: "steps")
    if let trend { list.add("unit", trend.rawValue, unless: "day") }
    if let time {
      list.add("ta", StepText.text(time.from), unless: "1")
      if let to = time.to { list.add("tb", StepText.text(to)) }
      list.add("bars", String(time.bins), unless: "20")
    }
  }

  var look: Look {
    switch (trend, time) {
    case (nil, nil): .steps
    case (_?, nil): .trend
    case (nil, _?): .time
    case (_?, _?): .both
    }
  }

  /// The same funnel looked at in another way, from the beginning.
  func looking(_ look: Look, days: Int) -> FunnelLookForm {
    var other = FunnelLookForm()
    if look == .trend { other.trend = trend ?? Self.unit(days) }
    if look == .time { other.time = time ?? Time() }
    return other
  }

  /// A unit that cuts so many days into as many points as can be told apart.
  static func unit(_ days: Int) -> BucketUnit { days <= 2 ? .hour : days <= 93 ? .day : .week }

  func timeToConvert(stepCount: Int) throws(QueryError) -> FunnelQuery.TimeToConvert? {
    guard let time else { return nil }
    let last = time.to ?? stepCount - 1
    guard time.from < last else {
      throw QueryError(.invalid, "The time to convert goes from a step to a later one.", field: "time_to_convert")
    }
    return .init(fromStep: time.from, toStep: last, bins: time.bins)
  }

  mutating func drop(_ step: Int, of stepCount: Int) {
    guard var time else { return }
    time.from = StepText.place(of: time.from, dropping: step, of: stepCount, most: stepCount - 3)
    time.to = time.to.map { StepText.place(of: $0, dropping: step, of: stepCount, most: stepCount - 2) }
    if let last = time.to, last >= stepCount - 2 || last <= time.from { time.to = nil }
    self.time = time
  }
}
