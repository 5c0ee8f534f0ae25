import Journeys
import Web

struct FlowsForm: ReportForm {
  static let path = "/flows"
  static let name = "Flows"
  var range: RangeForm
  var anchor: SelectorForm
  /// Where paths end; unchosen: anywhere.
  var to: SelectorForm
  var forward: Int
  var backward: Int
  var window: WindowForm
  var nodes: Int
  var collapsesRepeats: Bool
  var hidden: [String]
  var expand: [ExpansionForm]
  var anchors: FlowsQuery.Anchors
  /// Seconds; 0: paths are not bounded by sessions.
  var gap: Int64
  var incomplete: FlowsQuery.Incomplete
  var filter: FilterForm
  var paths: Int

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    anchor = SelectorForm(fields: fields, prefix: "a", standard: .unchosen)
    to = SelectorForm(fields: fields, prefix: "z", standard: .unchosen)
    forward = Int(fields.text("after")) ?? 3
    backward = Int(fields.text("before")) ?? 0
    window = WindowForm(fields: fields)
    nodes = Int(fields.text("nodes")) ?? 5
    collapsesRepeats = fields["repeats"] != "kept"
    hidden = fields.all("hide").filter { !$0.isEmpty }
    anchors = fields["anchors"].flatMap(FlowsQuery.Anchors.init) ?? .first
    expand = (0..<NumberedParts.count(fields, "x", limit: QueryLimits.expansions)).map { ExpansionForm(fields: fields, prefix: "x\($0)") }
    gap = max(0, Int64(fields.text("gap")) ?? 0)
    if gap == 0 && anchors == .session { gap = FlowsQuery.standardGapSeconds }
    incomplete = fields["short"].flatMap(FlowsQuery.Incomplete.init) ?? .kept
    filter = FilterForm(fields: fields, prefix: "f")
    paths = Int(fields.text("paths")) ?? 50
  }

  init?(query: Query) {
    guard case .flows(let query) = query else { return nil }
    range = RangeForm(query.range)
    anchor = SelectorForm(query.anchor)
    to = query.to.map { SelectorForm($0) } ?? SelectorForm()
    forward = query.forward
    backward = query.backward
    window = WindowForm(seconds: query.windowSeconds)
    nodes = query.nodesPerColumn
    collapsesRepeats = query.collapsesRepeats
    hidden = query.hidden
    expand = query.expand.map(ExpansionForm.init)
    anchors = query.anchors
    gap = query.sessionGapSeconds ?? 0
    incomplete = query.incomplete
    filter = FilterForm(query.filter)
    paths = query.pathLimit
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    anchor.add(to: &list, prefix: "a")
    if to.event != .unchosen { to.add(to: &list, prefix: "z") }
    list.add("after", String(forward), unless: "3")
    list.add("before", String(backward), unless: "0")
    window.add(to: &list)
    list.add("nodes", String(nodes), unless: "5")
    list.add("repeats", collapsesRepeats ? "collapsed" : "kept", unless: "collapsed")
    for name in hidden { list.add("hide", name) }
    for (index, expansion) in expand.enumerated() { expansion.add(to: &list, prefix: "x\(index)") }
    list.add("anchors", anchors.rawValue, unless: "first")
    list.add("gap", String(gap), unless: anchors == .session ? String(FlowsQuery.standardGapSeconds) : "0")
    list.add("short", incomplete.rawValue, unless: "kept")
    filter.add(to: &list, prefix: "f")
    list.add("paths", String(paths), unless: "50")
    range.add(to: &list)
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    .flows(
      FlowsQuery(
        range: try range.checked(), anchor: try anchor.selector("the event to look around"),
        to: to.event == .unchosen ? nil : try to.selector("the event that paths end with"), forward: forward, backward: backward,
        windowSeconds: window.seconds, sessionGapSeconds: gap == 0 ? nil : gap, nodesPerColumn: nodes,
        collapsesRepeats: collapsesRepeats, hidden: hidden, expand: expand.compactMap(\.expansion), anchors: anchors,
        incomplete: incomplete, filter: try filter.filter(), pathLimit: paths))
  }

  subscript(filter prefix: String) -> FilterForm? {
    get {
      switch prefix {
      case "a": anchor.filter
      case "z": to.filter
      case "f": filter
      default: nil
      }
    }
    set {
      switch prefix {
      case "a": anchor.filter = newValue ?? FilterForm()
      case "z": to.filter = newValue ?? FilterForm()
      case "f": filter = newValue ?? FilterForm()
      default: break
      }
    }
  }

  /// What grows are the expanded events.
  mutating func grow() { if expand.count < QueryLimits.expansions { expand.append(ExpansionForm()) } }

  /// Hidden events come first, then the expanded ones; below them all stands the end.
  mutating func drop(_ index: Int) {
    if hidden.indices.contains(index) {
      hidden.remove(at: index)
    } else if expand.indices.contains(index - hidden.count) {
      expand.remove(at: index - hidden.count)
    } else if index < 0 {
      to = SelectorForm()
    }
  }
  mutating func raise(_ index: Int) {}
}
