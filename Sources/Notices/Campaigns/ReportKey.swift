internal import Crypto
internal import Foundation

/// Keys what is kept of reported messages, so that nobody who has a copy of it alone can try out which message or which words gave rise to it.
package struct ReportKey: Sendable {
  private let key: SymmetricKey

  /// - Parameter bytes: 32, of this use alone.
  package init(bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

  /// 64 bits of HMAC-SHA-256.
  func hash(shingle: some Sequence<String>) -> UInt64 {
    var authenticator = HMAC<SHA256>(key: key)
    authenticator.update(data: Array("shingle".utf8))
    for word in shingle { authenticator.update(data: [0] + Array(word.utf8)) }
    return authenticator.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// 16 bytes of HMAC-SHA-256 over parts, each with its length.
  func digest(_ use: String, _ parts: some Sequence<[UInt8]>) -> [UInt8] {
    var authenticator = HMAC<SHA256>(key: key)
    authenticator.update(data: Array(use.utf8) + [0])
    for part in parts {
      authenticator.update(data: (0..<8).map { UInt8(truncatingIfNeeded: part.count >> (56 - 8 * $0)) })
      authenticator.update(data: part)
    }
    return Array(authenticator.finalize().prefix(16))
  }
}
