import Access
import Custodian
import Events
import Foundation
import Logging
import Passkeys
import SoftAuthenticator
import Vault

/// A custodian with approvers, each with a passkey in software.
final class ApprovalBench {
  let bench: CustodianBench
  private(set) var approvals: Approvals
  var passkeys: [String: SoftAuthenticator] = [:]
  var clock: ManualClock { bench.clock }
  var store: CustodianStore { bench.store }

  static let origin = "https://custodian.example.org"

  private let logger: Logger

  init(
    enrolled names: [String] = ["Ada", "Bea", "Cleo"], logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) throws {
    bench = try CustodianBench()
    self.logger = logger
    approvals = Self.approvals(bench, logger)
    for name in names { _ = try enrol(name, link: try link(expires: 1_000_000)) }
  }

  /// As after a kill: what was in memory is gone.
  func restart() throws {
    try bench.restart()
    approvals = Self.approvals(bench, logger)
  }

  private static func approvals(_ bench: CustodianBench, _ logger: Logger) -> Approvals {
    Approvals(
      store: bench.store, relyingParty: RelyingParty(id: "custodian.example.org", origins: [origin]), connection: bench.server.connection,
      logger: logger, clock: bench.clock.read)
  }

  /// A link as `init` makes it, one at a time.
  func link(expires milliseconds: Int64) throws -> String {
    let secret = Secret.random(.approverLink)
    try CustodianDirectory.write(
      setupLinks: [secret.digest.bytes], expiresAt: clock.read().milliseconds + milliseconds, in: bench.directory)
    try store.takeSetupLinks(at: clock.read())
    return secret.text
  }

  func authenticator(_ name: String) -> SoftAuthenticator {
    var device = SoftAuthenticator()
    device.relyingParty = "custodian.example.org"
    device.origin = Self.origin
    device.counter = 1
    return device
  }

  @discardableResult
  func enrol(_ name: String, link: String, change: (inout SoftAuthenticator) -> Void = { _ in }) throws -> Approver {
    var device = authenticator(name)
    change(&device)
    let begun = try approvals.beginEnrolment(link: link, name: name)
    device.userHandle = begun.approver.id
    let enrolled = try approvals.finishEnrolment(challenge: begun.challenge, with: device.register(begun.challenge))
    passkeys[name] = device
    return enrolled
  }

  func approver(_ name: String) throws -> Approver {
    guard let found = try store.approvers().first(where: { $0.name == name }) else { throw Missing(name: name) }
    return found
  }
  struct Missing: Error { let name: String }

  func assertion(_ name: String, _ challenge: [UInt8], change: (inout SoftAuthenticator) -> Void = { _ in }) throws -> AssertionResponse {
    guard var device = passkeys[name] else { throw Missing(name: name) }
    change(&device)
    let response = try device.assert(challenge)
    passkeys[name]?.counter = device.counter
    return response
  }

  /// Written and signed by its writer.
  func ask(
    _ wish: CustodianRequest.Wish? = nil, by name: String = "Ada", purpose: String = "Support case 4711, the customer asked us"
  ) throws -> CustodianRequest {
    let wish = wish ?? .open(project: bench.project, subjects: ["s_\(bench.pseudonyms.subject("dora"))"], fields: ["$email"])
    let request = try approvals.write(wish, purpose: purpose, by: approver(name))
    _ = try sign(request, as: name)
    return request
  }

  @discardableResult
  func sign(_ request: CustodianRequest, as name: String, change: (inout SoftAuthenticator) -> Void = { _ in }) throws -> StoredRequest {
    let who = try approver(name)
    let begun = try approvals.beginSignature(request.digest, by: who)
    return try approvals.sign(request.digest, by: who, with: try assertion(name, begun.challenge, change: change)).request
  }

  /// The ticket that a passkey's signature gives for carrying out an approved request.
  func ticket(_ request: CustodianRequest, as name: String = "Ada") throws -> [UInt8] {
    let who = try approver(name)
    let begun = try approvals.beginSignature(request.digest, by: who)
    return try approvals.sign(request.digest, by: who, with: try assertion(name, begun.challenge)).ticket ?? []
  }

  func open(_ request: CustodianRequest, as name: String = "Ada") async throws -> Opening {
    try await approvals.open(request.digest, by: try approver(name), ticket: try ticket(request, as: name))
  }

  func codes() throws -> [String] { try store.refusals().map(\.code) }
}
