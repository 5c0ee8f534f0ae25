import Access
import Foundation
import Gate
import Yams

/// Reads tracking plans as YAML (docs/PLAN.md), their canonical form (which is YAML too) included.
///
/// Whatever the text, it takes time and memory in proportion to it: it is bounded, and there are no anchors that could make it larger.
package struct PlanReader {
  package static let mostBytes = 1 << 20
  static let mostFaults = 50
  static let mostEvents = 2_000
  static let mostPropertyNames = 4_000
  static let mostProperties = 20_000
  static let longestName = TrackingPlan.longestName
  static let longestOwner = 200
  static let longestDescription = 2_000
  static let mostEdges = 100
  static let greatestEdge: Int64 = 9_007_199_254_740_991

  private(set) var faults: [PlanFault] = []
  private var properties = 0

  /// - Throws: `PlanFaults`.
  package static func plan(yaml text: String) throws(PlanFaults) -> TrackingPlan {
    var reader = PlanReader()
    let plan = reader.read(text)
    guard reader.faults.isEmpty else { throw PlanFaults(all: reader.faults.sorted { $0.line < $1.line }) }
    return plan
  }

  private mutating func read(_ text: String) -> TrackingPlan {
    var plan = TrackingPlan()
    guard text.utf8.count <= Self.mostBytes else {
      fault(nil, [], "it has \(text.utf8.count) bytes; at most \(Self.mostBytes) are read. Shorten its descriptions.")
      return plan
    }
    if let line = Self.lineOfAnchor(text) {
      faults.append(
        PlanFault(
          line: line, key: "",
          sentence: "anchors (&name) are not read in plans: write out what they stand for, and texts without words that begin with &."))
      return plan
    }
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      faults.append(Self.fault(error))
      return plan
    }
    guard let root, let members = mapping(root, []) else {
      if root == nil { fault(nil, [], "it is empty. It begins with the line “plan: 1”.") }
      return plan
    }
    var hasVersion = false
    for (key, node) in members {
      switch key {
      case "plan":
        hasVersion = true
        if node.scalar?.string != "1" { fault(node, [key], "this program reads plans of version 1 only: write “plan: 1”.") }
      case "unknown": readUnknown(node, into: &plan)
      case "events": readEvents(node, into: &plan)
      case "people": plan.people = readProperties(node, ["people"], onProfiles: true)
      case "groups": plan.groups = readProperties(node, ["groups"], onProfiles: true)
      default: fault(node, [key], "this means nothing here; known are plan, unknown, events, people, groups.")
      }
    }
    for name in plan.derivatives.keys.sorted() where plan.people[name] != nil {
      fault(root, ["people", name], "what a seal keeps stands under this name; take it out, or take the “keep:” out.")
    }
    if !hasVersion { fault(root, [], "the line “plan: 1” is missing.") }
    let names = Set(plan.everyEvent.keys).union(plan.events.values.flatMap(\.properties.keys))
    if names.count > Self.mostPropertyNames {
      fault(nil, ["events"], "they name \(names.count) different properties; at most \(Self.mostPropertyNames) are read.")
    }
    return plan
  }

  // MARK: Sections

  private mutating func readUnknown(_ node: Node, into plan: inout TrackingPlan) {
    if node.scalar != nil {
      let unknown = choice(node, ["unknown"], TrackingPlan.Unknown.self) ?? .accept
      (plan.unknownEvents, plan.unknownProperties) = (unknown, unknown)
      return
    }
    for (key, node) in mapping(node, ["unknown"]) ?? [] {
      let unknown = choice(node, ["unknown", key], TrackingPlan.Unknown.self) ?? .accept
      switch key {
      case "events": plan.unknownEvents = unknown
      case "properties": plan.unknownProperties = unknown
      default: fault(node, ["unknown", key], "this means nothing here; known are events and properties.")
      }
    }
  }

  private mutating func readEvents(_ node: Node, into plan: inout TrackingPlan) {
    let members = mapping(node, ["events"]) ?? []
    guard members.count <= Self.mostEvents else {
      return fault(node, ["events"], "there are \(members.count); at most \(Self.mostEvents) are read.")
    }
    for (name, node) in members where isName(name, node, ["events"]) {
      guard faults.count < Self.mostFaults else { return }
      let path = ["events", name]
      let event = readEvent(node, path)
      if name == TrackingPlan.everyEventName {
        if event != TrackingPlan.Event(properties: event.properties) {
          fault(node, path, "it stands for all events and knows properties only.")
        }
        plan.everyEvent = event.properties
      } else {
        plan.events[name] = event
      }
    }
  }

  private mutating func readEvent(_ node: Node, _ path: [String]) -> TrackingPlan.Event {
    var event = TrackingPlan.Event()
    if let scalar = node.scalar {
      // `Page View:` and `Page View: drop`.
      if !Self.isNothing(scalar) { event.treatment = choice(node, path, TrackingPlan.Event.Treatment.self) ?? .keep }
      return event
    }
    for (key, node) in mapping(node, path) ?? [] {
      switch key {
      case "owner": event.owner = text(node, path + [key], longest: Self.longestOwner)
      case "description": event.description = text(node, path + [key], longest: Self.longestDescription, keepsLines: true)
      case "treatment": event.treatment = choice(node, path + [key], TrackingPlan.Event.Treatment.self) ?? .keep
      case "properties": event.properties = readProperties(node, path + [key], onProfiles: false)
      case "keep_days":
        event.keepDays = node.scalar.flatMap { Int($0.string) }.flatMap { (1...Project.maximumRetentionDays).contains($0) ? $0 : nil }
        if event.keepDays == nil { fault(node, path + [key], "this must be a whole number of days, 1 to \(Project.maximumRetentionDays).") }
      default: fault(node, path + [key], "this means nothing here; known are owner, description, treatment, keep_days, properties.")
      }
    }
    return event
  }

  private mutating func readProperties(_ node: Node, _ path: [String], onProfiles: Bool) -> [String: TrackingPlan.Property] {
    var read: [String: TrackingPlan.Property] = [:]
    if let scalar = node.scalar, Self.isNothing(scalar) { return read }
    for (name, node) in mapping(node, path) ?? [] where isName(name, node, path) {
      guard faults.count < Self.mostFaults else { break }
      properties += 1
      guard properties <= Self.mostProperties else {
        fault(node, path, "the plan has more than \(Self.mostProperties) properties; say what many events have under \"*\".")
        break
      }
      read[name] = readProperty(node, path + [name], onProfiles: onProfiles)
    }
    return read
  }

  private mutating func readProperty(_ node: Node, _ path: [String], onProfiles: Bool) -> TrackingPlan.Property {
    var draft = PropertyDraft(path: path, node: node, onProfiles: onProfiles)
    if let scalar = node.scalar {
      // `url:` and `url: drop`.
      if !Self.isNothing(scalar) { draft.treatment = (scalar.string, node) }
    } else {
      for (key, node) in mapping(node, path) ?? [] {
        switch key {
        case "type": draft.kind = choice(node, path + [key], TrackingPlan.Kind.self)
        case "owner": draft.owner = text(node, path + [key], longest: Self.longestOwner)
        case "description": draft.description = text(node, path + [key], longest: Self.longestDescription, keepsLines: true)
        case "treatment": draft.treatment = (node.scalar?.string ?? "", node)
        case "to": draft.target = (node.scalar?.string ?? "", node)
        case "edges": draft.edges = edges(node, path + [key])
        case "keep": draft.derivative = (node.scalar?.string ?? "", node)
        case "at_least": draft.atLeast = (node.scalar?.string ?? "", node)
        case "field": draft.weight = choice(node, path + [key], TrackingPlan.Weight.self)
        default:
          fault(
            node, path + [key], "this means nothing here; known are type, owner, description, treatment, to, edges, field, keep, at_least.")
        }
      }
    }
    var found: [PlanFault] = []
    let property = draft.property(&found)
    for fault in found where faults.count < Self.mostFaults { faults.append(fault) }
    return property
  }

  // MARK: Nodes

  private mutating func mapping(_ node: Node, _ path: [String]) -> [(String, Node)]? {
    guard let members = node.mapping else {
      fault(node, path, "here must be lines of the form “name: …”.")
      return nil
    }
    var read: [(String, Node)] = []
    var seen: Set<String> = []
    for (key, value) in members {
      guard let name = key.scalar?.string else {
        fault(key, path, "a name must be one text, not a list or mapping.")
        continue
      }
      // YAML compares bytes, and Swift letters.
      guard seen.insert(name).inserted else {
        fault(key, path + [name], "it stands here twice; keep one.")
        continue
      }
      read.append((name, value))
    }
    return read
  }

  private mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: Node, _ path: [String], _: Choice.Type
  ) -> Choice? where Choice.RawValue == String {
    if let text = node.scalar?.string, let choice = Choice(rawValue: text) { return choice }
    fault(node, path, "this must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
    return nil
  }

  private mutating func text(_ node: Node, _ path: [String], longest: Int, keepsLines: Bool = false) -> String? {
    guard let scalar = node.scalar else {
      fault(node, path, "this must be a text.")
      return nil
    }
    let text = scalar.string.trimmingCharacters(in: .whitespacesAndNewlines)
    guard text.utf8.count <= longest else {
      fault(node, path, "it has \(text.utf8.count) bytes; at most \(longest) are read.")
      return nil
    }
    guard text.unicodeScalars.allSatisfy({ TrackingPlan.isReadable($0) || (keepsLines && ($0 == "\n" || $0 == "\t")) }) else {
      fault(node, path, "there is a control character in it\(keepsLines ? "" : " or a line break"); take it out.")
      return nil
    }
    return text.isEmpty ? nil : text
  }

  private mutating func isName(_ name: String, _ node: Node, _ path: [String]) -> Bool {
    let shown = path + [String(name.prefix(80))]
    guard !name.isEmpty, name.utf8.count <= Self.longestName else {
      fault(node, shown, "a name has 1 to \(Self.longestName) bytes.")
      return false
    }
    guard name.unicodeScalars.allSatisfy(TrackingPlan.isReadable) else {
      fault(node, shown, "there is a control character in this name; take it out.")
      return false
    }
    guard name != "<<" else {
      fault(node, shown, "merging (<<) is not read in plans: write out what it stands for.")
      return false
    }
    return true
  }

  /// Empty where something is wrong with them.
  private mutating func edges(_ node: Node, _ path: [String]) -> [Int64] {
    guard let elements = node.sequence, (1...Self.mostEdges).contains(elements.count) else {
      fault(node, path, "this must be a list of 1 to \(Self.mostEdges) whole numbers, such as [0, 10, 100].")
      return []
    }
    var edges: [Int64] = []
    for element in elements {
      guard let text = element.scalar?.string, let edge = Int64(text), edge.magnitude <= UInt64(Self.greatestEdge) else {
        fault(element, path, "an edge must be a whole number, of at most 2^53 - 1.")
        return []
      }
      guard edges.last.map({ $0 < edge }) ?? true else {
        fault(element, path, "edges must ascend: \(edge) stands after \(edges.last ?? edge).")
        return []
      }
      edges.append(edge)
    }
    return edges
  }

  static func isNothing(_ scalar: Node.Scalar) -> Bool {
    scalar.string.isEmpty || (scalar.style == .plain && ["~", "null"].contains(scalar.string))
  }

  // MARK: Faults

  private mutating func fault(_ node: Node?, _ path: [String], _ sentence: String) {
    guard faults.count < Self.mostFaults else { return }
    faults.append(PlanFault(line: node?.mark?.line ?? 0, key: path.joined(separator: " / "), sentence: sentence))
  }

  /// What YAML's own reader did not understand. Its messages show the text, which ours do not.
  private static func fault(_ error: any Error) -> PlanFault {
    let hint = "Check indentation, quotes and colons; a name such as \"*\" needs quotes."
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
      return PlanFault(line: mark.line, key: "", sentence: "this is not YAML: \(problem). \(hint)")
    case .duplicatedKeysInMapping(let names, let context):
      return PlanFault(line: context.mark.line, key: String((names.first ?? "").prefix(80)), sentence: "it stands here twice; keep one.")
    case .reader: return PlanFault(line: 0, key: "", sentence: "it holds characters that YAML does not know, such as control characters.")
    default: return PlanFault(line: 0, key: "", sentence: "this is not YAML, or nested too deeply. \(hint)")
    }
  }

  /// The line of the first `&name` where YAML would take it for an anchor. It may be one too many, never one too few.
  private static func lineOfAnchor(_ text: String) -> Int? {
    var line = 1
    var previous = UInt8(ascii: "\n")
    var isAnchor = false
    for byte in text.utf8 {
      if isAnchor, byte.isASCIIWord { return line }
      isAnchor = byte == UInt8(ascii: "&") && (previous >= 0x80 || " \t\r\n[{,:?-".utf8.contains(previous))
      if byte == UInt8(ascii: "\n") { line += 1 }
      previous = byte
    }
    return nil
  }
}

extension UInt8 {
  fileprivate var isASCIIWord: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
    default: false
    }
  }
}
