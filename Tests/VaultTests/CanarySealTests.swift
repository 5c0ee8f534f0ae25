import Events
import Foundation
import Testing
import Vault

struct CanarySealTests {
  private static let nonce = [UInt8](0...15)

  private func seal(_ first: UInt8 = 0, project: Int64 = 7) throws -> CanarySeal {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-canary-\(UUID().uuidString)")
    try Data((0..<32).map { first &+ UInt8($0) }).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    chmod(file.path, 0o600)
    return CanarySeal(pseudonymKey: try SecretKey(reading: file), project: ProjectID(project))
  }

  @Test(
    "the vectors of docs/FORMATS.md, which another program made",
    arguments: [
      (CanaryRecipient.export(nonce: nonce), 0 as UInt32, "4cefe6fe65f337b9b8c491637b5634c5", "fugeaxtmybh2prdg"),
      (.export(nonce: nonce), 1, "e11198a541640813b7d4c8e3faa22a81", "drfjrmmd5me3lvzg"),
      (.vendor("tallymark"), 0, "80a9b3a21d1bce8c3e38491f11726dad", "tldnlflboedbzlzp"),
      (.vendor("tallymark"), 1, "f07519e72b9d54cca9e936cdb2b2a58f", "nlsfpff5bcdxg2wt"),
    ])
  func vectors(recipient: CanaryRecipient, number: UInt32, id: String, label: String) throws {
    let seal = try seal()
    let canary = seal.canary(number, of: recipient)
    #expect(canary.id.description == id && canary.label == label)
    #expect(seal.isCanary(canary.id) && seal.isCanary(label: label) && seal.isCanary(label: label.uppercased()))
  }

  @Test func nobodyElseIsTakenForOne() throws {
    let seal = try seal()
    var random = SystemRandomNumberGenerator()
    for _ in 0..<20_000 { #expect(!seal.isCanary(Pseudonym(high: random.next(), low: random.next()))) }
    let canary = seal.canary(0, of: .export(nonce: Self.nonce))
    for bit in 0..<64 {
      #expect(!seal.isCanary(Pseudonym(high: canary.id.high, low: canary.id.low ^ (1 << UInt64(bit)))))
      #expect(!seal.isCanary(Pseudonym(high: canary.id.high ^ (1 << UInt64(bit)), low: canary.id.low)))
    }
    for label in ["", "a", "fugeaxtmybh2prda", "fugeaxtmybh2prd1", "fugeaxtmybh2prdgg", "www"] { #expect(!seal.isCanary(label: label)) }
    // Another project's and another key's are nobody here.
    let others = [try self.seal(project: 8), try self.seal(1)]
    for other in others {
      #expect(
        !other.isCanary(canary.id) && !other.isCanary(label: canary.label)
          && other.canary(0, of: .export(nonce: Self.nonce)).id != canary.id)
    }
  }
}
