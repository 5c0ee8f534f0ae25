import Delivery
import Events
import Foundation
import Ledger
import Testing

struct SyslogTests {
  private func event(_ severity: OCSFEvent.Severity = .high, message: String = "plain") -> OCSFEvent {
    OCSFEvent(
      .entityManagement, activity: (3, "Update"), severity: severity, time: Timestamp(milliseconds: 1_763_400_000_123), uid: "h/1",
      code: "settings_changed", message: message, identity: SenderIdentity(origin: "https://h.example", version: "1"), more: [:])
  }

  @Test func aMessageIsThatOfRFC5424() {
    let text = String(decoding: SyslogMessage(event(), host: "h.example").bytes, as: UTF8.self)
    // 13 (log audit) × 8 + 3 (error).
    #expect(text.hasPrefix("<107>1 2025-11-17T17:20:00.123Z h.example sealane - ocsf-3004 - {"))
    #expect(text.hasSuffix("}"))
    #expect(
      String(decoding: SyslogMessage(event(.critical), host: "").bytes, as: UTF8.self).hasPrefix(
        "<106>1 2025-11-17T17:20:00.123Z - sealane"))
    #expect(
      String(decoding: SyslogMessage(event(.informational), host: "a b\nc").bytes, as: UTF8.self).hasPrefix(
        "<110>1 2025-11-17T17:20:00.123Z abc sealane"))
  }

  @Test(
    "a frame is the number of octets, a space, and the message, whatever is in it", arguments: ["plain", "“žluťoučký” 🪐\n\u{0}\u{7F}", ""])
  func frames(message: String) throws {
    let frame = SyslogMessage(event(message: message), host: "h.example").frame
    let space = try #require(frame.firstIndex(of: 32))
    let count = try #require(Int(String(decoding: frame[..<space], as: UTF8.self)))
    #expect(frame.count - space - 1 == count)
    #expect(frame.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "ASCII without controls: no receiver sees a line end in it")
    // The text is whole all the same.
    let json = frame[(try #require(frame.firstIndex(of: UInt8(ascii: "{"))))...]
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    #expect(object["message"] as? String == message)
  }

  @Test func aFileIsFollowedThroughRotationAndTornLines() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-events-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("events.ndjson")
    let file = EventFile(path)
    try file.append(["1", "2"])
    try file.append(["3"])
    #expect(try String(contentsOf: path, encoding: .utf8) == "1\n2\n3\n")
    try FileManager.default.moveItem(at: path, to: directory.appendingPathComponent("events.1"))
    try file.append(["4"])
    #expect(try String(contentsOf: path, encoding: .utf8) == "4\n")
    #expect(try FileManager.default.attributesOfItem(atPath: path.path)[.posixPermissions] as? Int == 0o600)
    // As a power cut leaves it.
    try Data("4\n{\"half".utf8).write(to: path)
    try EventFile(path).append(["5"])
    #expect(try String(contentsOf: path, encoding: .utf8) == "4\n{\"half\n5\n")
    #expect(throws: DeliveryError.self) { try EventFile(directory).append(["6"]) }
    #expect(throws: DeliveryError.self) { try EventFile(URL(fileURLWithPath: "/dev/full")).append(["6"]) }
  }
}
