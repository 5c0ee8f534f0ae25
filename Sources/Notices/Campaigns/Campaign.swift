package import Events

/// Reported messages with the same traces, counted on one.
package struct ReportShape: Sendable, Hashable {
  package let traces: ReportTraces
  package let reports: Int
  package let first: Timestamp
  package let last: Timestamp

  package init(_ traces: ReportTraces, reports: Int, first: Timestamp, last: Timestamp) {
    self.traces = traces
    self.reports = reports
    self.first = first
    self.last = last
  }
}

/// Reported messages that are of one hand, as far as it shows: they use the same domain that looks like ours, lead to the same host, or say
/// nearly the same.
package struct Campaign: Sendable, Hashable {
  package struct Counted<Value: Sendable & Hashable>: Sendable, Hashable {
    package let value: Value
    package let reports: Int
  }

  package let reports: Int
  package let first: Timestamp
  package let last: Timestamp
  /// Those that most reports have first.
  package let imitations: [Counted<ReportTraces.Imitation>]
  package let hosts: [Counted<String>]
  package let signs: [Counted<LureSign.Kind>]
  /// The one that most reports have.
  package let subject: String?
  package let verdicts: [MessageVerdict.Word: Int]
}

extension Campaign {
  /// Groups shapes: two belong together if one leads to the other by steps of the same domain, the same host, or nearly the same text. In which
  /// order they came makes no difference.
  ///
  /// Cost: the square of the number of sketches, 64 comparisons each.
  ///
  /// - Returns: first those with a domain that looks like ours or with letters of ours that were altered; of these and of the others the one with
  ///   most reports first.
  package static func campaigns(of shapes: [ReportShape]) -> [Campaign] {
    groups(of: shapes.map(\.traces)).map { Campaign($0.map { shapes[$0] }) }.sorted { left, right in
      if left.isAboutUs != right.isAboutUs { return left.isAboutUs }
      return (-left.reports, -left.last.milliseconds, left.name) < (-right.reports, -right.last.milliseconds, right.name)
    }
  }

  /// Places of traces that belong together.
  package static func groups(of traces: [ReportTraces]) -> [[Int]] {
    var sets = DisjointSets(traces.count)
    var seen: [String: Int] = [:]
    for (place, trace) in traces.enumerated() {
      for key in trace.keys {
        if let other = seen[key] { sets.join(place, other) } else { seen[key] = place }
      }
    }
    let sketched = traces.indices.filter { traces[$0].sketch != nil }
    for (number, place) in sketched.enumerated() {
      for other in sketched[..<number] where !sets.areJoined(place, other) {
        if let one = traces[place].sketch, let two = traces[other].sketch, one.isNear(two) { sets.join(place, other) }
      }
    }
    return Dictionary(grouping: traces.indices) { sets.root(of: $0) }.values.map { $0.sorted() }.sorted { $0[0] < $1[0] }
  }

  /// - Parameter shapes: at least one.
  private init(_ shapes: [ReportShape]) {
    func counted<Value: Hashable & Sendable>(_ values: (ReportTraces) -> [Value], _ name: (Value) -> String) -> [Counted<Value>] {
      var counts: [Value: Int] = [:]
      for shape in shapes { for value in Set(values(shape.traces)) { counts[value, default: 0] += shape.reports } }
      return counts.map { Counted(value: $0.key, reports: $0.value) }
        .sorted { (-$0.reports, name($0.value)) < (-$1.reports, name($1.value)) }
    }
    reports = shapes.reduce(0) { $0 + $1.reports }
    first = shapes.map(\.first).min() ?? Timestamp(milliseconds: 0)
    last = shapes.map(\.last).max() ?? Timestamp(milliseconds: 0)
    hosts = counted(\.hosts, \.self)
    signs = counted(\.signs, \.rawValue)
    subject = counted({ $0.subject.map { [$0] } ?? [] }, \.self).first?.value
    var all: [String: ReportTraces.Imitation] = [:]
    for imitation in shapes.flatMap(\.traces.imitations) {
      all[imitation.domain] = (all[imitation.domain] ?? imitation).adding(imitation.places)
    }
    imitations = counted({ $0.imitations.map(\.domain) }, \.self).compactMap { domain in
      all[domain.value].map { Counted(value: $0, reports: domain.reports) }
    }
    var verdicts: [MessageVerdict.Word: Int] = [:]
    for shape in shapes { verdicts[shape.traces.verdict, default: 0] += shape.reports }
    self.verdicts = verdicts
  }

  private var isAboutUs: Bool { !imitations.isEmpty || verdicts[.altered] != nil }

  /// For an order where everything else is alike.
  private var name: String { (imitations.map(\.value.domain) + hosts.map(\.value) + [subject ?? ""]).joined(separator: " ") }
}

extension ReportTraces {
  /// A message that leads to more hosts than these says nothing by them: it would join whatever it names.
  private static let mostHosts = 3

  private var tellingHosts: [String] {
    let hosts = hosts.filter { !SharedHosts.contains($0) }
    return hosts.count <= Self.mostHosts ? hosts : []
  }

  /// What makes messages one campaign that have it in common.
  var keys: [String] { imitations.map { "domain \($0.domain)" } + tellingHosts.map { "host \($0)" } }

  /// The same for messages that belong together whatever they say: a line for each of their `keys`. Empty for those that only their text tells apart.
  package var kin: String { keys.map { $0 + "\n" }.joined() }
}

/// Union-find with halving of paths (Tarjan, van Leeuwen 1984).
private struct DisjointSets {
  private var parents: [Int]

  init(_ count: Int) { parents = Array(0..<count) }

  mutating func root(of place: Int) -> Int {
    var place = place
    while parents[place] != place {
      parents[place] = parents[parents[place]]
      place = parents[place]
    }
    return place
  }

  mutating func areJoined(_ one: Int, _ other: Int) -> Bool { root(of: one) == root(of: other) }

  mutating func join(_ one: Int, _ other: Int) {
    let (one, other) = (root(of: one), root(of: other))
    parents[max(one, other)] = min(one, other)
  }
}
