internal import Crypto
internal import Foundation

/// That a VOPRF's output belongs to an input under a public key, for whoever knows the input: RFC 9497, P384-SHA384, mode VOPRF.
///
/// The blind is in it, so that the exchange between client and server can be followed afterwards by somebody who was neither.
package struct BlindProof: Sendable, Hashable {
  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case malformed
    /// The proof of equal discrete logarithms does not hold.
    case notByThisKey

    package var description: String {
      switch self {
      case .malformed: "The proof is not one of a VOPRF over P-384."
      case .notByThisKey: "The proof was not made with this statement’s key, or not for this address or id."
      }
    }
  }

  /// A number below the group's order, 48 bytes.
  package let blind: [UInt8]
  /// A compressed point, 49 bytes.
  package let evaluated: [UInt8]
  /// Challenge and response, 48 bytes each.
  package let proof: [UInt8]

  package static let size = 48 + 49 + 96
  /// SHA-384.
  package static let outputSize = 48

  /// Blind, evaluated element and proof, one after the other.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.size else { return nil }
    blind = Array(bytes[..<48])
    evaluated = Array(bytes[48..<97])
    proof = Array(bytes[97...])
  }

  package var bytes: [UInt8] { blind + evaluated + proof }

  /// Plays the client: blinds the input, has it evaluated, and keeps what a verifier needs.
  ///
  /// - Parameter evaluate: takes the blinded element and gives the evaluated one and the proof, 145 bytes, as `P384._VOPRF` writes them.
  package init(of input: [UInt8], evaluate: ([UInt8]) throws -> [UInt8]) throws {
    let curve = try P384Arithmetic()
    var number: P384Arithmetic.Number
    repeat {
      // 64 bytes: no number is noticeably more likely than another.
      let random = SymmetricKey(size: .init(bitCount: 512)).withUnsafeBytes { Array($0) }
      number = try curve.reduced(P384Arithmetic.Number(random), by: curve.order)
    } while number.isZero
    let blinded = try curve.multiple(number, of: Self.point(of: input, curve))
    let evaluation = try evaluate(curve.bytes(blinded))
    guard evaluation.count == 49 + 96 else { throw Failure.malformed }
    blind = number.bytes
    evaluated = Array(evaluation[..<49])
    proof = Array(evaluation[49...])
  }

  /// The output, 48 bytes, if this proves it.
  ///
  /// - Throws: `Failure`.
  package func output(of input: [UInt8], publicKey: [UInt8]) throws -> [UInt8] {
    guard input.count < 65_536 else { throw Failure.malformed }
    let curve = try P384Arithmetic()
    let (blind, challenge, response) = (
      try P384Arithmetic.Number(blind), try P384Arithmetic.Number(Array(proof[..<48])), try P384Arithmetic.Number(Array(proof[48...]))
    )
    guard !blind.isZero, blind < curve.order, challenge < curve.order, response < curve.order, let key = try curve.point(publicKey),
      let evaluatedPoint = try curve.point(evaluated)
    else { throw Failure.malformed }
    let blinded = try curve.multiple(blind, of: Self.point(of: input, curve))
    let expected = try Self.challenge(key, blinded, evaluatedPoint, challenge, response, curve)
    guard expected == challenge else { throw Failure.notByThisKey }
    let unblinded = try curve.bytes(curve.multiple(curve.inverse(blind, by: curve.order), of: evaluatedPoint))
    return Array(SHA384.hash(data: Self.framed(input) + Self.framed(unblinded) + Array("Finalize".utf8)))
  }

  // MARK: RFC 9497

  /// Section 3.1, `CreateContextString`: version, mode 1, suite.
  private static let context = Array("OPRFV1-".utf8) + [1] + Array("-P384-SHA384".utf8)

  private static func framed(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes }

  private static func point(of input: [UInt8], _ curve: P384Arithmetic) throws -> P384Arithmetic.Point {
    try curve.point(ofMessage: input, tag: Array("HashToGroup-".utf8) + context)
  }

  private static func scalar(_ transcript: [UInt8], _ curve: P384Arithmetic) throws -> P384Arithmetic.Number {
    let numbers = try curve.numbers(of: transcript, tag: Array("HashToScalar-".utf8) + context, count: 1, modulo: curve.order)
    return numbers[0]
  }

  /// Section 2.2.2, `VerifyProof`, for one element: the challenge that the response would fit.
  private static func challenge(
    _ key: P384Arithmetic.Point, _ blinded: P384Arithmetic.Point, _ evaluated: P384Arithmetic.Point, _ challenge: P384Arithmetic.Number,
    _ response: P384Arithmetic.Number, _ curve: P384Arithmetic
  ) throws -> P384Arithmetic.Number {
    let keyBytes = try curve.bytes(key)
    let seed = Array(SHA384.hash(data: framed(keyBytes) + framed(Array("Seed-".utf8) + context)))
    let weight = try scalar(
      framed(seed) + [0, 0] + framed(curve.bytes(blinded)) + framed(curve.bytes(evaluated)) + Array("Composite".utf8), curve)
    let (m, z) = (try curve.multiple(weight, of: blinded), try curve.multiple(weight, of: evaluated))
    let t2 = try curve.multiple(response, ofGeneratorPlus: challenge, of: key)
    let t3 = try curve.sum(curve.multiple(response, of: m), curve.multiple(challenge, of: z))
    guard ![m, z, t2, t3].contains(where: curve.isAtInfinity) else { throw Failure.notByThisKey }
    let transcript = framed(keyBytes) + framed(try curve.bytes(m)) + framed(try curve.bytes(z)) + framed(try curve.bytes(t2))
    return try scalar(transcript + framed(try curve.bytes(t3)) + Array("Challenge".utf8), curve)
  }
}
