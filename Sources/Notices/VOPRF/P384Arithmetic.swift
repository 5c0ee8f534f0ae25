internal import COpenSSL
internal import Foundation

/// Arithmetic on the curve P-384, by OpenSSL. Not in constant time: it works on what whoever runs it knows anyway, never on a secret key.
struct P384Arithmetic {
  struct OutOfMemory: Error {}

  /// A whole number.
  final class Number {
    let pointer: OpaquePointer

    init() throws {
      guard let pointer = BN_new() else { throw OutOfMemory() }
      self.pointer = pointer
    }

    /// Big-endian.
    convenience init(_ bytes: [UInt8]) throws {
      try self.init()
      guard BN_bin2bn(bytes, Int32(bytes.count), pointer) != nil else { throw OutOfMemory() }
    }

    deinit { BN_clear_free(pointer) }

    var isZero: Bool { BN_is_zero(pointer) == 1 }
    var isOdd: Bool { BN_is_odd(pointer) == 1 }

    /// Big-endian, padded to 48 bytes.
    var bytes: [UInt8] {
      var bytes = [UInt8](repeating: 0, count: P384Arithmetic.scalarSize)
      return BN_bn2binpad(pointer, &bytes, Int32(bytes.count)) == Int32(bytes.count) ? bytes : []
    }

    static func == (left: Number, right: Number) -> Bool { BN_cmp(left.pointer, right.pointer) == 0 }
    static func < (left: Number, right: Number) -> Bool { BN_cmp(left.pointer, right.pointer) < 0 }
  }

  final class Point {
    let pointer: OpaquePointer

    init(of group: OpaquePointer) throws {
      guard let pointer = EC_POINT_new(group) else { throw OutOfMemory() }
      self.pointer = pointer
    }

    deinit { EC_POINT_clear_free(pointer) }
  }

  private final class Context {
    let group: OpaquePointer
    let context: OpaquePointer

    init() throws {
      guard let group = EC_GROUP_new_by_curve_name(NID_secp384r1) else { throw OutOfMemory() }
      guard let context = BN_CTX_new() else {
        EC_GROUP_free(group)
        throw OutOfMemory()
      }
      self.group = group
      self.context = context
    }

    deinit {
      BN_CTX_free(context)
      EC_GROUP_free(group)
    }
  }

  static let scalarSize = 48
  /// A compressed point.
  static let pointSize = 49

  private let place: Context
  let order: Number
  /// Of the field.
  let prime: Number
  let a: Number
  let b: Number

  init() throws {
    place = try Context()
    order = try Number()
    (prime, a, b) = (try Number(), try Number(), try Number())
    guard EC_GROUP_get_order(place.group, order.pointer, place.context) == 1,
      EC_GROUP_get_curve(place.group, prime.pointer, a.pointer, b.pointer, place.context) == 1
    else { throw OutOfMemory() }
  }

  // MARK: Numbers

  private func calculated(_ body: (OpaquePointer, OpaquePointer) -> Int32) throws -> Number {
    let result = try Number()
    guard body(result.pointer, place.context) == 1 else { throw OutOfMemory() }
    return result
  }

  func reduced(_ number: Number, by modulus: Number) throws -> Number {
    try calculated { BN_nnmod($0, number.pointer, modulus.pointer, $1) }
  }

  func product(_ left: Number, _ right: Number) throws -> Number {
    try calculated { BN_mod_mul($0, left.pointer, right.pointer, prime.pointer, $1) }
  }

  func sum(_ left: Number, _ right: Number) throws -> Number {
    try calculated { BN_mod_add($0, left.pointer, right.pointer, prime.pointer, $1) }
  }

  func negative(_ number: Number) throws -> Number {
    let zero = try Number()
    return try calculated { BN_mod_sub($0, zero.pointer, number.pointer, prime.pointer, $1) }
  }

  /// Of a number that is not zero.
  func inverse(_ number: Number, by modulus: Number) throws -> Number {
    let result = try Number()
    guard BN_mod_inverse(result.pointer, number.pointer, modulus.pointer, place.context) != nil else { throw OutOfMemory() }
    return result
  }

  /// Nil where there is none.
  func squareRoot(_ number: Number) throws -> Number? {
    // The prime is 3 modulo 4: if there is a root, it is this power.
    let exponent = try Number()
    guard BN_copy(exponent.pointer, prime.pointer) != nil, BN_add_word(exponent.pointer, 1) == 1,
      BN_rshift(exponent.pointer, exponent.pointer, 2) == 1
    else { throw OutOfMemory() }
    let root = try calculated { BN_mod_exp($0, number.pointer, exponent.pointer, prime.pointer, $1) }
    return try product(root, root) == number ? root : nil
  }

  // MARK: Points

  private func made(_ body: (OpaquePointer) -> Int32) throws -> Point {
    let point = try Point(of: place.group)
    guard body(point.pointer) == 1 else { throw OutOfMemory() }
    return point
  }

  /// Of a compressed point. Nil for what is none, and for the point at infinity.
  func point(_ bytes: [UInt8]) throws -> Point? {
    guard bytes.count == Self.pointSize, bytes[0] == 2 || bytes[0] == 3 else { return nil }
    let point = try Point(of: place.group)
    return EC_POINT_oct2point(place.group, point.pointer, bytes, bytes.count, place.context) == 1 ? point : nil
  }

  func point(x: Number, y: Number) throws -> Point {
    try made { EC_POINT_set_affine_coordinates(place.group, $0, x.pointer, y.pointer, place.context) }
  }

  func sum(_ left: Point, _ right: Point) throws -> Point {
    try made { EC_POINT_add(place.group, $0, left.pointer, right.pointer, place.context) }
  }

  func multiple(_ factor: Number, of point: Point) throws -> Point {
    try made { EC_POINT_mul(place.group, $0, nil, point.pointer, factor.pointer, place.context) }
  }

  /// first · G + second · point, with G the curve's generator.
  func multiple(_ first: Number, ofGeneratorPlus second: Number, of point: Point) throws -> Point {
    try made { EC_POINT_mul(place.group, $0, first.pointer, point.pointer, second.pointer, place.context) }
  }

  func isAtInfinity(_ point: Point) -> Bool { EC_POINT_is_at_infinity(place.group, point.pointer) == 1 }

  /// Compressed, 49 bytes.
  func bytes(_ point: Point) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.pointSize)
    let count = EC_POINT_point2oct(place.group, point.pointer, POINT_CONVERSION_COMPRESSED, &bytes, bytes.count, place.context)
    guard count == Self.pointSize else { throw OutOfMemory() }
    return bytes
  }
}
