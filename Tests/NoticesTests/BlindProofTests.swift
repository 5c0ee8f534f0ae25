import Crypto
import CryptoExtras
import Foundation
import Ledger
import Notices
import Testing

struct BlindProofTests {
  /// RFC 9497, appendix A.2.2 (P384-SHA384, VOPRF), test vector 1.
  @Test func theVectorOfTheRFCIsFollowed() throws {
    let input = try #require(Hexadecimal.bytes("00"))
    let key = try P384._VOPRF.PrivateKey(
      rawRepresentation: Data(
        try #require(
          Hexadecimal.bytes("051646b9e6e7a71ae27c1e1d0b87b4381db6d3595eeeb1adb41579adbf992f4278f9016eafc944edaa2b43183581779d"))))
    let output = try #require(
      Hexadecimal.bytes("3333230886b562ffb8329a8be08fea8025755372817ec969d114d1203d026b4a622beab60220bf19078bca35a529b35c"))
    #expect(Array(try key.evaluate(Data(input))) == output)
    let proof = try BlindProof(of: input) { blinded in
      Array(try key.evaluate(P384._VOPRF.BlindedElement(oprfRepresentation: Data(blinded))).rawRepresentation)
    }
    #expect(try proof.output(of: input, publicKey: Array(key.publicKey.oprfRepresentation)) == output)
  }

  @Test func aProofIsOfOneInputUnderOneKey() throws {
    let key = P384._VOPRF.PrivateKey()
    let proof = try Self.proof(of: Array("email:ada@orrery.example".utf8), by: key)
    let publicKey = Array(key.publicKey.oprfRepresentation)
    #expect(throws: BlindProof.Failure.notByThisKey) {
      try proof.output(of: Array("email:bea@orrery.example".utf8), publicKey: publicKey)
    }
    #expect(throws: BlindProof.Failure.notByThisKey) {
      try proof.output(
        of: Array("email:ada@orrery.example".utf8), publicKey: Array(P384._VOPRF.PrivateKey().publicKey.oprfRepresentation))
    }
  }

  @Test func everyAlteredByteIsSeen() throws {
    let key = P384._VOPRF.PrivateKey()
    let input = Array("account:u_17".utf8)
    let bytes = try Self.proof(of: input, by: key).bytes
    let publicKey = Array(key.publicKey.oprfRepresentation)
    let honest = try #require(BlindProof(bytes: bytes))
    let output = try honest.output(of: input, publicKey: publicKey)
    for place in stride(from: 0, to: bytes.count, by: 7) {
      var altered = bytes
      altered[place] ^= 0x10
      let proof = try #require(BlindProof(bytes: altered))
      let result = try? proof.output(of: input, publicKey: publicKey)
      #expect(result == nil, "byte \(place)")
    }
    #expect(output.count == BlindProof.outputSize)
    #expect(BlindProof(bytes: Array(bytes.dropLast())) == nil)
  }

  static func proof(of input: [UInt8], by key: P384._VOPRF.PrivateKey) throws -> BlindProof {
    try BlindProof(of: input) { blinded in
      Array(try key.evaluate(P384._VOPRF.BlindedElement(oprfRepresentation: Data(blinded))).rawRepresentation)
    }
  }
}
