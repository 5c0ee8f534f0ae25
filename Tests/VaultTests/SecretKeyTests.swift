import Crypto
import Events
import Foundation
import Glibc
import Testing
import Vault

@Suite("Secrets are kept close")
struct SecretKeyTests {
  private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-keys-\(UUID().uuidString)")

  @Test func `a key does not print`() throws {
    let key = try #require(SecretKey(bytes: [UInt8](repeating: 0x41, count: 32)))
    for text in ["\(key)", String(reflecting: key), "\(Mirror(reflecting: key).children.map { "\($0)" })"] {
      #expect(!text.contains("41") && !text.contains("AAA") && !text.contains("65, 65"))
    }
    var dumped = ""
    dump(key, to: &dumped)
    #expect(dumped == "- <secret key>\n")
  }

  @Test func `nothing that holds keys prints them, reflected or not`() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let keys = try KeyDirectory.create(at: directory)
    let pseudonymizer = Pseudonymizer(keys: keys, project: ProjectID(1))
    let sealer = Sealer(
      project: ProjectID(1), custodianKey: CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey), pseudonymizer: pseudonymizer)
    _ = try sealer.seal("1", subject: pseudonymizer.subject("ada"), field: "a")
    for (value, name) in [(keys, "key directory"), (pseudonymizer, "pseudonymizer"), (sealer, "sealer")] as [(any Sendable, String)] {
      var dumped = ""
      dump(value, to: &dumped)
      #expect(dumped.hasPrefix("- <\(name)>") && dumped.split(separator: "\n").count == 1)
      #expect("\(value)" == "<\(name)>" && String(reflecting: value) == "<\(name)>")
      #expect(Mirror(reflecting: value).children.isEmpty)
    }
  }

  @Test func `fresh keys differ and have 32 bytes`() {
    let keys = (0..<100).map { _ in SecretKey().withUnsafeBytes { Array($0) } }
    #expect(Set(keys).count == 100 && keys.allSatisfy { $0.count == 32 })
    #expect(SecretKey(bytes: [UInt8](repeating: 0, count: 31)) == nil)
  }

  @Test func `a key directory is written closed and read back`() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let made = try KeyDirectory.create(at: directory)
    let read = try KeyDirectory.load(from: directory)
    #expect(made.tag.withUnsafeBytes { Array($0) } == read.tag.withUnsafeBytes { Array($0) })
    for path in KeyDirectory.File.allCases.map({ directory.appendingPathComponent($0.rawValue).path }) {
      var status = stat()
      #expect(stat(path, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600 && status.st_size == 32)
    }
    #expect(throws: SecretFileError.self) { try KeyDirectory.create(at: directory) }
  }

  @Test func `what is open to others is refused, and the error says chmod`() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    _ = try KeyDirectory.create(at: directory)
    let file = directory.appendingPathComponent("tag.key")
    chmod(file.path, 0o640)
    let error = #expect(throws: SecretFileError.self) { try KeyDirectory.load(from: directory) }
    #expect(error?.description.contains("chmod 600 '\(file.path)'") == true)
    chmod(file.path, 0o600)
    chmod(directory.path, 0o755)
    let second = #expect(throws: SecretFileError.self) { try KeyDirectory.load(from: directory) }
    #expect(second?.description.contains("chmod 700") == true)
  }

  @Test func `a short, long or linked key file is refused`() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    try SecretFile.createDirectory(directory)
    for size in [0, 31, 33, 4096] {
      let file = directory.appendingPathComponent("\(size).key")
      try SecretFile.create(file, bytes: [UInt8](repeating: 1, count: size))
      #expect(throws: SecretFileError.wrongSize(path: file.path, found: size, expected: 32)) { try SecretKey(reading: file) }
    }
    let good = directory.appendingPathComponent("good.key")
    try SecretKey().write(to: good)
    let link = directory.appendingPathComponent("link.key")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: good)
    #expect(throws: SecretFileError.self) { try SecretKey(reading: link) }
  }

  @Test func `a destroyed file is gone`() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    try SecretFile.createDirectory(directory)
    let file = directory.appendingPathComponent("a.key")
    try SecretKey().write(to: file)
    try SecretFile.destroy(file)
    try SecretFile.destroy(file)
    #expect(!FileManager.default.fileExists(atPath: file.path))
  }
}
