import Events
import Foundation
import Ledger
import Testing

/// The vectors of docs/FORMATS.md, Ledger; made by another implementation (Python, `cryptography`).
struct GoldenLedgerTests {
  static let publicKey = "sealane.test/ledger+66ec8595+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
  static let roaring = "3a300000020000000000010001000000180000001c000000010005007011"
  static let entry =
    #"{"commitment":"7df135f77e6f35fe0e5d17a9ac0de1b24dc8de1afccf07bb65654a88e262925f","kind":"disclosure.subjects","project":1,"time":1763400000000,"v":1}"#
  static let leaf = "700dfed6ab0ac6880f45b2f686bbd7128466c55ea6e181ec9c81d08e95da47da"
  static let sealed = """
    0202020202020202020202025c414eb9aeab4a2d3e4e5c042a408e10fa46933b535eb2735ade1b32adec53dbb9a6a172dec3be2ea84e6d2af0f0aa4a
    0dcd0f74296c65119103c5b4efac8b3fd9fca5e4f460446a078f42ea30563ffefda4de99e3634e95ba15c1124b35199b3880c088aeb23f09d568b2c6
    71f1edb3e17be0198cc6159489d92cace32ef201da8fd7d4f5603374888984d65b6f5363df1ee683f2bad3a4096f5857f508cb8cb312afe38feb281a
    8f343356506e232748c5defa120a054bf7acc073c2f6a27a14d79996ce8708a976a8bee190b33957568ad86019cb9580eaa0d14f02b0759a3cab1025
    861fc5af17546d9ff913bc59fe5c45e5b2df2b169b2be5eb34ad3d73621a138590090683afc4dd428473390b29798f600d31c1210ed03bdc3287e46f
    4850712d343dcbabd4a5f8ca08f73cdab84ef1071250ba1b12ea8dbcd4007f8b289c7b224b57d44d68988a6452c45be993d2cb3a1ba381
    """.replacingOccurrences(of: "\n", with: "")
  static let checkpoint = """
    sealane.test/ledger
    1
    cA3+1qsKxogPRbL2hrvXEoRmxV6m4YHsnIHQjpXaR9o=

    — sealane.test/ledger ZuyFlX0syM4tk6rEM5TpW5n6hh6iyhD451WSD0535uwrhkhtXms7b+zjiBQhSb6EIrIW7sU+Hf9FZp0fXiTgJy00jgU=

    """

  static func disk() throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    let entry = Array(Self.entry.utf8)
    let sealed = hex(Self.sealed)
    let files: [(String, [UInt8])] = [
      ("checkpoint", Array(checkpoint.utf8)), ("tile/0/000.p/1", hex(leaf)), ("tile/entries/000.p/1", [0, UInt8(entry.count)] + entry),
      ("details/000", [UInt8](repeating: 0, count: 8) + [UInt8(sealed.count & 255), UInt8(sealed.count >> 8), 0, 0] + sealed),
    ]
    for (path, bytes) in files { try disk.write(bytes, to: path) }
    return disk
  }

  @Test func theVectorsOpen() async throws {
    let disk = try Self.disk()
    let verification = Ledger.verify(files: disk, publicKey: try #require(NoteKey(Self.publicKey)), keys: try Sample.keys())
    #expect(verification.firstProblem == nil)
    let ledger = try Sample.open(disk)
    #expect(ledger.publicKey.description == Self.publicKey)
    #expect(try await ledger.checkpoint().root.bytes == hex(Self.leaf))
    let detail = try #require(try await ledger.detail(of: 0))
    #expect(detail.principal == Sample.owner)
    #expect(detail.purpose == "console.people")
    #expect(detail.fields == ["plan", "$email"])
    #expect(detail.rows == 3)
    #expect(detail.dataVersion == 18)
    #expect(detail.subjects?.numbers.map(\.rawValue) == [1, 5, 70000])
    #expect(detail.subjects?.roaring == hex(Self.roaring))
  }

  @Test func theSameLogIsSignedAlike() throws {
    let root = try #require(MerkleHash(hex(Self.leaf)))
    let signer = try #require(NoteSigner(name: "sealane.test/ledger", seed: [UInt8](repeating: 7, count: 32)))
    #expect(try Checkpoint(origin: "sealane.test/ledger", size: 1, root: root).signed(by: signer) == Self.checkpoint)
    #expect(MerkleHash.leaf(Array(Self.entry.utf8)) == root)
  }
}
