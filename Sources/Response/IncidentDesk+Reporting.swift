import Access
import Events
import Foundation
import Journeys
import Ledger
import Relay

extension IncidentDesk {
  /// A scope with what it said when it was entered.
  package struct CurrentScope: Sendable {
    package let scope: Scope
    package let version: IncidentScope
    package let kept: KeptScope
  }

  /// The draft for the authority, with the management's page in front. What stands in it is as of the newest scope.
  package func report(on incident: Incident, at now: Timestamp) async throws -> IncidentReport {
    let current = try await current(of: incident)
    let steps = try await control.steps(of: incident.id)
    var parts = [managementPart(incident, current, steps, at: now), summaryPart(incident, current), timesPart(incident)]
    parts.append(
      current.map { exposurePart(incident, $0) }
        ?? .init(
          title: "Who and which of their data (Art. 33(3)(a))", facts: [.init("Scope", "not determined yet: sealane incident scope")]))
    if let current { parts.append(severityPart(current)) }
    parts += Self.openParts
    parts.append(measuresPart(incident, steps))
    parts.append(clocksPart(incident, at: now))
    parts.append(
      .init(
        title: "What was done",
        facts: steps.map { .init($0.at.text, "\($0.act) by \($0.by.kind.rawValue) \($0.by.id), ledger entry no. \($0.entry)") }))
    return IncidentReport(title: "Incident \(incident.id): \(incident.title)", madeAt: now, parts: parts)
  }

  /// One page for those who decide: what happened, whom it concerns, what is done, what is due.
  package func summary(on incident: Incident, at now: Timestamp) async throws -> IncidentReport {
    let steps = try await control.steps(of: incident.id)
    return IncidentReport(
      title: "Incident \(incident.id), for the management: \(incident.title)", madeAt: now,
      parts: [managementPart(incident, try await current(of: incident), steps, at: now)])
  }

  func current(of incident: Incident) async throws -> CurrentScope? {
    guard let (scope, version) = try await currentScope(of: incident) else { return nil }
    return CurrentScope(scope: scope, version: version, kept: try version.kept)
  }

  // MARK: For the management

  private func managementPart(
    _ incident: Incident, _ current: CurrentScope?, _ steps: [IncidentStep], at now: Timestamp
  ) -> IncidentReport.Part {
    var facts: [IncidentReport.Fact] = [.init("What happened", Self.sentence(incident))]
    if let current {
      let (scope, kept) = (current.scope, current.kept)
      let organizations = kept.organizations.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.value) by \($0.key)" }.joined(
        separator: ", ")
      facts.append(
        .init(
          "Whom it concerns",
          "\(kept.affected) people are affected\(organizations.isEmpty ? "" : ", of organizations: \(organizations)"). \(kept.cannotBeExcluded) more cannot be excluded; \(kept.notAffected) are not affected."
        ))
      let names = kept.fields.map(\.name)
      facts.append(
        .init(
          "Which data",
          names.isEmpty
            ? "None."
            : "\(names.count) fields, under pseudonyms: \(names.prefix(20).joined(separator: ", "))\(names.count > 20 ? ", and \(names.count - 20) more" : "")."
        ))
      facts.append(
        .init(
          "Names and addresses",
          Self.identities(incident.source, scope)))
      let (severity, named) = (scope.severity(), scope.severityWithNames())
      facts.append(
        .init(
          "How severe (ENISA's aid)",
          "\(severity.arithmetic)\(Self.flags(severity)). With names and addresses beside the rows it would be \(named.arithmetic)."))
    } else {
      facts.append(.init("Whom it concerns", "Not determined yet."))
    }
    let contained = steps.filter { $0.act == "contained" }
    facts.append(
      .init("What is done", contained.isEmpty ? "Not contained yet." : "Contained at \(contained.map(\.at.text).joined(separator: ", ")).")
    )
    let open = contained.last.map { $0.note.split(separator: "\n").filter { $0.hasPrefix("not reached: ") }.map { $0.dropFirst(13) } } ?? []
    if !open.isEmpty { facts.append(.init("What somebody must do elsewhere", open.joined(separator: "\n"))) }
    let running = clocks.readings(of: incident, at: now).filter { ($0.state == .running || $0.state == .overdue) && $0.deadline != nil }
    let next = running.sorted { ($0.deadline ?? now) < ($1.deadline ?? now) }.prefix(3)
    facts.append(
      .init(
        "What is due next",
        next.isEmpty
          ? "No deadline runs yet."
          : next.map { reading in
            "\(reading.deadline?.text ?? ""): \(reading.rule.title), to \(reading.rule.to)\(reading.state == .overdue ? " (overdue)" : "")"
          }.joined(separator: "\n")))
    return .init(title: "For the management", facts: facts)
  }

  /// What opens seals is asked of the custodian by its own approvers: of a session, a person or a host only a person can say whether they did.
  private static func identities(_ source: Incident.Source, _ scope: Scope) -> String {
    if scope.openings > 0 {
      return "Opened by \(scope.openings) openings at the custodian, each approved by two people; the ledger says which."
    }
    switch source {
    case .vendor, .export: return "None left by this way: identifying values are sealed."
    case .credential(let id) where id.hasPrefix("sa_"): return "None left by this way: identifying values are sealed."
    case .host(.custodian): return "The keys that open them were on this host: whoever has the data too can read what was sealed before."
    case .host(.backup): return "Sealed in the backup; it has no key that opens them."
    case .credential, .person, .host(.server): return "Sealed; whether any was opened for this person or there, somebody must say."
    }
  }

  private static func flags(_ severity: Severity) -> String {
    severity.flags.map { flag in
      switch flag {
      case .moreThanAHundredPeople: ", of more than 100 people"
      case .unintelligible: ", unintelligible without data that were not lost"
      }
    }.joined()
  }

  /// In one sentence, without what people typed.
  package static func sentence(_ incident: Incident) -> String {
    let what =
      switch incident.source {
      case .vendor(let id): "The vendor \(id) lost hold of what it had been given"
      case .credential(let id) where id.hasPrefix("sa_"): "The key of the service account \(id) was in somebody else's hands"
      case .credential(let id): "The session \(id) was in somebody else's hands"
      case .person(let id): "Somebody acted as \(id) of the staff"
      case .export(let id): "The export \(id) turned up where it does not belong"
      case .host(let host): "The \(host.rawValue == "backup" ? "backup" : "\(host.rawValue)'s host") was in somebody else's hands"
      }
    let window =
      switch (incident.from, incident.to) {
      case (let from?, let to?): ", between \(from.text) and \(to.text)"
      case (let from?, nil): ", from \(from.text) on"
      case (nil, let to?): ", until \(to.text)"
      case (nil, nil): ""
      }
    return "\(what)\(window)."
  }

  // MARK: For the authority

  private func summaryPart(_ incident: Incident, _ current: CurrentScope?) -> IncidentReport.Part {
    // The window of the scope that the figures are of; a newer one stands beside it until somebody scopes it anew.
    let (from, to) = current.map { ($0.kept.from, $0.kept.to) } ?? (incident.from, incident.to)
    var facts: [IncidentReport.Fact] = [
      .init("Incident", "no. \(incident.id): \(incident.title)"), .init("State", incident.state.rawValue),
      .init("What was lost hold of", "\(incident.source.kind) \(incident.source.id)"), .init("From", from?.text ?? "not bounded"),
      .init("To", to?.text ?? "until it was scoped"),
      .init(
        "People affected",
        current.map {
          "\($0.kept.affected) affected, \($0.kept.cannotBeExcluded) cannot be excluded, \($0.kept.notAffected) not affected"
        } ?? ""),
    ]
    if current != nil, from != incident.from || (to != incident.to && !incident.isOpenEnded(at: incident.to)) {
      facts.append(.init("Mind", "the incident's window was changed since this scope: scope it anew."))
    }
    return .init(title: "Summary", facts: facts)
  }

  private func timesPart(_ incident: Incident) -> IncidentReport.Part {
    .init(
      title: "Times, kept apart",
      facts: Incident.Moment.allCases.compactMap { moment in
        let isAsked = [.firstSignal, .certain, .vendorToldUs, .dataSetReceived, .authorityTold, .peopleTold].contains(moment)
        guard isAsked || incident.moments[moment] != nil else { return nil }
        return .init(moment.rawValue.replacing("_", with: " "), incident.moments[moment]?.text ?? "not said")
      })
  }

  private func exposurePart(_ incident: Incident, _ current: CurrentScope) -> IncidentReport.Part {
    let (scope, version, kept) = (current.scope, current.version, current.kept)
    var facts: [IncidentReport.Fact] = [
      .init("Version of the scope", "\(version.version), ledger entry no. \(version.entry), SHA-256 \(version.digest)"),
      .init("Approximate number of people", "\(kept.affected)"), .init("Approximate number of records", "\(kept.rows)"),
      .init("Between", "\(kept.first?.text ?? "–") and \(kept.last?.text ?? "–")"),
      .init("Entries of the ledger that prove it", "\(kept.entries)"),
    ]
    for (key, organizations) in kept.organizations.sorted(by: { $0.key < $1.key }) {
      facts.append(.init("Organizations by \(key)", "\(organizations)"))
    }
    facts.append(.init("Fields and of how many people", kept.fields.map { "\($0.name): \($0.people)" }.joined(separator: "\n")))
    facts.append(
      .init(
        "What could have been collected at all",
        scope.plans.isEmpty
          ? "no tracking plan was in force"
          : scope.plans.map { "version \($0.version) of the tracking plan, SHA-256 \($0.digest)" }.joined(separator: "\n")))
    if scope.digest != version.digest {
      facts.append(
        .init("Mind", "people were merged, came or were erased since this version was entered. Scope it anew for a version of now."))
    }
    // What opens seals is asked of the custodian, by its own approvers: of a host, or of a person who is one, a person must say.
    let none = "Names, addresses and other identifying values were sealed: none of them left by this way."
    switch incident.source {
    case .vendor, .export: facts.append(.init("Identities", none))
    case .credential(let id) where id.hasPrefix("sa_"): facts.append(.init("Identities", none))
    case .credential, .person, .host:
      facts.append(.init("Identities that were opened", scope.openings > 0 ? "\(scope.openings) openings, each in the ledger" : ""))
    }
    return .init(title: "Who and which of their data (Art. 33(3)(a))", facts: facts)
  }

  private func severityPart(_ current: CurrentScope) -> IncidentReport.Part {
    let (severity, would) = (current.scope.severity(), current.scope.severityWithNames())
    let ease =
      switch severity.identification {
      case .maximum, .significant: "1: identities were opened"
      case .limited: "0.5: a field tells people apart by what others know too, or the pseudonym key lay there; identities are sealed"
      case .negligible: "0.25: pseudonyms that only the company can resolve; identifying values are sealed"
      }
    return .init(
      title: "Severity by ENISA's recommendations of 2013: an aid, no decision",
      facts: [
        .init("SE = DPC × EI + CB", "\(severity.arithmetic)\(Self.flags(severity))"),
        .init("DPC, what the data are about", "\(severity.processingContext): \(severity.category)"),
        .init(
          "EI, how easily a thief finds the people",
          ease),
        .init(
          "CB, circumstances", "0.5: to unknown recipients, not recoverable\(severity.isMalicious ? "; 0.5: taken with intent" : "")"),
        .init("The same rows with names and addresses", would.arithmetic),
      ])
  }

  private static let openParts: [IncidentReport.Part] = [
    .init(
      title: "Contact (Art. 33(3)(b))",
      facts: [.init("Organisation and sector", ""), .init("Data protection officer", ""), .init("Contact", "")]),
    .init(
      title: "Consequences (Art. 33(3)(c))",
      facts: [
        .init("Likely consequences", ""), .init("Severity: negligible, limited, significant or maximal", ""),
        .init("Confidentiality, integrity, availability", "confidentiality"), .init("Cause: external or internal, malicious or not", ""),
        .init("Minors or vulnerable people", ""), .init("Other countries, other authorities", ""),
      ]),
  ]

  private func measuresPart(_ incident: Incident, _ steps: [IncidentStep]) -> IncidentReport.Part {
    .init(
      title: "Measures (Art. 33(3)(d))",
      facts: [
        .init("Taken before", "pseudonyms, sealed identities, quotas, a ledger of every disclosure"),
        .init("Taken since", steps.filter { $0.act == "contained" }.map(\.note).joined(separator: "\n")), .init("Proposed", ""),
        .init("People told: when, how, how many, or why not", incident.moments[.peopleTold]?.text ?? ""),
      ])
  }

  private func clocksPart(_ incident: Incident, at now: Timestamp) -> IncidentReport.Part {
    .init(
      title: "Clocks (rules of \(clocks.version))",
      facts: clocks.readings(of: incident, at: now).filter { $0.state != .notStarted }.map { reading in
        .init(
          "\(reading.rule.title), to \(reading.rule.to)",
          "\(reading.state.rawValue.replacing("_", with: " "))\(reading.deadline.map { ", until \($0.text)" } ?? ""). \(reading.rule.note) Source: \(reading.rule.source)."
        )
      })
  }
}
