import Access
import Delivery
import Foundation
import Outbound
import Testing

struct ChannelFileTests {
  private static let whole = """
    channels:
      - name: security-mail
        type: mail
        server: smtp.example.com
        username: sealane
        password_file: /etc/sealane/smtp
        from: sealane@example.com
        to: [security@example.com, night@example.com]
        minimum_severity: medium
      - {name: pager, type: webhook, url: "https://hooks.example.com/in?x=1", secrets_env: PAGER}
      - name: siem
        type: syslog
        server: siem.example.com:6515
        certificate_authority: /etc/sealane/siem.pem
        events: all
        disclosures: all
      - {name: archive, type: file, path: /var/log/sealane/events.ndjson, events: alerts}
      - {name: lake, type: webhook, format: ocsf, url: "http://[::1]:9000/", secrets_file: /s, allow_internal: true, backlog: 5000}
    """

  @Test func aWholeFileIsRead() throws {
    let channels = try ChannelFile.parse(Self.whole)
    #expect(channels.map(\.name) == ["security-mail", "pager", "siem", "archive", "lake"])
    guard case .mail(let mail) = channels[0].target, case .webhook(let pager) = channels[1].target,
      case .syslog(let siem) = channels[2].target
    else {
      return #expect(Bool(false), "other types")
    }
    #expect(mail.port == 587 && mail.security == .startTLS && mail.password == .file("/etc/sealane/smtp") && mail.to.count == 2)
    #expect(channels[0].minimumSeverity == .medium && channels[0].stream == nil && channels[0].route.takesEvents == false)
    #expect(pager.secrets == .environment("PAGER") && !pager.allowsInternal && channels[1].stream == nil)
    #expect(siem.host == "siem.example.com" && siem.port == 6515 && siem.certificateAuthority == "/etc/sealane/siem.pem")
    #expect(channels[2].stream == Channel.Stream(takesEvents: true, takesAggregates: true, backlog: 1_000_000))
    #expect(channels[3].stream == Channel.Stream(takesEvents: false, takesAggregates: false, backlog: 1_000_000))
    #expect(channels[4].stream?.backlog == 5000)
  }

  @Test(
    "what is unsafe or cannot be meant is an error that names it",
    arguments: [
      ("- {name: a, type: mail, server: mail.example.com, security: none, from: a@b.c, to: a@b.c}", "this machine"),
      ("- {name: a, type: mail, server: mail.example.com, from: a@b.c, to: a@b.c, username: u}", "password_file"),
      ("- {name: a, type: mail, server: mail.example.com, from: a@b.c, to: a@b.c, username: u, password: p}", "do not stand in this file"),
      ("- {name: a, type: mail, server: mail.example.com, from: \"a@b.c>\\r\\nRCPT\", to: a@b.c}", "mail addresses"),
      ("- {name: a, type: mail, server: \"mail.example.com/x\", from: a@b.c, to: a@b.c}", "host:port"),
      ("- {name: a, type: webhook, url: \"http://hooks.example.com/\", secrets_env: X, allow_internal: true}", "https://"),
      ("- {name: a, type: webhook, url: \"http://127.0.0.1:1/\", secrets_env: X}", "https://"),
      ("- {name: a, type: webhook, url: \"https://u:p@h.example/\", secrets_env: X}", "without user"),
      ("- {name: a, type: webhook, url: \"file:///etc/passwd\", secrets_env: X}", "https"),
      ("- {name: a, type: webhook, url: \"https://h.example/\"}", "secrets_file"),
      ("- {name: a, type: webhook, url: \"https://h.example/\", secrets: whsec_x}", "do not stand in this file"),
      ("- {name: a, type: webhook, url: \"https://h.example/\", secrets_env: X, secrets_file: /x}", "not both"),
      ("- {name: A b, type: file, path: /x}", "lower-case"), ("- {name: a, type: file, path: x}", "absolute"),
      ("- {name: a, type: file, path: /x, misspelt: 1}", "misspelt"), ("- {name: a, type: pigeon}", "mail, webhook, syslog and file"),
      ("- {name: a, type: file, path: /x}\n  - {name: a, type: file, path: /y}", "two channels"),
      ("- {name: a, type: file, path: /x, events: some}", "all, alerts"), ("- {name: a, type: file, path: /x, backlog: 1}", "from 1000"),
      ("- {name: a, type: syslog, server: h, client_key: /k}", "together"),
      ("- {name: a, type: file, path: /x, minimum_severity: huge}", "critical"),
      ("- 1", "not a mapping"),
    ])
  func refuses(text: String, mention: String) throws {
    let error = #expect(throws: ChannelError.self) { try ChannelFile.parse("channels:\n  \(text)\n") }
    #expect(error?.description.contains(mention) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: ["", "[]", "channels: 1", "other: []", "channels: []\nother: 1", "channels: [", "\u{0}"])
  func whatIsNoListIsAnError(text: String) { #expect(throws: ChannelError.self) { try ChannelFile.parse(text) } }

  @Test func noSecretLiesInTheDataDirectory() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-channels-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent("alerts.yaml")
    let secret = directory.appendingPathComponent("secret").path
    try "channels:\n  - {name: a, type: webhook, url: \"https://h.example/\", secrets_file: \(secret)}\n".write(
      to: file, atomically: true, encoding: .utf8)
    try "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".write(toFile: secret, atomically: true, encoding: .utf8)
    #expect(throws: ChannelError.self) { try ChannelFile.read(file, data: directory) }
    let channels = try ChannelFile.read(file, data: directory.appendingPathComponent("data"))
    #expect(channels.count == 1 && channels[0].faults.isEmpty)
    try FileManager.default.removeItem(atPath: secret)
    #expect(channels[0].faults.count == 1)
  }

  @Test(
    "an address that is not the world's is internal, in every form",
    arguments: [
      ("127.0.0.1", true), ("10.1.2.3", true), ("172.16.0.1", true), ("172.32.0.1", false), ("192.168.1.1", true),
      ("169.254.169.254", true),
      ("100.64.0.1", true), ("100.128.0.1", false), ("0.0.0.0", true), ("224.0.0.1", true), ("255.255.255.255", true), ("8.8.8.8", false),
      ("198.18.0.1", true), ("203.0.113.9", true), ("::1", true), ("::", true), ("fe80::1", true), ("fc00::1", true), ("fd12::1", true),
      ("ff02::1", true), ("::ffff:127.0.0.1", true), ("::ffff:8.8.8.8", false), ("64:ff9b::a00:1", true), ("64:ff9b::808:808", false),
      ("2002:7f00:1::", true), ("2002:808:808::", false), ("2001:db8::1", true), ("2606:4700::1111", false),
      ("2001:4860:4860::8888", false),
      ("2001::1", true), ("3fff::1", true),
    ])
  func judges(address: String, isInternal: Bool) { #expect(isInternalAddress(address) == isInternal) }

  @Test(arguments: ["localhost", "", "127.0.0.1.example.com", "1.2.3"]) func aNameIsNoAddress(text: String) {
    #expect(isInternalAddress(text) == nil)
  }

  @Test func waitsGrowToHoursAndEndWithTheMessage() {
    let waits = (1...20).map { Backoff.wait(after: $0) }
    #expect(waits.first == .seconds(5) && waits.last == .seconds(36_000) && zip(waits, waits.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(Backoff.pause(after: 1) == .seconds(2) && Backoff.pause(after: 100) == .seconds(300))
  }

  @Test func aDoorbellThatRangBeforeIsHeard() async {
    let bell = Doorbell()
    bell.ring()
    let clock = ContinuousClock()
    #expect(await clock.measure { await bell.wait(upTo: .seconds(20)) } < .seconds(10))
    #expect(await clock.measure { await bell.wait(upTo: .milliseconds(30)) } >= .milliseconds(25))
    let waiting = Task { await bell.wait(upTo: .seconds(60)) }
    waiting.cancel()
    #expect(await clock.measure { await waiting.value } < .seconds(30))
  }
}
