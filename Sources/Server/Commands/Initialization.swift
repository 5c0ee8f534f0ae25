import Access
import Events
import Foundation
import Journeys
import Ledger
import Vault

/// `sealane init`: makes the data, key and custodian directories. Refuses to touch any that is there.
package struct Initialization: Sendable {
  package var data: URL
  package var keys: URL
  package var custodian: URL
  package var origin: String
  /// Where the custodian's pages will be, for its setup links.
  package var custodianOrigin: String
  package var projectName: String
  package var zone: String
  package var groupKeys: [String]
  package var smallestGroup: Int
  /// Whether exports have canaries.
  package var canaries: Bool

  package init(
    data: URL, keys: URL? = nil, custodian: URL? = nil, origin: String = "http://localhost:8000",
    custodianOrigin: String = "http://custodian.localhost:8002", projectName: String = "Main",
    zone: String = "UTC", groupKeys: [String] = [], canaries: Bool = true,
    smallestGroup: Int = Project.defaultSmallestGroup
  ) {
    self.canaries = canaries
    self.data = data.standardizedFileURL
    self.keys = keys ?? DataDirectory.defaultKeys(of: data)
    self.custodian = custodian ?? DataDirectory.defaultCustodian(of: data)
    self.origin = origin
    self.custodianOrigin = custodianOrigin
    self.projectName = projectName
    self.zone = zone
    self.smallestGroup = smallestGroup
    self.groupKeys = groupKeys.isEmpty ? Project.defaultGroupKeys : groupKeys
  }

  /// What was made. The secrets in it are shown once and kept nowhere.
  package struct Outcome: Sendable {
    package let project: Project
    package let account: NewServiceAccount
    package let setupURL: String
    /// One for each of the three first approvers.
    package let custodianSetupURLs: [String]
    package let ledgerPublicKey: String

    /// Exactly the members that programs depend on.
    package var json: String {
      JSONValue.object([
        "project_id": .number(Double(project.id.rawValue)), "project_token": .string(project.token),
        "service_account": ["username": .string(account.account.username), "secret": .string(account.secret.text)],
        "setup_url": .string(setupURL), "custodian_setup_urls": .list(custodianSetupURLs.map { .string($0) }),
        "ledger_public_key": .string(ledgerPublicKey),
      ]).text
    }

    /// The same for people.
    package func text(data: String) -> String {
      """
      Made \(data), its key directory and its custodian directory.

      Setup link (signs you in, once, within the hour; start the server first):
        \(setupURL)
      Custodian's setup links (each makes its bearer an approver, once, within a week; give them to three people):
      \(custodianSetupURLs.map { "  \($0)" }.joined(separator: "\n"))
      Project token (public, for SDKs):
        \(project.token)
      Service account (shown once; may send, query and export):
        \(account.account.username)
        \(account.secret.text)
      Ledger's public key (keep it elsewhere, to verify with):
        \(ledgerPublicKey)

      Next: sealane serve --data \(data)
      """
    }
  }

  package func run(clock: @escaping @Sendable () -> Timestamp = Ledger.systemClock) async throws -> Outcome {
    let directory = DataDirectory(data)
    for place in [data, keys, custodian] { try Self.refuseOccupied(place) }
    try FileManager.default.createDirectory(at: data.deletingLastPathComponent(), withIntermediateDirectories: true)
    try SecretFile.createDirectory(data)
    // Made durable here, so that a store that is opened first needs to care for its own name only.
    try SecretFile.createDirectory(directory.projects)
    let secrets = try KeyDirectory.create(at: keys)
    let custodianMade = try CustodianDirectory.create(at: custodian, lookUpKeys: secrets, madeAt: clock().milliseconds)
    try SecretFile.create(directory.custodianKey, bytes: Array(custodianMade.announcement.text.utf8))

    let ledger = try Ledger.open(directory: directory.ledger, keys: LedgerKeys(secrets), clock: clock)
    let access = try ControlDatabase.open(at: directory.controlDatabase, clock: clock)
    let me = Principal(kind: .operatingSystemUser, id: String(geteuid()), credential: "init")
    try await ledger.record(.ledgerOpened(version: "1"), by: me)
    try await pin(custodianMade, ledger: ledger, access: access, by: me)
    // The custodian's token is the control database's to make: only there its digest is kept.
    let token = try await access.issueCustodianToken()
    try SecretFile.replace(custodian.appendingPathComponent(CustodianDirectory.serverToken), bytes: Array((token.text + "\n").utf8))
    let approverLinks = (0..<CustodianDirectory.firstApprovers).map { _ in Secret.random(.approverLink) }
    try CustodianDirectory.write(
      setupLinks: approverLinks.map(\.digest.bytes), expiresAt: clock().milliseconds + CustodianDirectory.setupLinkLifetime, in: custodian)

    let project = try await access.createProject(name: projectName, zone: zone, groupKeys: groupKeys, smallestGroup: smallestGroup)
    try await ledger.record(.projectCreated(project.id), by: me)
    if smallestGroup != Project.defaultSmallestGroup {
      try await ledger.record(.projectSettingsChanged(project.id, settings: [project.smallestGroupEntry]), by: me)
    }
    if !canaries {
      try await ledger.record(.projectSettingsChanged(project.id, settings: ["canaries"]), by: me)
      try await access.setSetting(CanaryDesk.setting(project.id), to: "off")
    }
    let scopes: Set<ServiceAccount.Scope> = [.intake, .query, .export]
    let account = try await access.createServiceAccount(
      ServiceAccountDraft(
        name: "First account", scopes: scopes, lifetime: ServiceAccount.longestLifetime,
        quota: Quota(rows: 20_000_000, subjects: 2_000_000, bytes: 20 << 30)), project: project.id)
    try await ledger.record(
      .serviceAccountCreated(username: account.account.username, project: project.id, scopes: scopes.map(\.rawValue).sorted()), by: me)
    try await ledger.record(.setupLinkCreated, by: me)
    let link = try await access.createSetupLink()
    try SecretFile.create(directory.ledgerPublicKey, bytes: Array("\(ledger.publicKey)\n".utf8))
    try await ledger.close()
    try access.close()
    // Last: a directory without it was not finished, and no command takes it.
    try SecretFile.create(directory.format, bytes: Array(DataDirectory.formatText.utf8))
    return Outcome(
      project: project, account: account, setupURL: Installation.setupURL(origin: origin, token: link.token),
      custodianSetupURLs: approverLinks.map { "\(custodianOrigin)/enrol#\($0.text)" }, ledgerPublicKey: ledger.publicKey.description)
  }

  private func pin(
    _ made: CustodianDirectory.Created, ledger: Ledger, access: ControlDatabase, by principal: Principal
  ) async throws {
    let identity = CustodianDesk.hexadecimal(made.identity.bytes)
    let pinned = try await ledger.record(
      .custodianIdentityPinned(fingerprint: made.identity.fingerprint, publicKey: identity), by: principal)
    try await access.pinCustodianKey(.identity, publicKey: identity, fingerprint: made.identity.fingerprint, ledgerIndex: pinned.index)
    let key = CustodianDesk.hexadecimal(made.publicKey.bytes)
    let sealing = try await ledger.record(.custodianKeyPinned(fingerprint: made.publicKey.fingerprint, publicKey: key), by: principal)
    try await access.pinCustodianKey(.sealing, publicKey: key, fingerprint: made.publicKey.fingerprint, ledgerIndex: sealing.index)
  }

  private static func refuseOccupied(_ place: URL) throws {
    guard FileManager.default.fileExists(atPath: place.path) else { return }
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? ["?"]
    guard entries.isEmpty else {
      throw CommandError("\(place.path) is there already and not empty; init never overwrites. Choose another place, or move it away.")
    }
  }
}
