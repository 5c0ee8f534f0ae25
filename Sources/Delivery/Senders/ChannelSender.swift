import Access
import Events
import Foundation
import Outbound

/// Speaks to one channel, in its own way. Everything has an end in time.
struct ChannelSender: Sendable {
  let channel: Channel
  let identity: SenderIdentity
  let clock: @Sendable () -> Timestamp
  private let client: HTTPClient
  private let file: EventFile?

  private static let webhookDeadline: Duration = .seconds(20)
  private static let mailDeadline: Duration = .seconds(60)

  init(_ channel: Channel, identity: SenderIdentity, clock: @escaping @Sendable () -> Timestamp) {
    self.channel = channel
    self.identity = identity
    self.clock = clock
    client = HTTPClient(connections: 1)
    if case .file(let url) = channel.target { file = EventFile(url) } else { file = nil }
  }

  /// One message, whichever form the channel wants.
  func send(_ message: AlertMessage, id: String) async throws(DeliveryError) {
    if channel.stream != nil { return try await send([OCSFEvent(message, id: id, identity)], id: id) }
    let notice = AlertNotice(message: message, identity: identity)
    switch channel.target {
    case .mail(let mail): try await send(notice, id, by: mail)
    case .webhook(let webhook): try await post(notice.webhookBody, id: id, to: webhook)
    case .syslog, .file: throw DeliveryError(.misconfigured, "This channel takes OCSF only.")
    }
  }

  /// Events, in the order that they happened in.
  func send(_ events: [OCSFEvent], id: String) async throws(DeliveryError) {
    switch channel.target {
    case .file: try file?.append(events.map(\.asciiText))
    case .syslog(let syslog):
      try await SyslogSender(target: syslog).send(events.map { SyslogMessage($0, host: identity.host).frame })
    case .webhook(let webhook):
      try await post(Array("[\(events.map(\.asciiText).joined(separator: ","))]".utf8), id: id, to: webhook)
    case .mail: throw DeliveryError(.misconfigured, "Mail takes no OCSF.")
    }
  }

  private func send(_ notice: AlertNotice, _ id: String, by mail: Channel.Mail) async throws(DeliveryError) {
    let password: String?
    do throws(ChannelError) { password = try mail.password?.read() } catch { throw DeliveryError(.misconfigured, error.description) }
    do throws(OutboundError) {
      try await MailClient.send(
        OutboundMail(
          host: mail.host, port: mail.port, security: mail.security, username: mail.username, password: password, from: mail.from,
          recipients: mail.to, message: notice.mail(from: mail.from, to: mail.to, id: id, at: clock()),
          certificateAuthority: mail.certificateAuthority), deadline: Self.mailDeadline)
    } catch {
      throw DeliveryError(error.code == .rejected || error.code == .invalid ? .rejected : .unreachable, error.description)
    }
  }

  private func post(_ body: [UInt8], id: String, to webhook: Channel.Webhook) async throws(DeliveryError) {
    let signer: StandardWebhook
    do throws(ChannelError) { signer = try StandardWebhook(secrets: try webhook.secrets.read()) } catch {
      throw DeliveryError(.misconfigured, error.description)
    }
    var request = OutboundRequest(
      method: "POST", url: webhook.url,
      headers: signer.headers(id: id, timestamp: clock().milliseconds / 1000, body: body) + [
        ("Content-Type", "application/json"), ("User-Agent", "sealane/\(identity.version)"),
      ], body: body, certificateAuthority: webhook.certificateAuthority)
    request.refusesInternalAddresses = !webhook.allowsInternal
    let response: OutboundResponse
    do throws(OutboundError) {
      // What it says is of no interest, its status is.
      response = try await client.stream(request, deadline: Self.webhookDeadline) { _ in true }
    } catch {
      throw DeliveryError(.unreachable, error.description)
    }
    switch response.status {
    case 200..<300: return
    case 410: throw DeliveryError(.gone, "It answered 410: it wants no messages any more.")
    case 300..<400: throw DeliveryError(.rejected, "It answered with a redirect (\(response.status)), which is not followed.")
    case 408, 429, 500...:
      let wait = response.header("retry-after").flatMap { Int64($0) }.map { Duration.seconds(min(max($0, 0), 86_400)) }
      throw DeliveryError(.unreachable, "It answered \(response.status).", retryAfter: wait)
    default: throw DeliveryError(.rejected, "It answered \(response.status).")
    }
  }
}
