internal import Foundation
internal import Notices
internal import Outbound
internal import Vault

/// Where letters go.
protocol NoticeTransport: Sendable {
  var from: (address: String, name: String) { get }
  var mode: NoticeMode { get }
  var messagesPerMinute: Int { get }
  /// Messages that are handed over at the same time.
  var connections: Int { get }
  /// Milliseconds of one step of waiting; a minute but for tests.
  var pause: Int64 { get }
  func deliver(_ mail: LetterMail, to address: String) async throws -> MailOutcome
}

/// To the company's own relay, by SMTP.
struct SMTPTransport: NoticeTransport {
  let settings: MailSettings
  private let password: String?
  private let sessions: Sessions
  let pause: Int64
  /// RFC 5321, section 4.5.3.2.6: a relay may take ten minutes to answer to a message.
  private static let deadline: Duration = .seconds(660)

  init(_ settings: MailSettings, password: String?, pause: Int64 = 60_000) {
    self.settings = settings
    self.password = password
    self.pause = pause
    sessions = Sessions(count: settings.connections)
  }

  var from: (address: String, name: String) { (settings.from, settings.fromName) }
  var mode: NoticeMode { .smtp }
  var messagesPerMinute: Int { settings.messagesPerMinute }
  var connections: Int { settings.connections }

  func deliver(_ mail: LetterMail, to address: String) async throws -> MailOutcome {
    guard let security = OutboundMail.Security(rawValue: settings.security) else {
      throw CustodianError.badOption("mail.json names no way to secure the connection")
    }
    guard MailClient.isAddress(address) else { return .refused(reason: "the address cannot be written to without extensions of SMTP") }
    let session = await sessions.take()
    let outcome: MailOutcome
    do {
      outcome = try await session.deliver(
        OutboundMail(
          host: settings.host, port: settings.port, security: security, username: settings.username, password: password,
          from: settings.bounces ?? settings.from, recipients: [address], message: mail.bytes,
          certificateAuthority: settings.certificateAuthority), deadline: Self.deadline)
    } catch { outcome = error.code == .invalid ? .refused(reason: error.description) : .notTaken(reason: error.description) }
    await sessions.give(session)
    return outcome
  }

  /// Connections that are free. There are as many as are used at a time, so that nobody waits.
  private actor Sessions {
    private var free: [MailSession]

    init(count: Int) { free = (0..<max(1, count)).map { _ in MailSession() } }

    func take() -> MailSession { free.popLast() ?? MailSession() }
    func give(_ session: MailSession) { free.append(session) }
  }
}

/// To files in the custodian's directory, for a trial.
struct FileTransport: NoticeTransport {
  static let folder = "notices"

  let directory: URL
  let from: (address: String, name: String)
  var mode: NoticeMode { .files }
  var messagesPerMinute: Int { 1_000_000 }
  var connections: Int { 1 }
  var pause: Int64 { 60_000 }

  func deliver(_ mail: LetterMail, to address: String) async throws -> MailOutcome {
    let folder = directory.appendingPathComponent(Self.folder)
    if !FileManager.default.fileExists(atPath: folder.path) { try SecretFile.createDirectory(folder) }
    let name = mail.messageID.filter { $0.isLetter || $0.isNumber }.prefix(32)
    try SecretFile.replace(folder.appendingPathComponent("\(name).eml"), bytes: mail.bytes)
    return .accepted
  }
}
