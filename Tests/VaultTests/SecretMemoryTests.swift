import Crypto
import Events
import Foundation
import Synchronization
import Testing
import Vault

/// Serialized: the observer of releases is one for the whole process.
@Suite("Secrets in memory are locked, overwritten, and not to be seen", .serialized)
struct SecretMemoryTests {
  private final class Seen: Sendable {
    private struct Region {
      let byteCount: Int
      let isZero: Bool
    }
    private let found = Mutex<[UInt: [Region]]>([:])

    init() {
      SecretMemory.observeReleases { [weak self] bytes in
        let address = UInt(bitPattern: bytes.baseAddress)
        self?.found.withLock { $0[address, default: []].append(Region(byteCount: bytes.count, isZero: bytes.allSatisfy { $0 == 0 })) }
      }
    }

    deinit { SecretMemory.observeReleases(nil) }

    func releases(at address: UInt) -> [Bool] { found.withLock { $0[address, default: []].map(\.isZero) } }
    func regions(of byteCount: Int) -> Int { found.withLock { $0.values.joined().count { $0.byteCount == byteCount } } }
    var areAllZeros: Bool { found.withLock { $0.values.joined().allSatisfy { $0.isZero } } }
  }

  @Test func `a key's bytes are zeros once nobody has it`() throws {
    let seen = Seen()
    var holders: [SecretKey] = []
    holders.append(try #require(SecretKey(bytes: [UInt8](repeating: 0xA5, count: 32))))
    holders.append(holders[0])
    let address = holders[0].withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    // Others may have had this address before.
    let before = seen.releases(at: address).count
    holders.removeFirst()
    #expect(seen.releases(at: address).count == before, "a copy has it still")
    #expect(holders[0].withUnsafeBytes { $0.allSatisfy { $0 == 0xA5 } })
    holders.removeAll()
    #expect(seen.releases(at: address).count > before && seen.areAllZeros)
  }

  @Test func `record keys are zeros once the epoch ended`() throws {
    let seen = Seen()
    let project = ProjectID(1)
    let pseudonyms = Pseudonymizer(key: SecretKey(), project: project)
    let sealer = Sealer(
      project: project, custodianKey: CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey), pseudonymizer: pseudonyms)
    _ = try sealer.seal("1", subject: pseudonyms.subject("ada"), field: "a")
    #expect(sealer.epochStart != nil)
    let before = seen.regions(of: 65_536)
    #expect(sealer.endEpoch() == 1)
    #expect(sealer.epochStart == nil && sealer.keyCount == 0 && sealer.endEpoch() == 0)
    #expect(seen.regions(of: 65_536) > before && seen.areAllZeros)
  }

  @Test func `pages are locked and not for core dumps`() throws {
    let memory = SecretMemory(byteCount: 5000)
    #expect(memory.bytes.allSatisfy { $0 == 0 })
    let flags = try Self.flags(of: UInt(bitPattern: memory.bytes.baseAddress))
    // lo: locked; dd: not dumped; wf: wiped in a forked child. Locking may be refused where limits are tight.
    #expect(flags.contains("dd") && flags.contains("wf"), "\(flags)")
    #expect(flags.contains("lo") || SecretMemory.lockRefusals > 0, "\(flags)")
    withExtendedLifetime(memory) {}
  }

  /// `VmFlags` of the mapping that holds an address (proc(5), smaps).
  private static func flags(of address: UInt) throws -> [Substring] {
    var isHere = false
    // To its end: the size of such a file says nothing.
    let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
    let text = String(decoding: try #require(try file.readToEnd()), as: UTF8.self)
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      if ends.count == 2 { isHere = (ends[0]..<ends[1]).contains(address) }
      if isHere, words[0] == "VmFlags:" { return Array(words.dropFirst()) }
    }
    return []
  }

  @Test func `nothing that holds secrets shows them in any of Swift's ways of printing`() throws {
    let secret = [UInt8](0xA0..<0xC0)
    let key = try #require(SecretKey(bytes: secret))
    let memory = SecretMemory(byteCount: 32)
    memory.bytes.copyBytes(from: secret)
    let keys = try KeyBundle.read(Self.bundle(secret))
    let pseudonyms = Pseudonymizer(key: key, project: ProjectID(1))
    let vendor = try #require(VendorPseudonymizer(pseudonymKey: key, project: ProjectID(1), vendor: "tallymark"))
    let sealer = Sealer(
      project: ProjectID(1), custodianKey: CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey), pseudonymizer: pseudonyms)
    _ = try sealer.seal("1", subject: pseudonyms.subject("ada"), field: "a")
    let source = try KeySource("exec:/bin/cat a-token-of-the-secret-manager")
    let all: [any Sendable] = [
      key, memory, keys, pseudonyms, vendor, sealer, source, [key], ["a": key], Result<SecretKey, KeySourceError>.success(key),
    ]
    for value in all {
      var text = "\(value) \(String(describing: value)) \(String(reflecting: value)) "
      dump(value, to: &text)
      dump(Mirror(reflecting: value).children.map { $0 }, to: &text)
      for form in [secret.hexadecimal, Data(secret).base64EncodedString(), "160, 161", "160\n", "a-token"] {
        #expect(!text.contains(form), "\(type(of: value)) shows \(form)")
      }
    }
  }

  static func bundle(_ secret: [UInt8]) -> UnsafeRawBufferPointer {
    let value = Data(secret).base64EncodedString()
    let text = "{" + KeyDirectory.File.allCases.map { "\"\($0.rawValue)\":\"\(value)\"" }.joined(separator: ",") + "}"
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
    copy.copyBytes(from: text.utf8)
    return UnsafeRawBufferPointer(copy)
  }
}
