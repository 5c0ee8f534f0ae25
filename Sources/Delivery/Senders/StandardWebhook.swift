import Crypto
import Foundation

/// Signatures of Standard Webhooks 1.0.0: v1, HMAC-SHA-256 over `id.timestamp.body`.
package struct StandardWebhook: Sendable {
  private let keys: [SymmetricKey]

  /// - Parameter text: one `whsec_` and base64 of 24 to 64 bytes a line; empty lines do not count. At most ten.
  package init(secrets text: String) throws(ChannelError) {
    var keys: [SymmetricKey] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty { continue }
      guard line.hasPrefix("whsec_"), let key = Data(base64Encoded: String(line.dropFirst(6))), (24...64).contains(key.count) else {
        throw ChannelError("A webhook's secret must be whsec_ and the base64 of 24 to 64 bytes.")
      }
      keys.append(SymmetricKey(data: key))
    }
    guard (1...10).contains(keys.count) else { throw ChannelError("A webhook needs one to ten secrets, one a line.") }
    self.keys = keys
  }

  /// The three headers. Every secret signs, so that a receiver may hold the new one or the old one.
  package func headers(id: String, timestamp: Int64, body: [UInt8]) -> [(name: String, value: String)] {
    let signed = Array("\(id).\(timestamp).".utf8) + body
    let signatures = keys.map { "v1," + Data(HMAC<SHA256>.authenticationCode(for: signed, using: $0)).base64EncodedString() }
    return [("webhook-id", id), ("webhook-timestamp", String(timestamp)), ("webhook-signature", signatures.joined(separator: " "))]
  }
}
