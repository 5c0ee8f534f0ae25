import Access
import Console
import Demo
import Events
import Foundation
import Hummingbird
import Intake
import Journeys
import Ledger
import NIOCore
import Relay
import Response
import Synchronization

/// Where the acts are played: an installation of its own with the people of a fictional API platform.
struct RehearsalStage: Sendable {
  private static let day = 86_400.0

  let installation: Installation
  let project: OpenProject
  let root: URL
  let events: Int
  /// Two people, since nobody agrees to what they asked for themselves.
  private let first = Principal(kind: .operatingSystemUser, id: "rehearsal-one", credential: "rehearsal")
  private let second = Principal(kind: .operatingSystemUser, id: "rehearsal-two", credential: "rehearsal")

  init(_ installation: Installation, root: URL, events: Int) throws {
    guard let project = installation.projects.all.first else { throw CommandError("The copy has no project.") }
    self.installation = installation
    self.project = project
    self.root = root
    self.events = events
  }

  // MARK: Act one

  /// Follows what happened to the customers of an analytics vendor in November 2025.
  func vendor() async throws -> RehearsalOutcome.Act {
    let file = root.appendingPathComponent("tallymark.ndjson")
    try await installation.canaries.turn(true, in: project.id, by: first)
    let vendor = try await declare(file)
    let requests = OrreryLabs(.init(events: events, until: installation.now())).filter { $0.endpoint == .import }
    let widened = max(1, requests.count / 10)
    try await send(requests.dropLast(widened), and: vendor)
    // The thief copies what the vendor has; what it gets later is not in the copy.
    let theft = installation.now()
    let clock = Stopwatch()
    let stolen = try String(contentsOf: file, encoding: .utf8)
    try await Task.sleep(for: .milliseconds(20))
    try await send(requests.suffix(widened), and: vendor)

    // Addresses are tried one after the other; the first that is a canary's is noticed.
    let rows = CanaryScan.ids(in: stolen)
    var tried: Set<Pseudonym> = []
    var hits: [CanaryDesk.Hit] = []
    for id in rows.shuffled() where hits.isEmpty && tried.insert(id).inserted { hits = await installation.canaries.hits([.id(id)]) }
    await installation.canaries.tell(hits, .hit, by: nil)
    guard let draft = try await draft(where: { $0 == .vendor(vendor.id.rawValue) }) else {
      throw CommandError("No canary was among \(tried.count) rows: the rehearsal has more events by --events.")
    }
    let detected = clock.seconds
    var opened = draft
    opened.to = theft
    let incident = try await installation.incidents.open(opened, in: project.id, by: first).incident
    let containment = try await installation.incidents.contain(incident.id, by: first).containment
    let contained = clock.seconds
    let scope = try await installation.incidents.scope(incident.id, by: first)
    let scoped = clock.seconds
    let report = try await report(incident.id)
    let reported = clock.seconds

    // Weeks later the file itself arrives, and then the vendor corrects the day.
    let matching = Stopwatch()
    let finding = try await installation.leaks.find(
      Set(rows.prefix(LeakDesk.most)), [], in: project.id, incident: try await installation.access.incident(incident.id), by: first
    ).finding
    let matched = matching.seconds
    _ = try await installation.incidents.setWindow(from: nil, to: nil, of: incident.id, by: first)
    let wider = try await installation.incidents.scope(incident.id, by: first)
    return RehearsalOutcome.Act(
      title: "Act one: the vendor Tallymark is phished, and its data of the company are copied",
      lived:
        "the company had the data set 17 days after the theft and told people on the 18th; on the 41st the scope was widened.",
      lines: [
        .init(
          step: .detect, seconds: detected, lived: 17 * Self.day,
          finding: "a canary fired: row \(tried.count) of those that the thief used; it names the vendor"),
        .init(
          step: .contain, seconds: contained, lived: 18 * Self.day,
          finding: "\(containment.done.count) stopped, the kill switch among them; \(containment.beyond.count) for people to do elsewhere"),
        .init(
          step: .scope, seconds: scoped, lived: 41 * Self.day,
          finding: "\(Self.words(scope)), by \(scope.scope.fields.count) fields; the question took \(Self.milliseconds(scope.seconds)) ms"),
        .init(step: .report, seconds: reported, lived: 18 * Self.day, finding: report),
      ],
      afterwards: [
        "the file arrives: \(finding.source?.id ?? "nobody") named by \(finding.suspects.filter { $0.source == finding.source && $0.isCertain }.map { "\($0.count) \($0.evidence.rawValue)" }.joined(separator: " and ")) in \(Self.milliseconds(matched)) ms; \(finding.outside ?? 0) of its people outside of the scope",
        "the vendor corrects the day: version \(wider.scope.version), \(wider.scope.affected.count) affected, \(wider.change?.newlyAffected.count ?? 0) of them newly, and only they are to be told",
      ])
  }

  private func declare(_ file: URL) async throws -> Vendor {
    let fields = "[plan, $browser, $os, mp_country_code, org_id, model, page]"
    let text = """
      vendor: tallymark-rehearsal
      name: Tallymark
      purpose: Product analytics, in a rehearsal
      legal_basis: none, nobody is real
      contract: {reference: REHEARSAL, notice_hours: 24}
      contacts: {breach: security@tallymark.example, privacy: privacy@tallymark.example}
      countries: {storage: [US], processing: [US]}
      review: 2099-12-31
      fields: \(fields)
      canaries: 20
      destination: {type: file, path: \(file.path)}
      """
    let (vendor, version, _) = try await installation.vendors.declare(text, in: project.id, by: first)
    _ = try await installation.vendors.decide(version.version, of: vendor, isApproved: true, by: second)
    let draft = VendorGrantDraft(vendor: vendor.id, client: "tm-1", name: "Tallymark dashboard", kind: .oauthGrant, scopes: ["read:events"])
    _ = try await installation.grants.record(draft, in: project.id, by: first)
    return vendor
  }

  /// Through the intake; returns when the vendor has got all of it.
  private func send(_ requests: some Sequence<OrreryLabs.Request>, and vendor: Vendor) async throws {
    let before = try await installation.access.vendor(vendor.id)?.progress.events ?? 0
    var sent = 0
    for request in requests {
      let reply = await installation.importRecords(request.body, query: "project_id=\(project.id)&strict=0", into: project.id)
      guard reply.status == 200 else {
        throw CommandError("The copy took no events: \(String(decoding: reply.body.prefix(300), as: UTF8.self))")
      }
      sent += request.records
    }
    var (last, quiet) = (before, 0)
    for _ in 0..<6_000 {
      let now = try await installation.access.vendor(vendor.id)?.progress.events ?? 0
      if now - before >= sent { return }
      quiet = now == last ? quiet + 1 : 0
      // A tracking plan of real data may keep some of them back.
      if now > before, quiet > 100 { return }
      last = now
      try await Task.sleep(for: .milliseconds(50))
    }
    throw CommandError("The vendor did not get its events within five minutes.")
  }

  // MARK: Act two

  /// Follows the theft of a chat add-on's tokens in August 2025.
  func token() async throws -> RehearsalOutcome.Act {
    let bound = try await account("Quillon Chat", networks: [NetworkPrefix("198.51.100.0/24")].compactMap(\.self))
    let forgotten = try await account("Quillon Chat, before the move", networks: [])
    let retired = ago(200)
    for (name, client, retiredAt) in [("Quillon Chat", "q-2", nil), ("Quillon Chat, before the move", "q-1", retired)]
      as [(String, String, Timestamp?)]
    {
      var draft = VendorGrantDraft(vendor: Vendor.ID(rawValue: "quillon"), client: client, name: name, kind: .apiKey, scopes: ["export"])
      draft.retiredAt = retiredAt
      draft.createdAt = ago(400)
      _ = try await installation.grants.record(draft, in: project.id, by: first)
    }
    try await installation.grants.tell()
    let inventory = try await installation.grants.inventory(of: project.id)
    let red = inventory.grants.count { inventory.findings($0).contains(.retiredButLive) }

    let clock = Stopwatch()
    let thief = "203.0.113.77"
    guard case .refused(_, .network) = installation.access.present(username: bound.account.username, secret: bound.secret.text, from: thief)
    else {
      throw CommandError("A token that is bound to networks was let in from elsewhere.")
    }
    guard
      case .accepted(let who) = installation.access.present(
        username: forgotten.account.username, secret: forgotten.secret.text, from: thief)
    else { throw CommandError("The forgotten token was not let in: there is nothing to rehearse.") }
    let taken = try await export(as: who)
    let hits = await installation.canaries.hits(Array(Set(CanaryScan.ids(in: taken))).map { .id($0) })
    await installation.canaries.tell(Array(hits.prefix(1)), .hit, by: nil)
    guard let alert = try await draft(where: { $0.kind == "export" }) else {
      throw CommandError("No canary was in what the token was given.")
    }
    let detected = clock.seconds
    let export = try await installation.incidents.open(alert, in: project.id, by: first).incident
    let containment = try await installation.incidents.contain(export.id, by: first).containment
    guard
      case .refused(_, .revoked) = installation.access.present(
        username: forgotten.account.username, secret: forgotten.secret.text, from: thief)
    else { throw CommandError("The token is let in after it was contained.") }
    let contained = clock.seconds
    // All that the token ever gave, not this export alone.
    let incident = try await installation.incidents.open(
      IncidentDraft(title: "A forgotten token of Quillon Chat", source: .credential(forgotten.account.username)), in: project.id, by: first
    ).incident
    let scope = try await installation.incidents.scope(incident.id, by: first)
    let scoped = clock.seconds
    let report = try await report(incident.id)
    let reported = clock.seconds
    let organizations = scope.scope.organizations.values.map { $0.count { $0.affected > 0 } }.max() ?? 0
    return RehearsalOutcome.Act(
      title: "Act two: tokens of the add-on Quillon Chat are stolen, and a forgotten one still works",
      lived:
        "tokens were used for ten days from the 8th of August on, all were cut on the 20th, and victims were told from the 23rd on; more than 700 organizations.",
      lines: [
        .init(
          step: .detect, seconds: detected, lived: 12 * Self.day,
          finding:
            "the bound token is refused from a network that is not its own; a canary of the export fired; \(red) grant stood in red before: retired and live"
        ),
        .init(
          step: .contain, seconds: contained, lived: 12 * Self.day,
          finding: "\(containment.done.count) stopped: the token opens nothing from then on"),
        .init(
          step: .scope, seconds: scoped, lived: 15 * Self.day,
          finding: "\(Self.words(scope)), of \(organizations) organizations; the question took \(Self.milliseconds(scope.seconds)) ms"),
        .init(step: .report, seconds: reported, lived: 15 * Self.day, finding: report),
      ], afterwards: [])
  }

  private func account(_ name: String, networks: [NetworkPrefix]) async throws -> NewServiceAccount {
    let draft = ServiceAccountDraft(name: name, scopes: [.export], networks: networks)
    return try await installation.staff.accounts.make(draft, in: project.id, by: first).0
  }

  /// Everything, as the export gives it to whoever may.
  private func export(as who: Authenticated) async throws -> String {
    let routes = ExportRoutes(installation: installation, authenticator: Authenticator(door: .network, access: installation.access))
    let now = installation.now()
    guard let from = CalendarDate(String(ago(120).text.prefix(10))),
      let to = CalendarDate(String(now.text.prefix(10)))
    else { throw CommandError("The days of the export cannot be told.") }
    let response = try await routes.answer(
      project, ExportOrder(range: DateRange(from: from, to: to), events: nil, request: nil), to: who, entered: {})
    let rows = CaughtRows()
    try await response.body.write(rows.writer)
    return rows.text
  }

  private func ago(_ days: Int64) -> Timestamp { Timestamp(milliseconds: installation.now().milliseconds - days * 86_400_000) }

  // MARK: Both

  /// The draft of a canary's alert.
  private func draft(where isMeant: (Incident.Source) -> Bool) async throws -> IncidentDraft? {
    try await installation.incidents.drafts(in: project.id).first { $0.alert.kind == .canaryUsed && isMeant($0.draft.source) }?.draft
  }

  /// Draft for the authority, management's page and evidence; says how much came of it.
  private func report(_ id: Int64) async throws -> String {
    guard let incident = try await installation.access.incident(id) else { throw CommandError("The incident is gone.") }
    let report = try await installation.incidents.report(on: incident, at: installation.now())
    let evidence = try await installation.evidence(on: incident)
    let proofs = evidence.files.count { $0.name.hasPrefix("proofs/") }
    return "draft for the authority of \(report.parts.count) parts, and evidence with \(proofs) proofs"
  }

  private static func words(_ scoped: IncidentDesk.Scoped) -> String {
    "\(scoped.scope.affected.count) people affected, \(scoped.scope.cannotBeExcluded.count) cannot be excluded, \(scoped.scope.notAffectedCount) are not"
  }

  private static func milliseconds(_ seconds: Double) -> String {
    let tenths = Int((seconds * 10_000).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

private struct Stopwatch {
  private let began = ContinuousClock.now
  var seconds: Double { (ContinuousClock.now - began) / .seconds(1) }
}

/// What a thief saves of an answer: the first megabytes of it.
private final class CaughtRows: Sendable {
  private static let most = 32 << 20
  private let bytes = Mutex<[UInt8]>([])

  var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
  var writer: some ResponseBodyWriter { Writer(rows: self) }

  private struct Writer: ResponseBodyWriter {
    let rows: CaughtRows
    mutating func write(_ buffer: ByteBuffer) async throws {
      rows.bytes.withLock { bytes in if bytes.count < CaughtRows.most { bytes.append(contentsOf: buffer.readableBytesView) } }
    }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }
}
