import Events
import Foundation
import Notices
import TestSupport
import Testing

/// Groups of reported messages against a plain reference, and whatever order they came in.
struct CampaignTests {
  private static func traces(_ random: inout SeededGenerator, _ bases: [[UInt32]]) -> ReportTraces {
    func some(_ names: [String], atMost most: Int) -> [String] {
      (0..<Int.random(in: 0...most, using: &random)).compactMap { _ in names.randomElement(using: &random) }
    }
    let imitations = Set(some((0..<12).map { "orrery-\($0).example" }, atMost: 2)).map {
      ReportTraces.Imitation(domain: $0, of: "orrery.example", reason: .brandAndWord, places: [.link])
    }
    let hosts = some((0..<12).map { "evil\($0).test" } + ["bit.ly", "google.com"], atMost: 5)
    var sketch: TextSketch?
    if Bool.random(using: &random), var values = bases.randomElement(using: &random) {
      for _ in 0..<Int.random(in: 0...40, using: &random) { values[Int.random(in: values.indices, using: &random)] = random.next32() }
      sketch = TextSketch(values: values)
    }
    return ReportTraces(
      verdict: Bool.random(using: &random) ? .notOurs : .altered, imitations: imitations, hosts: hosts, signs: [.link],
      subject: nil, sketch: sketch)
  }

  /// By the definition: two are neighbours by a domain, a host that is not shared by many, or 32 of 64 values; groups are what is connected.
  private static func reference(_ traces: [ReportTraces]) -> Set<Set<Int>> {
    func areNeighbours(_ one: ReportTraces, _ other: ReportTraces) -> Bool {
      if !Set(one.imitations.map(\.domain)).isDisjoint(with: other.imitations.map(\.domain)) { return true }
      let hosts = [one, other].map { Set($0.hosts).subtracting(["bit.ly", "google.com"]) }
      if hosts.allSatisfy({ $0.count <= 3 }), !hosts[0].isDisjoint(with: hosts[1]) { return true }
      guard let sketch = one.sketch, let second = other.sketch else { return false }
      return zip(sketch.values, second.values).filter { $0 == $1 }.count >= 32
    }
    var left = Set(traces.indices)
    var groups: Set<Set<Int>> = []
    while let start = left.first {
      var group: Set<Int> = [start]
      var waiting = [start]
      while let place = waiting.popLast() {
        for other in traces.indices where !group.contains(other) && areNeighbours(traces[place], traces[other]) {
          group.insert(other)
          waiting.append(other)
        }
      }
      groups.insert(group)
      left.subtract(group)
    }
    return groups
  }

  @Test("groups are those of the reference, in any order") func groups() {
    var random = Fuzzing.generator(81)
    Fuzzing.rounds(150) { round in
      let bases = (0..<6).map { _ in (0..<64).map { _ in random.next32() } }
      let traces = (0..<Int.random(in: 0...40, using: &random)).map { _ in Self.traces(&random, bases) }
      let found = Campaign.groups(of: traces)
      #expect(found.flatMap(\.self).sorted() == Array(traces.indices), "round \(round): each once")
      #expect(Set(found.map(Set.init)) == Self.reference(traces), "round \(round)")
      let order = traces.indices.shuffled(using: &random)
      let again = Campaign.groups(of: order.map { traces[$0] })
      #expect(Set(again.map { Set($0.map { order[$0] }) }) == Set(found.map(Set.init)), "round \(round): shuffled")
    }
  }

  @Test("campaigns say the same in any order, and count every report once") func counts() {
    var random = Fuzzing.generator(82)
    Fuzzing.rounds(60) { round in
      let bases = (0..<4).map { _ in (0..<64).map { _ in random.next32() } }
      let shapes = (0..<Int.random(in: 0...30, using: &random)).map { number in
        let first = Int64.random(in: 0...1_000_000, using: &random)
        return ReportShape(
          Self.traces(&random, bases), reports: 1 + number % 7, first: Timestamp(milliseconds: first),
          last: Timestamp(milliseconds: first + Int64.random(in: 0...1_000_000, using: &random)))
      }
      let campaigns = Campaign.campaigns(of: shapes)
      #expect(Set(campaigns) == Set(Campaign.campaigns(of: shapes.shuffled(using: &random))), "round \(round)")
      let order = campaigns.map { [$0.imitations.isEmpty && $0.verdicts[.altered] == nil ? 1 : 0, -$0.reports] }
      #expect(order == order.sorted { $0.lexicographicallyPrecedes($1) }, "round \(round)")
      #expect(campaigns.reduce(0) { $0 + $1.reports } == shapes.reduce(0) { $0 + $1.reports }, "round \(round)")
      for campaign in campaigns {
        #expect(campaign.verdicts.values.reduce(0, +) == campaign.reports && campaign.first <= campaign.last, "round \(round)")
      }
    }
  }

  @Test("so many that are kept are grouped in a moment") func speed() {
    var random = SeededGenerator(seed: 83)
    let traces = (0..<2_000).map { _ in
      ReportTraces(
        verdict: .notOurs, imitations: [], hosts: [], signs: [], subject: nil,
        sketch: TextSketch(values: (0..<64).map { _ in random.next32() }))
    }
    let began = ContinuousClock.now
    #expect(Campaign.groups(of: traces).count == 2_000)
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    print("figure: 2000 different texts in \(seconds) s")
    #expect(seconds < 5)
  }
}

extension SeededGenerator {
  mutating func next32() -> UInt32 { UInt32(truncatingIfNeeded: next() >> 32) }
}
