import Synchronization

/// Counters and latencies in Prometheus' text form. Labels come from closed sets: routes, status classes, reasons. Never from data.
package final class Metrics: Sendable {
  private struct Key: Hashable {
    let name: String
    let labels: String
  }
  private struct Latency {
    var buckets = [Int](repeating: 0, count: Metrics.bounds.count)
    var count = 0
    var sum = 0.0
  }
  private struct State {
    var counters: [Key: Int] = [:]
    var latencies: [String: Latency] = [:]
  }

  /// Upper bounds in seconds.
  private static let bounds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10]
  private let state = Mutex(State())
  private let gateNanoseconds = Atomic<Int>(0)

  package init() {}

  /// Processor time that the gate took, with what it asked of the vault.
  func addGate(_ nanoseconds: Int) { gateNanoseconds.add(nanoseconds, ordering: .relaxed) }

  var gateSeconds: Double { Double(gateNanoseconds.load(ordering: .relaxed)) / 1e9 }

  package func count(_ name: String, _ labels: [(String, String)] = [], by amount: Int = 1) {
    guard amount != 0 else { return }
    let key = Key(name: name, labels: Self.text(labels))
    state.withLock { $0.counters[key, default: 0] += amount }
  }

  /// - Parameter route: the route's pattern, not the path that was asked for.
  package func observe(route: String, method: String, status: Int, seconds: Double) {
    let route = Self.text([("method", method), ("route", route)])
    let key = Key(
      name: "sealane_http_requests_total", labels: Self.text([("class", "\(status / 100)xx")]) + (route.isEmpty ? "" : "," + route))
    state.withLock { state in
      state.counters[key, default: 0] += 1
      for index in Self.bounds.indices where seconds <= Self.bounds[index] {
        state.latencies[route, default: Latency()].buckets[index] += 1
      }
      state.latencies[route, default: Latency()].count += 1
      state.latencies[route, default: Latency()].sum += seconds
    }
  }

  package func value(_ name: String, _ labels: [(String, String)] = []) -> Int {
    state.withLock { $0.counters[Key(name: name, labels: Self.text(labels))] ?? 0 }
  }

  /// - Parameter gauges: values as of now, with their labels.
  package func text(gauges: [(name: String, labels: [(String, String)], value: Double)]) -> String {
    let (counters, latencies) = state.withLock { ($0.counters, $0.latencies) }
    var text = ""
    for (name, entries) in Dictionary(grouping: counters, by: \.key.name).sorted(by: { $0.key < $1.key }) {
      text += "# TYPE \(name) counter\n"
      for (key, value) in entries.sorted(by: { $0.key.labels < $1.key.labels }) { text += Self.line(name, key.labels, String(value)) }
    }
    for (name, entries) in Dictionary(grouping: gauges, by: \.name).sorted(by: { $0.key < $1.key }) {
      text += "# TYPE \(name) \(name.hasSuffix("_total") ? "counter" : "gauge")\n"
      for entry in entries {
        let value = entry.value == entry.value.rounded() && abs(entry.value) < 1e15 ? String(Int64(entry.value)) : String(entry.value)
        text += Self.line(name, Self.text(entry.labels), value)
      }
    }
    if !latencies.isEmpty { text += "# TYPE sealane_http_request_seconds histogram\n" }
    for (route, latency) in latencies.sorted(by: { $0.key < $1.key }) {
      let name = "sealane_http_request_seconds"
      for (bound, count) in zip(Self.bounds, latency.buckets) {
        text += Self.line(name + "_bucket", route + ",le=\"\(bound)\"", String(count))
      }
      text += Self.line(name + "_bucket", route + ",le=\"+Inf\"", String(latency.count))
      text += Self.line(name + "_sum", route, String(latency.sum))
      text += Self.line(name + "_count", route, String(latency.count))
    }
    return text
  }

  private static func line(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  private static func text(_ labels: [(String, String)]) -> String {
    labels.map { name, value in
      let safe = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      return "\(name)=\"\(safe)\""
    }.joined(separator: ",")
  }
}
