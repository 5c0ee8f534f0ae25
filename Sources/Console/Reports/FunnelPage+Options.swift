import Journeys
import Web

/// What a funnel can do beside its sentence.
extension FunnelPage {
  static func options(_ form: FunnelForm, _ builder: Builder) -> HTML {
    """
    <div>\(rules(form))</div>\(exclusions(form, builder))<div>\(held(form)); \(bounds(form))</div>\(limits(form))\
    <div>\(builder.breakdown(form.breakdown))</div>\(attribution(form))\
    <div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\(builder.filter(form.filter, prefix: "f"))\
    \(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div><div>\(look(form))</div>
    """
  }

  static func hasOptions(_ form: FunnelForm) -> Bool {
    form.order != .sequential || form.counting != .unique || form.entry != .longest || form.filter.conditions.contains(where: \.isDraft)
      || !form.breakdown.isEmpty || !form.exclusions.isEmpty || !form.hold.isEmpty || form.withinRange || form.hop != nil || form.grace > 0
      || form.look.look != .steps
  }

  private static func rules(_ form: FunnelForm) -> HTML {
    let order = Builder.select(
      "order", "Order of steps", [("sequential", "in this order"), ("strict", "directly one after another"), ("any", "in any order")],
      chosen: form.order.rawValue)
    let counting = Builder.select(
      "count", "What is counted", [("unique", "each subject once"), ("sessions", "each session once"), ("totals", "every attempt")],
      chosen: form.counting.rawValue)
    let gap: HTML =
      form.counting == .sessions
      ? " <span class=\"soft\">with no pause over</span> \(Builder.number("gap", "Longest pause in seconds", form.gap, QueryLimits.sessionGapSeconds)) <span class=\"soft\">seconds</span>"
      : HTML()
    // Every attempt is judged by itself; the choice for single ones is carried along.
    guard form.counting != .totals else {
      return """
        <span class="soft">Steps</span> \(order)<span class="soft">, counting</span> \(counting)<input type="hidden" name="entry" value="\(form.entry.rawValue)">
        """
    }
    var entries = [("longest", "the attempt that got furthest"), ("first", "the first attempt")]
    if form.order == .sequential || form.entry == .lastBeforeNext {
      entries.append(("last_before_next", "furthest, from its last entry"))
    }
    let entry = Builder.select("entry", "Which attempt counts", entries, chosen: form.entry.rawValue)
    return
      "<span class=\"soft\">Steps</span> \(order)<span class=\"soft\">, counting</span> \(counting)\(gap), <span class=\"soft\">judged by</span> \(entry)"
  }

  /// Steps by their numbers, as the sentence has them.
  private static func step(_ name: String, _ label: String, _ range: Range<Int>, chosen: Int, last: String? = nil) -> HTML {
    Builder.select(
      name, label,
      range.map { step in
        (StepText.text(step), step == range.upperBound - 1 ? last ?? "step \(step + 1)" : "step \(step + 1)")
      }, chosen: StepText.text(chosen))
  }

  private static func exclusions(_ form: FunnelForm, _ builder: Builder) -> HTML {
    let count = form.steps.count
    let rows = form.exclusions.enumerated().map { index, exclusion -> HTML in
      let place = "x\(index)"
      return """
        <div class="where"><span class="soft">\(index == 0 ? "but not" : "and not")</span> \
        \(builder.event(place, exclusion.selector.event, label: "Event of exclusion \(index + 1)")) \(Builder.addCondition(place)) \
        <span class="soft">between</span> \(step("\(place).from", "Exclusion \(index + 1) begins after", 0..<(count - 1), chosen: exclusion.from)) \
        <span class="soft">and</span> \(step("\(place).to", "Exclusion \(index + 1) ends before", 1..<count, chosen: exclusion.to ?? count - 1)) \
        \(Builder.command("unexclude:\(index)", "×", label: "Remove exclusion \(index + 1)"))\(builder.filter(exclusion.selector.filter, prefix: place))</div>
        """
    }
    let add: HTML =
      form.order == .sequential || !form.exclusions.isEmpty ? Builder.command("exclude", "+ event that must not come between") : HTML()
    guard !rows.isEmpty else { return add.isEmpty ? HTML() : "<div>\(add)</div>" }
    let mode = Builder.select(
      "excluded", "What an exclusion does", [("", "the attempt ends before it"), ("removed", "the subject leaves the funnel")],
      chosen: form.exclusionMode == .removeSubject ? "removed" : "")
    return "\(rows)<div><span class=\"soft\">If one does,</span> \(mode) \(add)</div>"
  }

  /// The properties held, and a field for one more.
  private static func held(_ form: FunnelForm) -> HTML {
    let fields = form.hold + (form.hold.count < QueryLimits.heldProperties ? [""] : [])
    let inputs = fields.map { Builder.property("hold", $0, label: "Property that is the same in all steps") }
    return "<span class=\"soft\">The same</span> \(inputs.joined(" ")) <span class=\"soft\">in all steps</span>"
  }

  private static func bounds(_ form: FunnelForm) -> HTML {
    let within = Builder.select(
      "within", "Where later steps may lie", [("", "may lie behind the last day"), ("range", "lie in the range too")],
      chosen: form.withinRange ? "range" : "")
    return "<span class=\"soft\">later steps</span> \(within)"
  }

  private static func limits(_ form: FunnelForm) -> HTML {
    guard form.order == .sequential || form.hop != nil || form.grace > 0 else { return HTML() }
    let length = form.hop.map { "\($0.count)" } ?? ""
    let units = WindowForm.Unit.allCases.map { ($0.rawValue, $0.rawValue + (form.hop?.count == 1 ? "" : "s")) }
    return """
      <div><span class="soft">Each step within</span> <input type="number" name="hop" aria-label="Longest time from step to step" value="\(length)" min="1" max="\(QueryLimits.windowSeconds.upperBound)" placeholder="any">\
      \(Builder.select("hopu", "Unit of the time from step to step", units, chosen: (form.hop?.unit ?? .hour).rawValue)) <span class="soft">of the one before; steps within</span> \
      \(Builder.number("grace", "Milliseconds within which steps may come in either order", form.grace, QueryLimits.graceMilliseconds)) <span class="soft">ms in either order</span></div>
      """
  }

  private static func attribution(_ form: FunnelForm) -> HTML {
    guard !form.breakdown.isEmpty else { return HTML() }
    var places: [(value: String, words: String)] = [
      ("entry", "at the first step"), ("first_entry", "at the first entry of all"), ("last", "at the last step reached"),
    ]
    places += form.steps.indices.dropFirst().map { (StepText.text($0), "at step \($0 + 1)") }
    let select = Builder.select("at", "Where the value is taken", places, chosen: FunnelForm.text(form.attribution))
    return "<div><span class=\"soft\">Its value is taken</span> \(select)</div>"
  }

  private static func look(_ form: FunnelForm) -> HTML {
    var looks: [(value: String, words: String)] = [
      ("steps", "the steps"), ("trend", "the conversion over time"), ("time", "the time to convert"),
    ]
    if form.look.look == .both { looks.append(("both", "both of these")) }
    var parts: [HTML] = [
      "<span class=\"soft\">Show</span> \(Builder.select("view", "What is shown", looks, chosen: form.look.look.rawValue))"
    ]
    if let trend = form.look.trend {
      let unit = Builder.select("unit", "Unit of time", BucketUnit.allCases.map { ($0.rawValue, $0.rawValue) }, chosen: trend.rawValue)
      parts.append("<span class=\"soft\">per</span> \(unit)")
    }
    if let time = form.look.time {
      let count = form.steps.count
      parts.append(
        """
        <span class="soft">from</span> \(step("ta", "The time begins with", 0..<(count - 1), chosen: time.from)) \
        <span class="soft">to</span> \(step("tb", "The time ends with", 1..<count, chosen: time.to ?? count - 1)) \
        <span class="soft">in</span> \(Builder.number("bars", "Columns", time.bins, QueryLimits.timeBins)) <span class="soft">columns</span>
        """)
    }
    if form.rates != .overall { parts.append("<input type=\"hidden\" name=\"rates\" value=\"\(form.rates.rawValue)\">") }
    return parts.joined(" ")
  }
}
