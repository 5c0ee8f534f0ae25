internal import Foundation
internal import Notices
internal import Outbound
internal import Vault

/// Where letters go.
protocol NoticeTransport: Sendable {
  var from: (address: String, name: String) { get }
  var mode: NoticeMode { get }
  /// Waits until the next message may leave, whoever sends it.
  func turn() async
  /// Messages that are handed over at the same time.
  var connections: Int { get }
  /// Milliseconds of one step of waiting; a minute but for tests.
  var pause: Int64 { get }
  /// Whether a letter can go to this address at all.
  func reaches(_ address: String) -> Bool
  /// - Throws: what keeps the letter from being written; nothing has left then.
  func deliver(_ mail: LetterMail, to address: String) async throws -> MailOutcome
}

extension NoticeTransport {
  func reaches(_ address: String) -> Bool { MailClient.isAddress(address) }
}

/// To the company's own relay, by SMTP.
struct SMTPTransport: NoticeTransport {
  let settings: MailSettings
  private let password: String?
  /// Nil: the relay signs, or nobody does.
  private let signer: MailSigner?
  private let sessions: Sessions
  private let pace: Pace
  let pause: Int64
  /// RFC 5321, section 4.5.3.2.6: a relay may take ten minutes to answer to a message.
  private static let deadline: Duration = .seconds(660)

  /// - Throws: where the password or the keys to sign with cannot be read: mail that is to be signed never leaves without.
  init(_ settings: MailSettings, directory: URL, pause: Int64 = 60_000) throws {
    self.settings = settings
    password = try MailSettings.password(in: directory)
    signer = try settings.signer(in: directory)
    self.pause = pause
    sessions = Sessions(count: settings.connections)
    pace = Pace(perMinute: settings.messagesPerMinute)
  }

  var from: (address: String, name: String) { (settings.from, settings.fromName) }
  var mode: NoticeMode { .smtp }
  func turn() async { await pace.wait() }
  var connections: Int { settings.connections }

  func reaches(_ address: String) -> Bool { MailClient.isAddress(address, isInternational: settings.isInternational) }

  func deliver(_ mail: LetterMail, to address: String) async throws -> MailOutcome {
    guard let security = OutboundMail.Security(rawValue: settings.security) else {
      throw CustodianError.badOption("mail.json names no way to secure the connection")
    }
    guard reaches(address) else { return .refused(reason: "the address is none that mail can go to") }
    let message = try signer?.signed(mail.bytes, at: mail.date) ?? mail.bytes
    let session = await sessions.take()
    let outcome: MailOutcome
    do {
      outcome = try await session.deliver(
        OutboundMail(
          host: settings.host, port: settings.port, security: security, username: settings.username, password: password,
          from: settings.bounces ?? settings.from, recipients: [address], message: message,
          isInternational: settings.isInternational, certificateAuthority: settings.certificateAuthority), deadline: Self.deadline)
    } catch { outcome = error.code == .invalid ? .refused(reason: error.description) : .notTaken(reason: error.description) }
    await sessions.give(session)
    return outcome
  }

  /// Lets so many a minute pass, evenly.
  private actor Pace {
    private let gap: Duration
    private var next = ContinuousClock.now

    init(perMinute: Int) { gap = .seconds(60) / max(1, perMinute) }

    func wait() async {
      let turn = max(next, .now)
      next = turn + gap
      try? await Task.sleep(until: turn)
    }
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
  func turn() async {}
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
