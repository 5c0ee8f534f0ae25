import Journeys
import Web

/// The controls of a query sentence. Plain form controls: without a script every button is a submit.
struct Builder {
  let catalog: Catalog
  /// Saved ones, for conditions and to split by.
  var cohorts = CohortNames()
  var groupKeys: [String] = []

  /// What makes the Enter key run the report instead of pressing the first button in the form.
  static let defaultButton: HTML = "<button class=\"unseen\" tabindex=\"-1\" aria-hidden=\"true\">Run</button>"

  /// More names than a list can be looked through: they are typed, with suggestions.
  static let listedEvents = 500
  private var isTyped: Bool { catalog.events.count > Self.listedEvents }

  func event(_ name: String, _ choice: EventChoice, label: String) -> HTML {
    // A field shows a name's own direction marks at work; a list shows them by their code points.
    let isPlain = VisibleText.of(choice.text) == choice.text
    if isTyped, !isPlain {
      return """
        <select name="\(value: name)" aria-label="\(label)">\(Self.option(choice.text, VisibleText.shortened(choice.shown, to: 80), isChosen: true))\
        \(Self.option("", "another event…", isChosen: false))</select>
        """
    }
    if isTyped {
      return """
        <input type="text" class="wide" name="\(value: name)" value="\(value: choice.text)" list="events" placeholder="event, or * for any" aria-label="\(label), * for any" autocomplete="off" spellcheck="false">
        """
    }
    let names = catalog.events.map(\.name)
    var options = HTML()
    if choice == .unchosen { options += "<option value=\"\" selected>choose an event…</option>" }
    options += Self.option(EventChoice.any.text, "any event", isChosen: choice == .any)
    if case .named(let chosen) = choice, !names.contains(chosen) { options += Self.option(choice.text, chosen, isChosen: true) }
    for event in names {
      let one = EventChoice.named(event)
      options += Self.option(one.text, VisibleText.shortened(event, to: 80), isChosen: choice == one)
    }
    return "<select name=\"\(value: name)\" aria-label=\"\(label)\">\(options)</select>"
  }

  /// What typed event names are offered, most frequent first; empty where there is a list to choose from.
  var eventList: HTML {
    guard isTyped else { return HTML() }
    let options = catalog.events.prefix(5_000).map { "<option value=\"\(value: EventChoice.named($0.name).text)\"></option>" as HTML }
    return "<datalist id=\"events\">\(options)</datalist>"
  }

  static func select(_ name: String, _ label: String, _ options: [(value: String, words: String)], chosen: String) -> HTML {
    "<select name=\"\(value: name)\" aria-label=\"\(label)\">\(options.map { option($0.value, $0.words, isChosen: $0.value == chosen) })</select>"
  }

  static func option(_ value: String, _ words: String, isChosen: Bool) -> HTML {
    "<option value=\"\(value: value)\"\(isChosen ? " selected" as HTML : "")>\(words)</option>"
  }

  static func number(_ name: String, _ label: String, _ number: some BinaryInteger, _ range: ClosedRange<Int>) -> HTML {
    "<input type=\"number\" name=\"\(value: name)\" aria-label=\"\(label)\" value=\"\(number)\" min=\"\(range.lowerBound)\" max=\"\(range.upperBound)\">"
  }

  static func property(_ name: String, _ value: String, label: String) -> HTML {
    "<input type=\"text\" class=\"wide\" name=\"\(value: name)\" value=\"\(value: value)\" list=\"properties\" placeholder=\"property\" aria-label=\"\(label)\" autocomplete=\"off\" spellcheck=\"false\">"
  }

  static func window(_ window: WindowForm) -> HTML {
    """
    \(number("w", "Length of the window", window.count, 1...31_622_400))\
    \(select("wu", "Unit of the window", WindowForm.Unit.allCases.map { ($0.rawValue, $0.rawValue + (window.count == 1 ? "" : "s")) }, chosen: window.unit.rawValue))
    """
  }

  /// A button that submits the form with a change to it.
  static func command(_ command: String, _ words: HTML, label: String? = nil) -> HTML {
    let name: HTML = label.map { " aria-label=\"\($0)\" title=\"\($0)\"" } ?? ""
    return "<button class=\"quiet\" name=\"do\" value=\"\(value: command)\"\(name)>\(words)</button>"
  }

  /// The rows of a filter, and what adds one.
  func filter(_ filter: FilterForm, prefix: String, word: String = "where") -> HTML {
    if let whole = filter.whole {
      return """
        <div class="where"><span class="soft">\(word)</span> <span class="chip" title="\(whole.json.text)">\(VisibleText.shortened(whole.json.text, to: 80))</span>\
        <input type="hidden" name="\(value: "\(prefix).filter")" value="\(value: whole.json.text)"> \(Self.command("unfilter:\(prefix)", "remove"))</div>
        """
    }
    guard !filter.conditions.isEmpty else { return HTML() }
    let rows = filter.conditions.enumerated().map { row, condition -> HTML in
      let place = "\(prefix).c\(row)"
      let lead: HTML
      switch row {
      case 0: lead = "<span class=\"soft\">\(word)</span>"
      case 1: lead = Self.select("\(prefix).join", "All or any", [("all", "and"), ("any", "or")], chosen: filter.holdsAny ? "any" : "all")
      default: lead = "<span class=\"soft\">\(filter.holdsAny ? "or" : "and")</span>"
      }
      if condition.isOfCohort {
        return """
          <div class="where">\(lead) <span class="soft">its subject</span> \(Self.select("\(place).o", "In it or not", FilterForm.Condition.Operator.ofCohorts.map { ($0.rawValue, $0.words) }, chosen: condition.relation.rawValue)) \
          \(cohort("\(place).k", condition.value)) \(Self.command("uncondition:\(prefix).\(row)", "×", label: "Remove this condition"))</div>
          """
      }
      let value: HTML = condition.relation.takesValue ? Self.values("\(place).v", condition.value) : ""
      return """
        <div class="where">\(lead) \(Self.property("\(place).p", condition.property, label: "Property")) \
        \(Self.select("\(place).o", "Comparison", FilterForm.Condition.Operator.ofProperties.map { ($0.rawValue, $0.words) }, chosen: condition.relation.rawValue)) \
        \(value) \(Self.command("uncondition:\(prefix).\(row)", "×", label: "Remove this condition"))</div>
        """
    }
    return rows.joined()
  }

  static func addCondition(_ prefix: String, _ words: HTML = "+ condition") -> HTML {
    "<span class=\"soft\">\(command("condition:\(prefix)", words)) \(command("incohort:\(prefix)", "+ cohort"))</span>"
  }

  static func values(_ name: String, _ value: String) -> HTML {
    "<input type=\"text\" class=\"values\" name=\"\(value: name)\" value=\"\(value: value)\" placeholder=\"value, value\" aria-label=\"Value\" autocomplete=\"off\" spellcheck=\"false\">"
  }

  /// A saved cohort by name.
  func cohort(_ name: String, _ chosen: String) -> HTML {
    var options = Self.option("", cohorts.all.isEmpty ? "none is saved yet" : "choose a cohort…", isChosen: chosen.isEmpty)
    if let id = Int64(chosen), cohorts[id] == nil { options += Self.option(chosen, cohorts.name(id), isChosen: true) }
    for (id, name) in cohorts.all {
      options += Self.option(String(id), VisibleText.shortened(name, to: 80), isChosen: String(id) == chosen)
    }
    return "<select name=\"\(value: name)\" aria-label=\"Cohort\">\(options)</select>"
  }

  /// Who is counted; nothing where the project knows no organizations.
  func level(_ chosen: String, words: (people: String, organizations: String)) -> HTML {
    let keys = groupKeys + (chosen.isEmpty || groupKeys.contains(chosen) ? [] : [chosen])
    guard !keys.isEmpty else { return "<span class=\"soft\">\(words.people)</span>" }
    return Self.select(
      "level", "Who is counted", [("", words.people)] + keys.map { ($0, "\(words.organizations) (by \($0))") }, chosen: chosen)
  }

  func breakdown(_ form: BreakdownForm) -> HTML {
    "\(byProperty(form))\(byCohorts(form))"
  }

  private func byCohorts(_ form: BreakdownForm) -> HTML {
    if !form.whole.isEmpty {
      let text = JSONValue.list(form.whole.map(\.json)).text
      return """
         <span class="soft">split by cohorts</span> <label class="chip" title="\(text)"><input type="checkbox" name="by.cohorts" value="\(value: text)" checked> \(VisibleText.shortened(form.whole.map(\.name).joined(separator: ", "), to: 80))</label>
        """
    }
    let unknown = form.cohorts.filter { cohorts[$0] == nil }.map { ($0, cohorts.name($0)) }
    let all = cohorts.all.map { ($0.id, $0.name) } + unknown
    guard !all.isEmpty else { return HTML() }
    let boxes = all.map { id, name -> HTML in
      let mark: HTML = form.cohorts.contains(id) ? " checked" : ""
      return
        "<label class=\"chip\"><input type=\"checkbox\" name=\"by.cohort\" value=\"\(id)\"\(mark)> \(VisibleText.shortened(name, to: 60))</label>"
    }
    return """
      <details class="picks"\(form.cohorts.isEmpty ? HTML() : " open" as HTML)><summary>\(form.cohorts.isEmpty ? "or split by cohorts" : "split by cohorts")</summary>\(boxes.joined(" "))</details>
      """
  }

  private func byProperty(_ form: BreakdownForm) -> HTML {
    guard !form.isByCohorts else { return HTML() }
    return """
      <span class="soft">split by</span> \(Self.property("by", form.property, label: "Split by property"))\(form.property.isEmpty ? HTML() : """
       <span class="soft">, the</span> \(Self.number("top", "Number of groups", form.limit, QueryLimits.breakdown)) <span class="soft">largest</span>
      """ as HTML)
      """
  }

  /// From, to, and links to the last day, week, month and year.
  func range<Form: ReportForm>(_ form: Form, today: CalendarDate) -> HTML {
    let links = RangeForm.presets.map { preset -> HTML in
      let other = form.spanning(form.range.last(preset.days, today: today))
      let mark: HTML = other.range == form.range ? " aria-current=\"true\"" : ""
      return
        "<a href=\"\(other.address)\" data-key=\"\(preset.key)\" title=\"Last \(NumberFormat.count(preset.days, "day")) (\(preset.key.uppercased()))\"\(mark)>\(preset.name)</a>"
    }
    let earlier = form.spanning(form.range.moved(by: -1)).address
    let later: HTML =
      form.range.to.dayNumber < today.dayNumber
      ? "<a href=\"\(form.spanning(form.range.moved(by: 1)).address)\" data-key=\"arrowright\" title=\"As many days after (→)\">later ›</a>"
      : ""
    return """
      <span class="soft">from</span> <input type="date" name="from" aria-label="First day" value="\(form.range.from.description)"> <span class="soft">to</span> \
      <input type="date" name="to" aria-label="Last day" value="\(form.range.to.description)"> <span class="ranges">\(links)</span> \
      <span class="ranges"><a href="\(earlier)" data-key="arrowleft" title="As many days before (←)">‹ earlier</a>\(later)</span>
      """
  }

  /// What property inputs offer: of all events, largest first.
  var propertyList: HTML {
    var seen: Set<String> = []
    var options = HTML()
    for event in catalog.events.prefix(200) {
      for name in event.properties where seen.count < 400 && seen.insert(name).inserted {
        options += "<option value=\"\(value: PropertyText.text(PropertyReference(name)))\"></option>"
      }
    }
    return "<datalist id=\"properties\">\(options)</datalist>"
  }
}
