import Journeys
import Web

/// One line of the insights page: what is counted, of which event.
struct InsightsSeriesForm: Sendable, Hashable {
  enum Measure: String, Sendable, CaseIterable {
    case total, unique, active
    case averagePerSubject = "per_subject"
    case sum, average
    case minimum = "min"
    case maximum = "max"
    case percentile, distinct

    var words: String {
      switch self {
      case .total: "Events"
      case .unique: "Subjects"
      case .active: "Active subjects"
      case .averagePerSubject: "Events per subject"
      case .sum: "Sum of"
      case .average: "Average of"
      case .minimum: "Minimum of"
      case .maximum: "Maximum of"
      case .percentile: "Percentile of"
      case .distinct: "Different values of"
      }
    }
    var takesProperty: Bool {
      switch self {
      case .total, .unique, .active, .averagePerSubject: false
      case .sum, .average, .minimum, .maximum, .percentile, .distinct: true
      }
    }
    /// Whether it can be taken within each subject first.
    var takesSubjects: Bool {
      switch self {
      case .total, .sum, .average, .minimum, .maximum: true
      case .unique, .active, .averagePerSubject, .percentile, .distinct: false
      }
    }
  }
  enum Over: String, Sendable, CaseIterable {
    case events, average, percentile
    case minimum = "min"
    case maximum = "max"
    case sum

    var words: String {
      switch self {
      case .events: "over all events"
      case .average: "within each subject, then their average"
      case .percentile: "within each subject, then a percentile"
      case .minimum: "within each subject, then the smallest"
      case .maximum: "within each subject, then the largest"
      case .sum: "within each subject, then their sum"
      }
    }
  }

  var selector = SelectorForm()
  var measure = Measure.total
  var property = ""
  /// 0...1
  var fraction = 0.5
  /// Of the trailing window.
  var days = 7
  var over = Over.events
  /// Of the percentile over subjects.
  var overFraction = 0.5
  var first: InsightsQuery.FirstTime?

  init(selector: SelectorForm, measure: Measure = .total) {
    self.selector = selector
    self.measure = measure
  }

  init(fields: FormFields, prefix: String) {
    selector = SelectorForm(fields: fields, prefix: prefix, standard: .any)
    measure = fields["\(prefix).m"].flatMap(Measure.init) ?? .total
    if measure.takesProperty { property = fields["\(prefix).p"] ?? "" }
    if measure == .percentile { fraction = PercentText.fraction(fields.text("\(prefix).q")) ?? 0.5 }
    if measure == .active { days = Int(fields.text("\(prefix).d")) ?? 7 }
    if measure.takesSubjects { over = fields["\(prefix).over"].flatMap(Over.init) ?? .events }
    if over == .percentile { overFraction = PercentText.fraction(fields.text("\(prefix).oq")) ?? 0.5 }
    // There is one way to say it.
    if measure == .total, over == .average { (measure, over) = (.averagePerSubject, .events) }
    first = fields["\(prefix).first"].flatMap(InsightsQuery.FirstTime.init)
  }

  init(_ series: InsightsQuery.Series) {
    selector = SelectorForm(series.selector)
    first = series.first
    property = series.measure.property.map(PropertyText.text) ?? ""
    if case .perSubject(let within, let outer) = series.measure {
      take(within.measure)
      switch outer {
      case .sum: over = .sum
      case .average: over = .average
      case .minimum: over = .minimum
      case .maximum: over = .maximum
      case .percentile(let wanted): (over, overFraction) = (.percentile, wanted)
      }
    } else {
      take(series.measure)
    }
  }

  private mutating func take(_ asked: InsightsQuery.Measure) {
    switch asked {
    case .total, .perSubject: measure = .total
    case .unique: measure = .unique
    case .active(let number): (measure, days) = (.active, number)
    case .averagePerSubject: measure = .averagePerSubject
    case .sum: measure = .sum
    case .average: measure = .average
    case .minimum: measure = .minimum
    case .maximum: measure = .maximum
    case .percentile(_, let wanted): (measure, fraction) = (.percentile, wanted)
    case .distinct: measure = .distinct
    }
  }

  func add(to list: inout ParameterList, prefix: String) {
    selector.add(to: &list, prefix: prefix)
    list.add("\(prefix).m", measure.rawValue, unless: "total")
    if measure.takesProperty { list.add("\(prefix).p", property) }
    if measure == .percentile { list.add("\(prefix).q", PercentText.text(fraction), unless: "50") }
    if measure == .active { list.add("\(prefix).d", String(days), unless: "7") }
    list.add("\(prefix).over", over.rawValue, unless: "events")
    if over == .percentile { list.add("\(prefix).oq", PercentText.text(overFraction), unless: "50") }
    if let first { list.add("\(prefix).first", first.rawValue) }
  }

  /// - Parameter place: how an error names it: `line A`.
  func series(_ place: String) throws(QueryError) -> InsightsQuery.Series {
    InsightsQuery.Series(selector: try selector.selector("the event of \(place)"), measure: try asked(place), first: first)
  }

  private func asked(_ place: String) throws(QueryError) -> InsightsQuery.Measure {
    let chosen = PropertyText.property(property)
    if measure.takesProperty, chosen == nil { throw QueryError(.invalid, "Choose the property of \(place).", field: "unchosen") }
    let property = chosen ?? PropertyReference("")
    switch measure {
    case .total: return outer.map { .perSubject(.total, $0) } ?? .total
    case .unique: return .unique
    case .active: return .active(days: days)
    case .averagePerSubject: return .averagePerSubject
    case .sum: return outer.map { .perSubject(.sum(property), $0) } ?? .sum(property)
    case .average: return outer.map { .perSubject(.average(property), $0) } ?? .average(property)
    case .minimum: return outer.map { .perSubject(.minimum(property), $0) } ?? .minimum(property)
    case .maximum: return outer.map { .perSubject(.maximum(property), $0) } ?? .maximum(property)
    case .percentile: return .percentile(property, fraction)
    case .distinct: return .distinct(property)
    }
  }

  private var outer: InsightsQuery.OverSubjects? {
    switch over {
    case .events: nil
    case .average: .average
    case .percentile: .percentile(overFraction)
    case .minimum: .minimum
    case .maximum: .maximum
    case .sum: .sum
    }
  }

  /// Differs from what a line usually is in something that stands among the options.
  var hasOptions: Bool { over != .events || first != nil }
}
