import Access
import Crypto
import Events
import Foundation
import Journeys
import Ledger
import Logging
import SegmentStore
import Synchronization
import Vault

/// Synthetic subjects of exports: makes them, knows them again, and raises an alert that names the very export where one turns up.
final class CanaryDesk: Sendable {
  /// So many of an export, at most.
  static let most: UInt32 = 64
  /// On its first page; each further page has one more.
  static let first: UInt32 = 3
  /// An export that is no longer has one.
  static let shortPage = 20

  private let access: ControlDatabase
  private let ledger: Ledger
  private let alerts: AlertDesk
  private let projects: OpenProjects
  private let uses: UseWatch
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp
  /// Below which hosts of canaries stand.
  let domain: String?
  /// By project: the key derives them once.
  private let seals = Mutex<[ProjectID: CanarySeal]>([:])
  private let key: SecretKey
  /// Clues of canaries whose export neither register nor ledger knows.
  private let strangers = Mutex<Set<Clue>>([])

  init(
    access: ControlDatabase, ledger: Ledger, alerts: AlertDesk, projects: OpenProjects, uses: UseWatch, key: SecretKey, domain: String?,
    logger: Logger, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.access = access
    self.ledger = ledger
    self.alerts = alerts
    self.projects = projects
    self.uses = uses
    self.key = key
    self.domain = domain?.lowercased()
    self.logger = logger
    self.clock = clock
  }

  func seal(of project: ProjectID) -> CanarySeal {
    seals.withLock { seals in
      if let seal = seals[project] { return seal }
      let seal = CanarySeal(pseudonymKey: key, project: project)
      seals[project] = seal
      return seal
    }
  }

  // MARK: The owner's switch

  static func setting(_ project: ProjectID) -> String { "canaries.\(project)" }

  func isOn(in project: ProjectID) async throws(AccessError) -> Bool { try await access.setting(Self.setting(project)) != "off" }

  /// The ledger's entry first.
  func turn(_ isOn: Bool, in project: ProjectID, by principal: Principal) async throws {
    try await ledger.record(.projectSettingsChanged(project, settings: ["canaries"]), by: principal)
    try await access.setSetting(Self.setting(project), to: isOn ? nil : "off")
  }

  // MARK: Exports

  /// What one export gives out beside the real rows.
  struct Export: Sendable {
    let project: ProjectID
    let nonce: [UInt8]
    fileprivate let seal: CanarySeal

    /// - Parameters:
    ///   - number: of the page, from 0.
    ///   - rows: real ones on it.
    func canaries(onPage number: Int, rows: Int) -> [Canary] {
      let first = CanaryDesk.first
      let numbers: Range<UInt32> =
        number == 0
        ? 0..<(rows < CanaryDesk.shortPage ? 1 : first)
        : UInt32(clamping: number) <= CanaryDesk.most - first ? (first - 1 + UInt32(number))..<(first + UInt32(number)) : 0..<0
      return numbers.map { seal.canary($0, of: .export(nonce: nonce)) }
    }

    var name: String { CustodianDesk.hexadecimal(nonce) }

    /// - Parameter lines: that show them.
    func mark(_ shown: [Canary], lines: Int) -> Disclosure.CanaryMark? {
      guard lines > 0 else { return nil }
      let text = shown.map { "s_\($0.id) \($0.label)\n" }.sorted().joined()
      return Disclosure.CanaryMark(
        export: name, count: shown.count, lines: lines, commitment: CustodianDesk.hexadecimal(Array(SHA256.hash(data: Data(text.utf8)))))
    }
  }

  /// Nil where the owner switched them off.
  func export(of project: ProjectID) async throws(AccessError) -> Export? {
    guard try await isOn(in: project) else { return nil }
    var random = SystemRandomNumberGenerator()
    let nonce = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    return Export(project: project, nonce: nonce, seal: seal(of: project))
  }

  /// Notes an export whose first page the ledger has. A crash before this leaves an export that is found by its entry alone.
  func note(_ export: Export, entry: LedgerReceipt, by principal: Principal) async throws(AccessError) {
    try await access.note(
      CanaryExport(
        nonce: export.name, project: export.project, entry: entry.index, by: Alert.About(principal), canaries: Int(Self.most),
        madeAt: entry.time))
  }

  // MARK: Recognising

  struct Hit: Sendable, Hashable {
    /// As it turned up: an id or a host.
    let what: String
    let project: ProjectID
    /// Nil where nobody knows any more which, and where a vendor had it.
    let export: CanaryExport?
    /// Who alone had it, if it was a vendor.
    let vendor: Vendor.ID?
  }

  /// How somebody came upon a canary.
  enum Use: String, Sendable {
    /// It was asked for: a page, a query, a search.
    case lookup
    /// A host of it was called, or its id used, somewhere else.
    case hit
    /// It stood in a file.
    case file

    var words: String {
      switch self {
      case .lookup: "was asked for here"
      case .hit: "was used somewhere"
      case .file: "stood in a file"
      }
    }
  }

  /// Looks at ids that somebody asks about, one by one. An alert says so where one is a canary's; whoever asks learns nothing.
  func look(at ids: [Pseudonym], in project: ProjectID, by principal: Principal) async {
    for id in ids {
      let number = projects[project]?.store.reference(of: id)?.number
      await uses.noteLookUp(
        of: number.map { UInt64(UInt32(truncatingIfNeeded: project.rawValue)) << 32 | UInt64($0.rawValue) } ?? id.high ^ id.low,
        isKnown: number != nil, by: principal)
    }
    await recognise(ids, in: project, by: principal)
  }

  /// The same of many at once, which is no going through subjects one by one.
  func recognise(_ ids: some Sequence<Pseudonym>, in project: ProjectID, by principal: Principal) async {
    let seal = seal(of: project)
    let found = ids.filter { seal.isCanary($0) }
    if found.isEmpty { return }
    await tell(await hits(Set(found).map { .id($0) }, in: project), .lookup, by: principal)
  }

  /// The same of whatever a query or a condition says.
  func look(at text: String, in project: ProjectID, by principal: Principal) async {
    if let id = Pseudonym(text) { return await look(at: [id], in: project, by: principal) }
    await recognise(CanaryScan.ids(in: text), in: project, by: principal)
  }

  enum Clue: Sendable, Hashable {
    case id(Pseudonym)
    case label(String)
  }

  /// Canaries among clues of any project.
  func hits(_ clues: [Clue]) async -> [Hit] {
    var hits: [Hit] = []
    for project in projects.all {
      let seal = seal(of: project.id)
      let found = clues.filter { clue in
        switch clue {
        case .id(let id): seal.isCanary(id)
        case .label(let label): seal.isCanary(label: label)
        }
      }
      if !found.isEmpty { hits += await self.hits(found, in: project.id) }
    }
    return hits
  }

  private func hits(_ clues: [Clue], in project: ProjectID) async -> [Hit] {
    var hits: [Hit] = []
    for clue in clues {
      var (export, vendor): (CanaryExport?, Vendor.ID?) = (nil, nil)
      do {
        vendor = try await self.vendor(with: clue, in: project)
        if vendor == nil { export = try await self.export(with: clue, in: project) }
      } catch {
        logger.error("Whose a canary was cannot be looked up", metadata: ["error": "\(type(of: error))"])
      }
      switch clue {
      case .id(let id): hits.append(Hit(what: vendor == nil ? "s_\(id)" : "v_\(id)", project: project, export: export, vendor: vendor))
      case .label(let label): hits.append(Hit(what: "\(label).\(domain ?? "…")", project: project, export: export, vendor: vendor))
      }
    }
    return hits
  }

  /// So many of a vendor are looked for, whatever its declarations said at times.
  private static let mostOfVendor: UInt32 = 100

  private func vendor(with clue: Clue, in project: ProjectID) async throws(AccessError) -> Vendor.ID? {
    let seal = seal(of: project)
    return try await access.vendors(of: project).map(\.id).first { vendor in
      (0..<Self.mostOfVendor).contains { number in
        let canary = seal.canary(number, of: .vendor(vendor.rawValue))
        return clue == .id(canary.id) || clue == .label(canary.label)
      }
    }
  }

  /// Goes through the register, and through the ledger where that does not know it, as after a restore.
  private func export(with clue: Clue, in project: ProjectID) async throws -> CanaryExport? {
    let seal = seal(of: project)
    func isMade(by nonce: [UInt8], _ count: Int) -> Bool {
      (0..<UInt32(clamping: max(0, min(count, 1_000)))).contains { number in
        let canary = seal.canary(number, of: .export(nonce: nonce))
        return clue == .id(canary.id) || clue == .label(canary.label)
      }
    }
    var before: UInt64?
    repeat {
      let page = try await access.canaryExports(of: project, before: before, limit: 1_000)
      for export in page {
        if let nonce = [UInt8](hexadecimal: export.nonce), isMade(by: nonce, export.canaries) { return export }
      }
      before = page.count == 1_000 ? page.last?.entry : nil
    } while before != nil
    // Reading the whole ledger is dear: once for a clue that nobody knows.
    guard !strangers.withLock({ $0.contains(clue) }) else { return nil }
    var next: UInt64 = 0
    while true {
      let records = try await ledger.records(from: next, limit: 256)
      guard let last = records.last?.entry.index else { break }
      for record in records where record.entry.kind == "disclosure.subjects" && record.entry.project == project {
        guard case .present(let detail) = record.detail, let name = detail.facts["canary_export"], let nonce = [UInt8](hexadecimal: name),
          isMade(by: nonce, Int(Self.most))
        else { continue }
        let export = CanaryExport(
          nonce: name, project: project, entry: record.entry.index, by: Alert.About(detail.principal), canaries: Int(Self.most),
          madeAt: record.entry.time)
        try await access.note(export)
        return export
      }
      next = last + 1
    }
    strangers.withLock { strangers in
      if strangers.count >= 1_000 { strangers.removeAll() }
      strangers.insert(clue)
    }
    return nil
  }

  /// One alert an export.
  func tell(_ hits: [Hit], _ use: Use, by principal: Principal?) async {
    for (vendor, hits) in Dictionary(grouping: hits.filter { $0.vendor != nil }, by: \.vendor) {
      guard let vendor, let first = hits.first else { continue }
      var details: [String: Alert.Value] = [
        "use": .text(use.rawValue), "canaries_seen": .number(Int64(hits.count)), "vendor": .text(vendor.rawValue),
      ]
      if let principal { details["seen_by"] = .text("\(principal.kind.rawValue)/\(principal.id)/\(principal.credential)") }
      await alerts.raise(
        NewAlert(
          .canaryUsed, project: first.project, about: Alert.About(kind: "vendor", id: vendor.rawValue, credential: "relay"),
          sentence: "A synthetic subject that only the vendor \(vendor) had been given \(use.words).", details: details,
          sameAs: "\(use.rawValue)/vendor \(vendor)"))
    }
    for (export, hits) in Dictionary(grouping: hits.filter { $0.vendor == nil }, by: \.export).sorted(by: {
      $0.key?.entry ?? 0 < $1.key?.entry ?? 0
    }) {
      guard let first = hits.first else { continue }
      var details: [String: Alert.Value] = ["use": .text(use.rawValue), "canaries_seen": .number(Int64(hits.count))]
      if let principal { details["seen_by"] = .text("\(principal.kind.rawValue)/\(principal.id)/\(principal.credential)") }
      if let export {
        details["export"] = .text(export.nonce)
        details["export_entry"] = .number(Int64(clamping: export.entry))
        details["exported_at"] = .text(export.madeAt.text)
      }
      let whose =
        export.map { "the export of ledger entry \($0.entry), by \($0.by.credential), at \($0.madeAt.text)" }
        ?? "an export that is not known any more"
      await alerts.raise(
        NewAlert(
          .canaryUsed, project: first.project, about: export?.by,
          sentence: "A synthetic subject that only \(whose), had been given \(use.words).",
          details: details, sameAs: "\(use.rawValue)/\(export?.nonce ?? "unknown")"))
    }
  }
}

/// Finds what may be a canary in text of any kind.
package enum CanaryScan {
  /// Every run of exactly 32 lower-case hexadecimal digits.
  package static func ids(in text: some StringProtocol) -> [Pseudonym] {
    var ids: [Pseudonym] = []
    var run: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): run.append(byte)
      default:
        if run.count == 32, let id = Pseudonym(String(decoding: run, as: UTF8.self)) { ids.append(id) }
        run.removeAll(keepingCapacity: true)
      }
    }
    if run.count == 32, let id = Pseudonym(String(decoding: run, as: UTF8.self)) { ids.append(id) }
    return ids
  }

  /// Every first label of a host name that has the form of a canary's: 16 letters and digits before a full stop.
  package static func labels(in text: some StringProtocol) -> [String] {
    var labels: [String] = []
    var run: [UInt8] = []
    for byte in text.utf8 {
      let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
      switch lower {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        if run.count <= 16 { run.append(lower) }
      default:
        if byte == UInt8(ascii: "."), run.count == 16 { labels.append(String(decoding: run, as: UTF8.self)) }
        run.removeAll(keepingCapacity: true)
      }
    }
    return labels
  }
}
