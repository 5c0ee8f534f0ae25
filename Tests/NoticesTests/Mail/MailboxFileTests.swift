import Foundation
import Notices
import TestSupport
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

  @Test("fuzz: messages of any bytes come back as they went in, wherever the file is read in pieces") func fuzz() throws {
    var random = Fuzzing.generator(69)
    try Fuzzing.forAWhile(0.5) { round in
      let messages = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        var bytes = Array("Subject: x\n\nFrom here\n>From there\n\nFrom a\n\n\n".utf8)
        if Bool.random(using: &random) { bytes += [UInt8](repeating: 0x61, count: Int.random(in: 65_500...65_560, using: &random)) }
        random.alter(&bytes, places: 0...3, telling: Array("From >\n\r".utf8))
        return bytes
      }
      var file: [UInt8] = []
      for message in messages {
        file += "From a@b.example Mon Nov 17 2025\n".utf8
        // As mboxrd quotes.
        var lines = message.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        for (index, line) in lines.enumerated() where line.drop(while: { $0 == 0x3E }).starts(with: Array("From ".utf8)) {
          lines[index] = [0x3E] + line
        }
        file += lines.joined(separator: [0x0A])
        file += [0x0A, 0x0A]
      }
      let path = FileManager.default.temporaryDirectory.appendingPathComponent("mbox-\(UUID().uuidString)")
      try Data(file).write(to: path)
      defer { try? FileManager.default.removeItem(at: path) }
      let found = try Array(MailboxFile(path: path.path)).map(\.bytes)
      #expect(found.count == messages.count, "round \(round)")
      // The line end that the file puts behind a message belongs to it.
      for (one, other) in zip(found, messages) where found.count == messages.count {
        #expect(one == other + [0x0A], "round \(round)")
      }
    }
  }
}
