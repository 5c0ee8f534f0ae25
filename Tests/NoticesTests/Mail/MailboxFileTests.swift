import Foundation
import Notices
import Testing

struct MailboxFileTests {
  private func entries(_ text: String, limit: Int = 1_000_000) throws -> [MailboxFile.Entry] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("mbox-\(UUID().uuidString)")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try Array(MailboxFile(path: file.path, limit: limit))
  }

  @Test("messages are told apart", arguments: ["\n", "\r\n"])
  func split(end: String) throws {
    let text = [
      "From a@b.example Mon Nov 9", "Subject: 1", "", "From here it is text", ">From x", ">>From y", "", "From c", "Subject: 2", "", "z",
      "",
    ]
    let found = try entries(text.joined(separator: end)).map { String(decoding: $0.bytes, as: UTF8.self) }
    let first = ["Subject: 1", "", "From here it is text", "From x", ">From y", ""].joined(separator: end)
    // The line behind the empty one of the headers begins a message, as mbox has it.
    #expect(found.count == 3)
    #expect(found.first == "Subject: 1\(end)" && found.last == "Subject: 2\(end)\(end)z\(end)")
    #expect(first.contains(found[1].split(separator: end).first ?? "?"))
  }

  @Test func aMessageTooLongIsCutAndTheNextOneWhole() throws {
    let text =
      "From a\nSubject: 1\n\n" + String(repeating: "abcdefg\n", count: 50_000) + String(repeating: "y", count: 300_000)
      + "\n\nFrom b\nSubject: 2\n\nz\n"
    let found = try entries(text, limit: 10_000)
    #expect(found.map(\.isCut) == [true, false])
    #expect(found[0].bytes.count <= 10_000)
    #expect(found[1].bytes == Array("Subject: 2\n\nz\n".utf8))
  }

  @Test func whatIsNoMailboxHoldsNone() throws {
    #expect(try entries("Subject: x\n\nabc").isEmpty)
    #expect(try entries("").isEmpty)
    #expect(MailboxFile.isMailbox(Array("From a\n".utf8)) && !MailboxFile.isMailbox(Array("From: a\n".utf8)))
  }
}
