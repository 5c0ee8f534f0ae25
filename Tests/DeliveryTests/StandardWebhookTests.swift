import Access
import Delivery
import Events
import Foundation
import Testing

struct StandardWebhookTests {
  /// From the specification's own example.
  private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

  @Test func thePublishedVectorComesOut() throws {
    let headers = try StandardWebhook(secrets: Self.secret).headers(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
    #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
    #expect(
      headers.map(\.value) == ["msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="])
  }

  @Test func everySecretOfARotationSigns() throws {
    let other = "whsec_" + Data(repeating: 3, count: 32).base64EncodedString()
    let both = try StandardWebhook(secrets: "\n\(other)\n  \(Self.secret)  \n").headers(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
    let signatures = both[2].value.split(separator: " ")
    #expect(signatures.count == 2 && signatures[1] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" && signatures[0] != signatures[1])
  }

  @Test(
    "a secret of another form is refused, and not repeated",
    arguments: [
      "", "   ", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_####", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      "whsec_" + Data(repeating: 1, count: 23).base64EncodedString(), "whsec_" + Data(repeating: 1, count: 65).base64EncodedString(),
    ])
  func refuses(secret: String) throws {
    let error = #expect(throws: ChannelError.self) { try StandardWebhook(secrets: secret) }
    #expect(error.map { secret.count < 10 || !$0.description.contains(secret.dropFirst(6)) } == true)
  }

  @Test func aNoticeSaysWhatWhenAndWhereAndNotWhom() throws {
    let identity = SenderIdentity(origin: "https://analytics.example.com", version: "1")
    var message = AlertMessage(testAt: Timestamp(milliseconds: 1_763_400_000_123))
    message.occasion = .changed
    (message.alert, message.kind, message.title, message.severity) = (12, "credential_frozen", "A credential was frozen", "high")
    (message.state, message.from, message.project) = ("acknowledged", "open", 3)
    (message.aboutID, message.credential, message.sentence) = ("sa_private", "sa_private", "who knows")
    message.details = ["x": .text("detail")]
    let notice = AlertNotice(message: message, identity: identity)
    let body = String(decoding: notice.webhookBody, as: UTF8.self)
    #expect(
      body
        == #"{"data":{"alert":12,"kind":"credential_frozen","look_at":"https://analytics.example.com/alerts/12","previous_state":"open","project_id":3,"severity":"high","state":"acknowledged","title":"A credential was frozen"},"timestamp":"2025-11-17T17:20:00.123Z","type":"alert.changed"}"#
    )
    let mail = String(
      decoding: notice.mail(
        from: "s@example.com", to: ["a@example.com", "b@example.com"], id: "msg_1", at: Timestamp(milliseconds: 1_763_400_000_000)),
      as: UTF8.self)
    #expect(mail.hasPrefix("Date: Mon, 17 Nov 2025 17:20:00 +0000\r\nFrom: s@example.com\r\nTo: a@example.com,\r\n b@example.com\r\n"))
    #expect(
      mail.contains("Message-ID: <msg_1@analytics.example.com>\r\nSubject: [Sealane] alert 12 is acknowledged: A credential was frozen\r\n")
    )
    #expect(mail.contains("type this address: https://analytics.example.com/alerts/12\r\n"))
    #expect(mail.replacing("\r\n", with: "").allSatisfy { $0.isASCII && $0 != "\n" && $0 != "\r" })
    for text in [body, mail] { #expect(!text.contains("sa_private") && !text.contains("who knows") && !text.contains("detail")) }
  }
}
