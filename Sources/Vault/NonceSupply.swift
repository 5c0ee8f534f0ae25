internal import Glibc

/// Random nonces of 12 bytes, drawn from the operating system for 21 at once: one at a time, the system calls are a sixth of the cost
/// of sealing a value. Nonces are public, so that keeping them ahead gives nothing away.
struct NonceSupply {
  private static let byteCount = 12
  /// `getentropy` gives at most 256 bytes a call.
  private static let batch = 21

  private var bytes: [UInt8] = []
  private var used = 0

  mutating func next() -> ArraySlice<UInt8> {
    if used == bytes.count {
      bytes = Self.random(count: Self.batch * Self.byteCount)
      used = 0
    }
    defer { used += Self.byteCount }
    return bytes[used..<used + Self.byteCount]
  }

  private static func random(count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    if bytes.withUnsafeMutableBytes({ getentropy($0.baseAddress!, $0.count) }) == 0 { return bytes }
    // A kernel without that call: the standard library's generator has its own ways.
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
