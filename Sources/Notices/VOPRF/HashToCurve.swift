internal import Crypto

/// Texts as points and numbers of P-384: RFC 9380, suite `P384_XMD:SHA-384_SSWU_RO_`.
extension P384Arithmetic {
  /// Section 5.3.1.
  static func expand(_ message: [UInt8], tag: [UInt8], count: Int) -> [UInt8] {
    let tag = tag + [UInt8(truncatingIfNeeded: tag.count)]
    var first = SHA384()
    first.update(data: [UInt8](repeating: 0, count: SHA384.blockByteCount))
    first.update(data: message)
    first.update(data: [UInt8(count >> 8), UInt8(count & 255), 0] + tag)
    let start = Array(first.finalize())
    var block = Array(SHA384.hash(data: start + [1] + tag))
    var bytes = block
    var number: UInt8 = 2
    while bytes.count < count {
      block = Array(SHA384.hash(data: zip(start, block).map { $0 ^ $1 } + [number] + tag))
      bytes += block
      number += 1
    }
    return Array(bytes.prefix(count))
  }

  /// 384 bits and 192 more, so that no remainder is more likely than another.
  private static let bytesOfNumber = 72

  /// Section 5.2.
  func numbers(of message: [UInt8], tag: [UInt8], count: Int, modulo modulus: Number) throws -> [Number] {
    let bytes = Self.expand(message, tag: tag, count: count * Self.bytesOfNumber)
    return try (0..<count).map { place in
      try reduced(Number(Array(bytes[place * Self.bytesOfNumber..<(place + 1) * Self.bytesOfNumber])), by: modulus)
    }
  }

  /// Section 3, `hash_to_curve`.
  func point(ofMessage message: [UInt8], tag: [UInt8]) throws -> Point {
    let numbers = try numbers(of: message, tag: tag, count: 2, modulo: prime)
    return try sum(mapped(numbers[0]), mapped(numbers[1]))
  }

  /// Section 6.6.2, the simplified map of Shallue, van de Woestijne and Ulas, with Z = -12.
  private func mapped(_ u: Number) throws -> Point {
    let z = try negative(Number([12]))
    let one = try Number([1])
    let zu = try product(z, product(u, u))
    let denominator = try sum(product(zu, zu), zu)
    let x1: Number
    if denominator.isZero {
      x1 = try product(b, inverse(product(z, a), by: prime))
    } else {
      x1 = try product(product(negative(b), inverse(a, by: prime)), sum(one, inverse(denominator, by: prime)))
    }
    var x = x1
    var root = try squareRoot(value(at: x1))
    if root == nil {
      x = try product(zu, x1)
      root = try squareRoot(value(at: x))
    }
    // One of the two has a root, by the choice of Z.
    guard var y = root else { throw OutOfMemory() }
    if u.isOdd != y.isOdd { y = try negative(y) }
    return try point(x: x, y: y)
  }

  /// x³ + ax + b.
  private func value(at x: Number) throws -> Number {
    try sum(sum(product(product(x, x), x), product(a, x)), b)
  }
}
