import Crypto
import Custodian
import Events
import Foundation
import TestSupport
import Testing
import Vault

/// A backup's bytes: what was written comes back, and nothing else does.
struct BackupFrameTests {
  private static let time = Timestamp(milliseconds: 1_763_400_000_000)

  private func header(_ generator: inout SeededGenerator) -> BackupHeader {
    BackupHeader(id: generator.bytes(6), madeAt: Self.time, identity: generator.bytes(32))
  }

  /// A file in memory, written in pieces of any sizes; the sizes of what the writer passed on.
  private func write(
    _ content: [UInt8], _ header: BackupHeader, _ key: SecretKey, using generator: inout SeededGenerator
  ) throws -> (file: [UInt8], pieces: [Int]) {
    let file = Collected()
    var writer = try BackupFrameWriter(header, key: key) { file.add($0) }
    var place = 0
    while place < content.count {
      let next = min(content.count, place + Int.random(in: 1...70_000, using: &generator))
      try writer.write(content[place..<next])
      place = next
    }
    try writer.finish()
    return (file.bytes, file.pieces)
  }

  private final class Collected {
    var bytes: [UInt8] = []
    var pieces: [Int] = []
    func add(_ piece: [UInt8]) {
      bytes += piece
      pieces.append(piece.count)
    }
  }

  private func read(_ file: [UInt8], count: Int, _ key: SecretKey) throws -> [UInt8] {
    var place = BackupHeader.size
    let header = try BackupHeader(Array(file.prefix(place)))
    var reader = try BackupFrameReader(header, key: key) { wanted in
      let piece = file[min(place, file.count)...].prefix(wanted)
      place += piece.count
      return Array(piece)
    }
    let content = try reader.read(count)
    try reader.finish()
    return content
  }

  @Test(
    "contents of every size come back, in frames of bounded size",
    arguments: [1, 2, 65_535, 65_536, 65_537, 131_072, 131_073, 500_000])
  func sizes(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let (content, header, key) = (generator.bytes(count), header(&generator), SecretKey())
    let (file, pieces) = try write(content, header, key, using: &generator)
    #expect(try read(file, count: count, key) == content)
    #expect(pieces.max() ?? 0 <= BackupFrames.size + 16 && pieces.count == 1 + (count + 65_535) / 65_536)
    #expect(throws: BackupError.self) { try read(file, count: count - 1, key) }
    #expect(throws: BackupError.self) { try read(file, count: count + 1, key) }
    #expect(throws: BackupError.damagedFrame(1)) { try read(file, count: count, SecretKey()) }
  }

  @Test func `frames are cut, swapped, repeated, left out or put behind the end in vain`() throws {
    var generator = SeededGenerator(seed: 7)
    let (content, header, key) = (generator.bytes(65_536 * 3 + 100), header(&generator), SecretKey())
    let (file, _) = try write(content, header, key, using: &generator)
    let size = BackupFrames.size + 16
    let head = Array(file[..<BackupHeader.size])
    let frames = stride(from: BackupHeader.size, to: file.count, by: size).map { Array(file[$0..<min(file.count, $0 + size)]) }
    func refused(_ some: [[UInt8]], _ what: String) {
      #expect(throws: BackupError.self, "\(what)") { try read(head + some.flatMap { $0 }, count: content.count, key) }
    }
    #expect(try read(head + frames.flatMap { $0 }, count: content.count, key) == content)
    for count in 0..<frames.count {
      refused(Array(frames.prefix(count)), "the first \(count) frames")
      // Nor by somebody who expects just so much: the last of them is not marked as such.
      #expect(throws: BackupError.self, "\(count) whole frames") {
        try read(head + frames.prefix(count).flatMap { $0 }, count: count * BackupFrames.size, key)
      }
    }
    refused([frames[1], frames[0], frames[2], frames[3]], "swapped")
    refused([frames[0], frames[0], frames[2], frames[3]], "repeated")
    refused([frames[0], frames[2], frames[3]], "left out")
    refused(frames + [frames[3]], "the last one twice")
    refused(frames + [[0]], "a byte behind the end")
    refused(frames.dropLast() + [Array(frames[3].dropLast())], "the end cut")
    refused([frames[0], frames[1], frames[2], []], "no last frame")
    // Of another backup under the same key: the header is part of the frames' key.
    let other = BackupHeader(id: header.id, madeAt: Timestamp(milliseconds: Self.time.milliseconds + 1), identity: header.identity)
    #expect(throws: BackupError.damagedFrame(1)) { try read(other.bytes + frames.flatMap { $0 }, count: content.count, key) }
  }

  @Test("no byte of a header can be changed, and no other header is read")
  func headers() throws {
    var generator = SeededGenerator(seed: 8)
    let (header, key) = (header(&generator), SecretKey())
    let (file, _) = try write([1, 2, 3], header, key, using: &generator)
    #expect(try BackupHeader(header.bytes) == header && header.expiresAt.milliseconds - header.madeAt.milliseconds == 30 * 86_400_000)
    for place in 0..<file.count {
      for bit in 0..<8 {
        var changed = file
        changed[place] ^= 1 << bit
        #expect(throws: BackupError.self) { try read(changed, count: 3, key) }
      }
      #expect(throws: BackupError.self) { try read(Array(file[..<place]), count: 3, key) }
    }
    // One that promises more than 30 days is none, whoever wrote it.
    for (made, expires) in [(0, 30 * 86_400_000 + 1), (1, 1), (-1, 5), (Int64.max - 5, Int64.max), (5, 4)] as [(Int64, Int64)] {
      var bytes = Array(header.bytes[..<33])
      bytes.append(littleEndian: made)
      bytes.append(littleEndian: expires)
      #expect(throws: BackupError.damagedHeader) { try BackupHeader(bytes + header.identity) }
    }
    #expect(throws: BackupError.otherVersion) { try BackupHeader(Array("sealane custodian backup 2\n".utf8)) }
    #expect(throws: BackupError.notABackup) { try BackupHeader(Array("SQLite format 3\u{0}".utf8)) }
  }

  @Test func `the page's backup is what this program writes and reads`() throws {
    let page = try FormatsDocument()
    let identity = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: 11, count: 32)).publicKey
    let header = BackupHeader(id: Array(0x0A...0x0F), madeAt: Self.time, identity: Array(identity.rawRepresentation))
    let name = Array("announcement.txt".utf8)
    var content = [UInt8(name.count)] + name
    content.append(littleEndian: UInt64(8))
    content += Array("sealane\n".utf8) + [0]
    var generator = SeededGenerator(seed: 9)
    let (file, _) = try write(content, header, try #require(SecretKey(bytes: 0..<32)), using: &generator)
    #expect(Array(file[..<81]) == (try page.bytes("header of the backup")))
    #expect(Array(file[81...]) == (try page.bytes("frames of the backup")))
  }

  @Test func `fuzzed backups neither crash nor pass`() throws {
    let seconds = ProcessInfo.processInfo.environment["SEALANE_FUZZ_SECONDS"].flatMap(Double.init) ?? 0
    let end = ContinuousClock.now + .seconds(seconds)
    var seed: UInt64 = 10
    repeat {
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<300 {
        let (header, key) = (header(&generator), SecretKey())
        let content = generator.bytes(Int.random(in: 1...300, using: &generator))
        var (file, _) = try write(content, header, key, using: &generator)
        let sound = file
        generator.alter(&file, places: 1...4)
        if (try? read(file, count: content.count, key)) != nil { #expect(file == sound, "seed \(seed)") }
      }
      seed += 1
    } while ContinuousClock.now < end
  }
}
