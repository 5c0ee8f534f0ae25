import Foundation

/// A network by its first bits (RFC 4632, RFC 4291): `10.0.0.0/8`, `2001:db8::/32`, or one address.
package struct NetworkPrefix: Sendable, Hashable, CustomStringConvertible {
  /// 4 or 16 bytes, zero behind the prefix.
  private let bytes: [UInt8]
  private let length: Int

  /// Nil unless it is an address, with or without a length that fits. What stands behind the prefix is ignored.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let bytes = Self.address(String(parts[0])) else { return nil }
    var length = bytes.count * 8
    if parts.count == 2 {
      guard let number = Int(parts[1]), String(number) == parts[1], (0...length).contains(number) else { return nil }
      length = number
    }
    self.length = length
    self.bytes = bytes.enumerated().map { index, byte in
      let bits = min(8, max(0, length - index * 8))
      return byte & UInt8(truncatingIfNeeded: 0xFF00 >> bits)
    }
  }

  /// The network around an address in which one and the same sender moves: 24 bits of an IPv4 address, 48 of an IPv6 one.
  package init?(widened address: String) {
    guard let bytes = Self.address(address) else { return nil }
    self.init("\(address)/\(bytes.count == 4 ? 24 : 48)")
  }

  /// Whether an address lies in it. An IPv4 address that is written in IPv6's way counts as the IPv4 address.
  package func contains(_ address: String) -> Bool {
    guard let other = Self.address(address), other.count == bytes.count else { return false }
    return zip(other, bytes).enumerated().allSatisfy { index, pair in
      let bits = min(8, max(0, length - index * 8))
      return pair.0 & UInt8(truncatingIfNeeded: 0xFF00 >> bits) == pair.1
    }
  }

  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    _ = bytes.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &text, socklen_t(text.count)) }
    let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return length == bytes.count * 8 ? address : "\(address)/\(length)"
  }

  private static func address(_ text: String) -> [UInt8]? {
    let bare = text.lowercased().hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
    var four = in_addr()
    if inet_pton(AF_INET, bare, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    var six = in6_addr()
    if inet_pton(AF_INET6, bare, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
    return nil
  }
}
