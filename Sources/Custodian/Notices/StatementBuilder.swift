internal import Crypto
internal import CryptoExtras
internal import Events
internal import Foundation
internal import Ledger
internal import Logging
internal import Notices
internal import Vault

/// Makes a statement of a scope that approvers agreed to: has the server hand over whom it affects, opens addresses and ids, and commits to them.
///
/// The set of those handed over must be the one whose digest the approvers signed, to the last number. What it opens is kept encrypted until the
/// letters are sent; a crash begins anew, with another key.
struct StatementBuilder: Sendable {
  let store: CustodianStore
  let connection: ServerConnection
  let signatures: SignatureCheck
  /// Whether a letter can go to an address at all.
  let reaches: @Sendable (String) -> Bool
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  /// It cannot be made, however often it is tried.
  struct Impossible: Error, CustomStringConvertible {
    let description: String
  }

  /// The server reads all profiles for each lot.
  private static let organizationsAtATime = 500
  /// A page that does not come is asked for again: a server that restarts does not send ten thousand people back to the beginning.
  private static let pageAttempts = 5

  /// - Throws: `Impossible`, or what went wrong on the way and may go well later.
  func build(_ stored: StoredStatement) async throws {
    let request = try signatures.begun(stored.request)
    guard let scopeSet = try await scopeSet(stored.scope) else {
      throw Impossible(
        description: "The server shows another scope than the one that was approved. Scope the incident anew, and ask again.")
    }
    let approved = ApprovedRequest(request, project: stored.scope.project)
    try store.clearRecipients(of: stored.request)
    let key = P384._VOPRF.PrivateKey(compactRepresentable: false)
    var gathering = Gathering()
    var after: UInt32?
    repeat {
      let from = after
      let page = try await again { try await connection.affected(stored.scope, approved, after: from) }
      gathering.leaves += try await Self.leaves(of: take(page, into: &gathering, of: stored), by: key)
      guard page.next != after || page.next == nil else { throw Impossible(description: "The server shows the same page again.") }
      after = page.next
    } while after != nil
    guard Self.digest(of: gathering.numbers) == scopeSet.digest, gathering.numbers.count == scopeSet.count else {
      throw Impossible(
        description:
          "The server handed over \(gathering.numbers.count) people, who are not the \(scopeSet.count) of the scope that was approved. Find out why before you ask again."
      )
    }
    try await takeOrganizations(of: stored, approved)
    let tree = SortedTree(gathering.leaves)
    let (version, supersedes) = try store.nextStatement(project: stored.scope.project, incident: stored.scope.incident)
    let statement = Statement(
      project: stored.scope.project, incident: stored.scope.incident, version: version, supersedes: supersedes,
      scopeVersion: stored.scope.version, scopeDigest: stored.scope.digest, madeAt: clock(),
      key: Array(key.publicKey.oprfRepresentation), names: tree.size, root: try tree.root,
      people: gathering.numbers.count - gathering.nameless, nameless: gathering.nameless, request: stored.request.hexadecimal)
    let text = statement.text
    try store.put(
      CustodianStore.MadeStatement(
        key: key.rawRepresentation, leaves: Data(tree.leaves.joined()), text: text,
        note: text + "\n" + store.secrets.noticeSigner().line(for: text),
        digest: CommittedText.digest(of: text), version: version, unreachable: gathering.unreachable), of: stored, at: clock())
    logger.notice(
      "a statement was made",
      metadata: ["request": "\(stored.request.hexadecimal)", "names": "\(tree.size)", "people": "\(gathering.numbers.count)"])
  }

  private func again<Answer: Sendable>(_ ask: () async throws -> Answer) async throws -> Answer {
    for attempt in 1... {
      do { return try await ask() } catch let error as CustodianError where Self.isFinal(error) {
        throw Impossible(description: "\(error)")
      } catch  where attempt < Self.pageAttempts && !(error is CancellationError) {
        try await Task.sleep(for: .milliseconds(200 << attempt))
      }
    }
    throw CancellationError()
  }

  /// Evaluated beside each other: it is what a statement takes its time for.
  private static func leaves(of names: [StatementName], by key: P384._VOPRF.PrivateKey) async throws -> [[UInt8]] {
    let lots = max(1, ProcessInfo.processInfo.activeProcessorCount)
    let raw = key.rawRepresentation
    return try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
      for lot in 0..<lots {
        let names = stride(from: lot, to: names.count, by: lots).map { names[$0] }
        group.addTask {
          let key = try P384._VOPRF.PrivateKey(rawRepresentation: raw)
          return try names.map { SortedTree.leaf(ofOutput: Array(try key.evaluate(Data($0.bytes)))) }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }

  private static func isFinal(_ error: CustodianError) -> Bool {
    if case .unexpectedAnswer(_, let status, _) = error { [404, 409, 410].contains(status) } else { false }
  }

  /// Size and digest of the affected set, of the scope that was approved. Nil where the server does not show it.
  private func scopeSet(_ scope: CustodianRequest.ScopeToState) async throws -> (count: Int, digest: String)? {
    let shown = try await connection.scopedIncidents().first {
      $0.project == scope.project.rawValue && $0.incident == scope.incident && $0.digest == scope.digest
    }
    guard let shown, CommittedText.digest(of: shown.scope) == scope.digest,
      let affected = CanonicalJSON(canonical: Array(shown.scope.utf8))?["affected"], let count = affected["count"]?.integer,
      let digest = affected["sha256"]?.string, Int(count) == scope.affected
    else { return nil }
    return (Int(count), digest)
  }

  private static func digest(of numbers: [UInt32]) -> String {
    Array(SHA256.hash(data: SubjectSet(numbers.map { SubjectNumber($0) }).roaring)).hexadecimal
  }

  /// What is gathered page by page: numbers and leaves, no address.
  private struct Gathering {
    var numbers: [UInt32] = []
    var leaves: [[UInt8]] = []
    var nameless = 0
    var unreachable = 0
  }

  /// The names of those on the page.
  private func take(_ page: AffectedPage, into gathering: inout Gathering, of stored: StoredStatement) throws -> [StatementName] {
    var allNames: [StatementName] = []
    var recipients: [(audience: Audience, key: Data, record: RecipientRecord)] = []
    var members: [(organization: String, number: UInt32, person: OrganizationPerson)] = []
    for subject in page.subjects {
      guard gathering.numbers.last.map({ $0 < subject.number }) ?? true else {
        throw Impossible(description: "The server hands over people out of order.")
      }
      gathering.numbers.append(subject.number)
      let opened = try subject.ids.map { try open($0, project: stored.scope.project) }
      let ids = opened.compactMap(\.account)
      // Where one of several ids that were merged is the one that was shown, its own addresses count: a merge that somebody else caused leads nobody's
      // letter astray.
      let shown = opened.filter { $0.isShown && !$0.addresses.isEmpty }
      let told = shown.isEmpty ? opened.filter { !$0.addresses.isEmpty } : shown
      // An address that mail cannot go to stays one of their names; whoever has no other one is counted as not to be reached.
      let reached = told.flatMap(\.addresses).filter { reaches($0.name.value) }
      let addresses = Dictionary(reached.map { ($0.name, $0.arrivedAt) }, uniquingKeysWith: { min($0, $1) })
      let names = Set(opened.flatMap(\.addresses).map(\.name) + ids)
      if names.isEmpty { gathering.nameless += 1 }
      if addresses.isEmpty { gathering.unreachable += 1 }
      allNames += names
      let locale = told.compactMap(\.locale).first
      for (address, arrivedAt) in addresses {
        recipients.append(
          (
            .person, store.secrets.recipientKey(address.value),
            RecipientRecord(
              numbers: [subject.number], address: address.value, locale: locale, fields: subject.fields, arrivedAt: arrivedAt.milliseconds)
          ))
      }
      // Each id is named to its own organizations by its own address: what somebody else merged with it leads nowhere.
      for id in opened where id.isShown || told.contains(id) {
        guard let label = (id.addresses.map(\.name.value).sorted() + [id.account?.value].compactMap(\.self)).first else { continue }
        for organization in Set(id.organizations) {
          members.append((organization, subject.number, OrganizationPerson(label: label, fields: subject.fields)))
        }
      }
    }
    // A crash here leaves recipients of a statement that is made anew: they are cleared first.
    try store.keep(recipients, of: stored)
    try store.keep(members, of: stored)
    return allNames
  }

  private struct OpenedAddress: Hashable {
    let name: StatementName
    /// When the key to it came here.
    let arrivedAt: Timestamp
  }

  private struct OpenedID: Hashable {
    let isShown: Bool
    let account: StatementName?
    let addresses: [OpenedAddress]
    let locale: String?
    let organizations: [String]
  }

  private func open(_ id: AffectedPage.ID, project: ProjectID) throws -> OpenedID {
    guard let subject = Pseudonym(id.subject) else { throw Impossible(description: "The server names a subject that is none.") }
    let account = try id.id.flatMap { try text($0, subject: subject, field: Sealing.idField, project: project) }
    return OpenedID(
      isShown: id.shown,
      // What an SDK made up for a device is nobody's name.
      account: account.flatMap { $0.hasPrefix("$device:") ? nil : StatementName(.account, $0) },
      addresses: try id.addresses.compactMap { try address($0, subject: subject, field: "$email", project: project) },
      locale: id.language, organizations: id.organizations)
  }

  /// Nil for what no secret credential wrote, as the seal itself says, whatever the server does.
  private func address(_ sealed: Data, subject: Pseudonym, field: String, project: ProjectID) throws -> OpenedAddress? {
    guard SealedValueOpener.isVerified([UInt8](sealed)),
      let name = try text(sealed, subject: subject, field: field, project: project).flatMap({ StatementName(.email, $0) }),
      let epoch = try? SealedValueOpener.epoch(of: [UInt8](sealed)),
      let arrivedAt = try store.arrival(project: project, subject: subject, epoch: epoch)
    else { return nil }
    return OpenedAddress(name: name, arrivedAt: arrivedAt)
  }

  /// Nil for what stays shut: erased, or not of this place.
  private func text(_ sealed: Data, subject: Pseudonym, field: String, project: ProjectID) throws -> String? {
    guard let epoch = try? SealedValueOpener.epoch(of: [UInt8](sealed)) else { return nil }
    let keys = try store.recordKeys(project: project, subject: subject, epoch: epoch)
    return try? SealedValueOpener.open([UInt8](sealed), project: project, subject: subject, field: field, recordKeys: keys)
  }

  private func takeOrganizations(of stored: StoredStatement, _ approved: ApprovedRequest) async throws {
    var after = ""
    while true {
      let organizations = try store.organizations(of: stored.request, after: after, limit: Self.organizationsAtATime)
      guard let last = organizations.last else { return }
      let page = try await again { try await connection.organizations(organizations, approved) }
      var recipients: [(audience: Audience, key: Data, record: RecipientRecord)] = []
      var names: [String: (name: String, locale: String?)] = [:]
      for organization in page.organizations where organizations.contains(organization.organization) {
        guard let pseudonym = Pseudonym(organization.organization) else { continue }
        let id = try organization.id.flatMap { try text($0, subject: pseudonym, field: Sealing.idField, project: stored.scope.project) }
        let opened = try organization.sealedName.first.flatMap {
          try text($0, subject: pseudonym, field: "name", project: stored.scope.project)
        }
        let name = organization.name ?? opened ?? id ?? organization.organization
        names[organization.organization] = (name, organization.language)
        for address in try addresses(organization.addresses, pseudonym, organization.field ?? "$email", stored) {
          recipients.append(recipient(.contact, address, organization.organization, name, organization.language))
        }
      }
      for administrator in page.administrators {
        guard let pseudonym = Pseudonym(administrator.subject) else { continue }
        for address in try addresses(administrator.addresses, pseudonym, "$email", stored) {
          for organization in administrator.organizations where organizations.contains(organization) {
            recipients.append(
              recipient(.administrator, address, organization, names[organization]?.name ?? organization, administrator.language))
          }
        }
      }
      try store.keep(recipients, of: stored)
      after = last
    }
  }

  private func addresses(_ sealed: [Data], _ subject: Pseudonym, _ field: String, _ stored: StoredStatement) throws -> [OpenedAddress] {
    try sealed.compactMap { try address($0, subject: subject, field: field, project: stored.scope.project) }.filter {
      reaches($0.name.value)
    }
  }

  private func recipient(
    _ audience: Audience, _ address: OpenedAddress, _ organization: String, _ name: String, _ locale: String?
  ) -> (audience: Audience, key: Data, record: RecipientRecord) {
    (
      audience, store.secrets.recipientKey("\(organization) \(address.name.value)"),
      RecipientRecord(
        numbers: [], address: address.name.value, locale: locale, fields: [], organization: organization, organizationName: name,
        arrivedAt: address.arrivedAt.milliseconds)
    )
  }
}
