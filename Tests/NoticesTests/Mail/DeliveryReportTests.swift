import Notices
import TestSupport
import Testing

struct DeliveryReportTests {
  static func report(action: String = "failed", status: String = "5.1.1", original: String = "text/rfc822-headers") -> String {
    """
    From: MAILER-DAEMON@relay.example\r
    Subject: Undelivered\r
    Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
    \r
    --b\r
    Content-Type: text/plain\r
    \r
    It could not be delivered.\r
    --b\r
    Content-Type: message/delivery-status\r
    \r
    Reporting-MTA: dns; relay.example\r
    \r
    Final-Recipient: rfc822; ada@brightfen.example\r
    Action: \(action)\r
    Status: \(status)\r
    \r
    --b\r
    Content-Type: \(original)\r
    \r
    From: security@orrery.example\r
    Message-ID: <a1b2@orrery.example>\r
    \r
    --b--\r

    """
  }

  @Test(arguments: ["text/rfc822-headers", "message/rfc822"])
  func aFailureNamesItsMessage(original: String) throws {
    let read = try #require(DeliveryReport(MailMessage(Array(Self.report(original: original).utf8))))
    #expect(read.isFailure && read.status == "5.1.1" && read.messageIDs == ["<a1b2@orrery.example>"])
  }

  @Test func whatIsOnlyLateIsNoFailure() {
    #expect(DeliveryReport(MailMessage(Array(Self.report(action: "delayed", status: "4.4.7").utf8)))?.isFailure == false)
  }

  @Test func whatIsNoReportIsNone() {
    for text in [
      "", "Subject: Undelivered\r\n\r\nAction: failed\r\nMessage-ID: <a1b2@orrery.example>\r\n",
      Self.report().replacing("Message-ID", with: "X-Other"),
    ] {
      #expect(DeliveryReport(MailMessage(Array(text.utf8))) == nil)
    }
    var random = SeededGenerator(seed: 3)
    var bytes = Array(Self.report().utf8)
    for _ in 0..<2_000 {
      bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      if let read = DeliveryReport(MailMessage(bytes)) { #expect(read.messageIDs.allSatisfy { $0.utf8.count <= 300 }) }
    }
  }
}
