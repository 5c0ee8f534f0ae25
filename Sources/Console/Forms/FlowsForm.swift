import Journeys
import Web

struct FlowsForm: ReportForm {
  static let path = "/flows"
  static let name = "Flows"
  var range: RangeForm
  var anchor: SelectorForm
  var forward: Int
  var backward: Int
  var window: WindowForm
  var nodes: Int
  var collapsesRepeats: Bool
  var hidden: [String]
  var anchors: FlowsQuery.Anchors
  var paths: Int

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    anchor = SelectorForm(fields: fields, prefix: "a", standard: .unchosen)
    forward = Int(fields.text("after")) ?? 3
    backward = Int(fields.text("before")) ?? 0
    window = WindowForm(fields: fields)
    nodes = Int(fields.text("nodes")) ?? 5
    collapsesRepeats = fields["repeats"] != "kept"
    hidden = fields.all("hide").filter { !$0.isEmpty }
    anchors = fields["anchors"].flatMap(FlowsQuery.Anchors.init) ?? .first
    paths = Int(fields.text("paths")) ?? 50
  }

  init?(query: Query) {
    guard case .flows(let query) = query else { return nil }
    range = RangeForm(query.range)
    anchor = SelectorForm(query.anchor)
    forward = query.forward
    backward = query.backward
    window = WindowForm(seconds: query.windowSeconds)
    nodes = query.nodesPerColumn
    collapsesRepeats = query.collapsesRepeats
    hidden = query.hidden
    anchors = query.anchors
    paths = query.pathLimit
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    anchor.add(to: &list, prefix: "a")
    list.add("after", String(forward), unless: "3")
    list.add("before", String(backward), unless: "0")
    window.add(to: &list)
    list.add("nodes", String(nodes), unless: "5")
    list.add("repeats", collapsesRepeats ? "collapsed" : "kept", unless: "collapsed")
    for name in hidden { list.add("hide", name) }
    list.add("anchors", anchors.rawValue, unless: "first")
    list.add("paths", String(paths), unless: "50")
    range.add(to: &list)
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    .flows(
      FlowsQuery(
        range: try range.checked(), anchor: try anchor.selector("the event to look around"), forward: forward, backward: backward,
        windowSeconds: window.seconds, nodesPerColumn: nodes, collapsesRepeats: collapsesRepeats, hidden: hidden, anchors: anchors,
        pathLimit: paths))
  }

  subscript(filter prefix: String) -> FilterForm? {
    get { prefix == "a" ? anchor.filter : nil }
    set { if prefix == "a" { anchor.filter = newValue ?? FilterForm() } }
  }

  /// Hidden events are the parts that can be dropped.
  mutating func grow() {}
  mutating func drop(_ index: Int) { if hidden.indices.contains(index) { hidden.remove(at: index) } }
  mutating func raise(_ index: Int) {}
}
