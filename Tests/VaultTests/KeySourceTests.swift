import Foundation
import Glibc
import Testing
import Vault

@Suite("Keys from a directory or from a command")
struct KeySourceTests {
  private let place = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-source-\(UUID().uuidString)")

  private static let good =
    #"{"pseudonym.key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","tag.key":"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=","ledger-signing.key":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","ledger-sets.key":"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=","ledger-sets-2.key":"CgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo="}"#

  private static func read(_ text: String) throws -> KeyDirectory {
    try Array(text.utf8).withUnsafeBytes { try KeyBundle.read($0) }
  }

  private static func text(_ keys: KeyDirectory) -> String {
    let (memory, count) = KeyBundle.text(keys)
    return String(decoding: memory.bytes[..<count], as: UTF8.self)
  }

  private static func bytes(_ key: SecretKey) -> [UInt8] { key.withUnsafeBytes { Array($0) } }

  @Test func `the text of docs FORMATS is read and written`() throws {
    let keys = try Self.read(Self.good)
    #expect(Self.bytes(keys.pseudonym) == Array(0..<32) && Self.bytes(keys.tag) == Array(32..<64))
    #expect(Self.bytes(keys.ledgerSigning) == [UInt8](repeating: 7, count: 32))
    #expect(keys.ledgerSets.map { Self.bytes($0)[0] } == [9, 10])
    #expect(Self.text(keys) == Self.good + "\n")
    let page = try FormatsDocument()
    #expect(page["content of a key directory"] == Self.good)
    #expect(page["id of `pseudonym.key`"] == keys.pseudonym.id(as: "pseudonym"))
    #expect(page["id of `tag.key`"] == keys.tag.id(as: "tag"))
  }

  @Test func `other spellings of the same JSON are taken, random keys come back`() throws {
    let slashed = Self.good.replacing(",", with: " ,\n\t").replacing(":", with: " : ").replacing("/", with: "\\/")
    #expect(Self.text(try Self.read("\n" + slashed + " \r\n")) == Self.good + "\n")
    for _ in 0..<200 {
      let key = SecretKey()
      let text = Self.text(try Self.read(Self.good).adding(ledgerSets: key))
      #expect(Self.bytes(try Self.read(text).ledgerSets[2]) == Self.bytes(key))
      #expect(text.contains(Data(Self.bytes(key)).base64EncodedString()))
    }
  }

  @Test(
    "what is no key directory is refused, and nothing of it is quoted",
    arguments: [
      "", "{", "{}", "[]", "null", good + "x", good + good, String(good.dropLast()), good.replacing("tag.key", with: "pseudonym.key"),
      good.replacing("tag.key", with: "other.key"), good.replacing("tag.key", with: "TAG.KEY"),
      good.replacing("ledger-sets-2", with: "ledger-sets-3"), good.replacing("ledger-sets-2", with: "ledger-sets-1"),
      good.replacing("CgoK", with: "Cgo"), good.replacing("CgoKCgoKCgo=", with: "CgoKCgoKCgp="),
      good.replacing("CQkJCQk=", with: "CQkJCQkJ"),
      good.replacing("CQkJCQk=", with: "CQkJCQ=="), good.replacing("ICEi", with: "IC i"), good.replacing("ICEi", with: "IC-_"),
      good.replacing("\"CQ", with: "{\"CQ"), good.replacing("tag.key", with: "BwcHBwcHBwc.secret"),
    ])
  func malformed(text: String) throws {
    let error = #expect(throws: KeyBundleError.self) { try Self.read(text) }
    let said = try #require(error).description
    #expect(!said.contains("secret") && !said.contains("BwcH") && !said.contains("CQkJ"), "\(said)")
  }

  private func command(_ script: String, mode: mode_t = 0o700) throws -> KeyCommand {
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let file = place.appendingPathComponent("keys-\(UUID().uuidString)")
    try "#!/bin/sh\n\(script)\n".write(to: file, atomically: false, encoding: .utf8)
    chmod(file.path, mode)
    return KeyCommand(program: file.path, arguments: ["first", "$(touch \(place.path)/shell)"])
  }

  @Test func `a command gives the keys, with its words as they are and without a shell`() throws {
    defer { try? FileManager.default.removeItem(at: place) }
    // One that a careless library left open for children.
    let left = open("/dev/null", O_RDONLY)
    defer { close(left) }
    let command = try command(
      """
      test "$1" = first && test "$#" = 2 && test -n "$PATH" || exit 3
      test -e /proc/$$/fd/\(left) && exit 4
      echo "this is lost" >&2
      read line && exit 5
      echo '\(Self.good)'
      """)
    #expect(Self.text(try command.run()) == Self.good + "\n")
    #expect(!FileManager.default.fileExists(atPath: place.path + "/shell"))
  }

  @Test func `a command that fails, hangs or says too much ends with a sentence, and so do its children`() throws {
    defer { try? FileManager.default.removeItem(at: place) }
    func error(_ script: String, mode: mode_t = 0o700, deadline: Duration = .seconds(20)) throws -> (KeySourceError, String) {
      let command = try command(script, mode: mode)
      let error = try #require(#expect(throws: KeySourceError.self) { try command.run(deadline: deadline) })
      #expect(error.description.contains(command.program) && !error.description.contains("s3cret") && !error.description.contains("first"))
      return (error, command.program)
    }
    let (failed, program) = try error("echo s3cret; echo s3cret >&2; exit 7")
    #expect(failed == .failed(program: program, status: 7))
    let (killed, killedProgram) = try error("kill -9 $$")
    #expect(killed == .killed(program: killedProgram, signal: 9))
    guard case .malformed = try error("echo s3cret").0 else { return #expect(Bool(false), "plain text is taken") }
    guard case .malformed = try error("true").0 else { return #expect(Bool(false), "silence is taken") }
    guard case .notStarted = try error("true", mode: 0o600).0 else { return #expect(Bool(false), "a file without x is run") }
    guard case .tooLong = try error("yes s3cret").0 else { return #expect(Bool(false), "endless output is taken") }
    let mark = place.appendingPathComponent("alive").path
    let start = ContinuousClock.now
    guard case .tooSlow = try error("(sleep 1; touch \(mark)) & sleep 60", deadline: .milliseconds(300)).0 else {
      return #expect(Bool(false), "a hanging command is waited for")
    }
    // Closed its output, and does not end.
    guard case .tooSlow = try error("exec >&-; sleep 60", deadline: .milliseconds(300)).0 else {
      return #expect(Bool(false), "a silent command is waited for")
    }
    #expect(ContinuousClock.now - start < .seconds(10))
    usleep(1_200_000)
    #expect(!FileManager.default.fileExists(atPath: mark), "what the command began outlived it")
  }

  @Test func `the source is told by its prefix, and a command needs its whole path`() throws {
    #expect(try KeySource("/a/b").directory?.path == "/a/b")
    #expect(try KeySource("exec:/bin/keys  -x y") == .command(KeyCommand(program: "/bin/keys", arguments: ["-x", "y"])))
    #expect(try KeySource("exec:/bin/keys token").directory == nil)
    for text in ["exec:", "exec:keys", "exec: ", "exec:./keys"] { #expect(throws: KeySourceError.notAbsolute) { try KeySource(text) } }
  }

  @Test func `a directory with further numbers is read in their order, one with a gap up to it`() throws {
    defer { try? FileManager.default.removeItem(at: place) }
    _ = try KeyDirectory.create(at: place)
    let (second, fourth) = (SecretKey(), SecretKey())
    try second.write(to: place.appendingPathComponent("ledger-sets-2.key"))
    try fourth.write(to: place.appendingPathComponent("ledger-sets-4.key"))
    let keys = try KeyDirectory.load(from: place)
    #expect(keys.ledgerSets.count == 2 && Self.bytes(keys.ledgerSets[1]) == Self.bytes(second))
    let copy = place.appendingPathComponent("copy")
    try keys.write(to: copy)
    #expect(Self.text(try KeyDirectory.load(from: copy)) == Self.text(keys))
    #expect(throws: SecretFileError.self) { try keys.write(to: copy) }
  }
}
