import Access
import Delivery
import Events
import Gate
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import NIOCore
import Vault

/// What operators and their tools ask: `/healthz`, `/readyz`, `/metrics`, and the description of the API.
struct OperationsRoutes: Sendable {
  let installation: Installation
  /// Whether strangers come by this door too, as they do to an intake of its own: they learn whether, not why, and see no figures.
  var isPublic = false

  func add(to router: Router<ServerContext>) {
    router.get("/healthz") { _, _ in Self.text("ok\n") }
    router.get("/readyz", use: ready)
    if !isPublic { router.get("/metrics", use: metrics) }
    router.get("/openapi.yaml") { _, _ in Self.text(OpenAPI.text, type: "application/yaml") }
  }

  private func ready(_ request: Request, _ context: ServerContext) -> Response {
    let troubles = installation.troubles()
    var members: [String: JSONValue] = ["ready": .boolean(troubles.isEmpty)]
    if !isPublic {
      members["troubles"] = .list(troubles.map { .string($0) })
      members["warnings"] = .list(installation.warnings().map { .string($0) })
    }
    var response = DisclosedResponse.plain(.object(members))
    response.status = troubles.isEmpty ? .ok : .serviceUnavailable
    return response
  }

  private func metrics(_ request: Request, _ context: ServerContext) async throws -> Response {
    var gauges: [(name: String, labels: [(String, String)], value: Double)] = []
    let inFlight = installation.admission.inFlight
    gauges.append(("sealane_uptime_seconds", [], installation.uptimeSeconds))
    gauges.append(("sealane_intake_requests_in_flight", [], Double(inFlight.requests)))
    gauges.append(("sealane_intake_bytes_in_flight", [], Double(inFlight.bytes)))
    gauges.append(("process_cpu_seconds_total", [], Double(ProcessorTime.ofProcess) / 1e9))
    gauges.append(("sealane_gate_cpu_seconds_total", [], installation.metrics.gateSeconds))
    gauges.append(("sealane_sealing", [], installation.custodian.isSealing ? 1 : 0))
    gauges.append(("sealane_ledger_writable", [], installation.ledger.refusal == nil ? 1 : 0))
    gauges.append(("sealane_alerts_open", [], Double(installation.access.openAlertCount)))
    gauges += try await deliveries()
    let witnessing = installation.ledger.standing()
    gauges.append(("sealane_ledger_subjects_open", [], witnessing.isOpen ? 1 : 0))
    gauges.append(("sealane_ledger_witnessed_entries", [], Double(witnessing.witnessed)))
    gauges.append(("sealane_ledger_unwitnessed_refusals_total", [], Double(witnessing.refusals)))
    if witnessing.patience != nil {
      gauges.append(("sealane_ledger_unwitnessed_seconds", [], (witnessing.waiting ?? .zero) / .seconds(1)))
    }
    let memory = Allocator.use
    gauges.append(("sealane_allocator_bytes", [("state", "used")], Double(memory.usedBytes)))
    gauges.append(("sealane_allocator_bytes", [("state", "free")], Double(memory.freeBytes)))
    for project in installation.projects.all {
      let label = [("project", project.id.description)]
      gauges.append(("sealane_store_data_version", label, Double(await project.engine.dataVersion())))
      for use in await project.engine.memory() {
        gauges.append(("sealane_store_memory_bytes", label + [("part", use.part)], Double(use.bytes)))
      }
      gauges.append(("sealane_sealer_keys", label, Double(project.sealer.keyCount)))
      // Summed over event names: those are data, not a closed set.
      var sums: [String: (labels: [(String, String)], value: Double)] = [:]
      for count in project.counters.snapshot() {
        let labels = label + [("step", count.step.rawValue), ("treatment", count.treatment.rawValue), ("reason", count.reason.word)]
        sums["\(labels)", default: (labels, 0)].value += Double(count.count)
      }
      for sum in sums.values.sorted(by: { "\($0.labels)" < "\($1.labels)" }) {
        gauges.append(("sealane_gate_values_total", sum.labels, sum.value))
      }
    }
    return Self.text(installation.metrics.text(gauges: gauges), type: "text/plain; version=0.0.4; charset=utf-8")
  }

  /// How each channel does, by its name in the channels' file.
  private func deliveries() async throws -> [(name: String, labels: [(String, String)], value: Double)] {
    let end = try await installation.ledger.count()
    let known = Dictionary(try await installation.access.channelStates().map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    return installation.dispatcher.channels.compactMap { channel in known[channel.name].map { (channel, $0) } }.flatMap { channel, state in
      let label = [("channel", channel.name)]
      var gauges: [(name: String, labels: [(String, String)], value: Double)] = [
        ("sealane_deliveries_waiting", label, Double(state.waiting)),
        ("sealane_deliveries_total", label + [("outcome", "delivered")], Double(state.delivered)),
        ("sealane_deliveries_total", label + [("outcome", "failed")], Double(state.failed)),
        ("sealane_deliveries_total", label + [("outcome", "dropped")], Double(state.dropped)),
        ("sealane_channel_enabled", label, state.disabledReason == nil ? 1 : 0),
      ]
      if channel.stream?.takesEvents == true, let next = state.nextEntry {
        gauges.append(("sealane_channel_entries_waiting", label, Double(end > next ? end - next : 0)))
      }
      return gauges
    }
  }

  private static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
    Response(status: .ok, headers: [.contentType: type, .cacheControl: "no-store"], body: .init(byteBuffer: ByteBuffer(string: text)))
  }
}
