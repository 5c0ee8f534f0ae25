package import Vault

/// Shamir's secret sharing (Communications of the ACM 22:11, 1979), 2 of 3: docs/FORMATS.md, "Custodian backup".
///
/// Over GF(2⁸) with the polynomial of AES, x⁸ + x⁴ + x³ + x + 1. Each byte of the secret is the value at 0 of a straight line with a slope
/// of its own, drawn evenly from all 256; share i has the line's value at i. Two points name the line. One point lies on exactly one line
/// through each possible value at 0, so that it says nothing about the byte.
///
/// Products are shifts and masks: no table is looked up and no branch taken by a secret byte, so the time says nothing either. Indices
/// are public.
package enum SecretSharing {
  package static let shareCount = 3
  package static let threshold = 2

  /// The values of share 1, 2 and 3. `slopes` are as random as the secret and used for this secret alone.
  package static func split(_ secret: SecretKey, slopes: SecretKey) -> [[UInt8]] {
    secret.withUnsafeBytes { secret in
      slopes.withUnsafeBytes { slopes in
        (1...shareCount).map { index in zip(secret, slopes).map { $0 ^ product($1, UInt8(index)) } }
      }
    }
  }

  /// The secret of two shares. Nil unless their indices are two of 1, 2 and 3, and both have a secret's length: any other two give bytes,
  /// and whether they are the right ones is for the caller to find out.
  package static func combine(
    _ one: (index: UInt8, values: [UInt8]), _ other: (index: UInt8, values: [UInt8])
  ) -> SecretKey? {
    let indices = 1...UInt8(shareCount)
    guard one.index != other.index, indices.contains(one.index), indices.contains(other.index), one.values.count == other.values.count
    else { return nil }
    // Lagrange's polynomials at 0; subtraction is addition here.
    let divisor = inverse(one.index ^ other.index)
    let (first, second) = (product(other.index, divisor), product(one.index, divisor))
    return SecretKey(bytes: zip(one.values, other.values).map { product($0, first) ^ product($1, second) })
  }

  /// The product in the field, by eight steps whatever the factors are.
  package static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
    var (left, sum): (UInt8, UInt8) = (left, 0)
    for bit in UInt8(0)..<8 {
      sum ^= left & (0 &- (right >> bit & 1))
      left = left << 1 ^ (0x1B & (0 &- (left >> 7)))
    }
    return sum
  }

  /// The number that gives 1 with `number`; 0 has none and gives 0. It is the 254th power: the field's 255 others are a cyclic group.
  package static func inverse(_ number: UInt8) -> UInt8 {
    var (power, result): (UInt8, UInt8) = (number, 1)
    for bit in 0..<8 {
      if 254 >> bit & 1 == 1 { result = product(result, power) }
      power = product(power, power)
    }
    return result
  }
}
