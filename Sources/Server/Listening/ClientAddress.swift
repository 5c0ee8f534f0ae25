import HTTPTypes
import Hummingbird

/// Where a request really came from: the peer, or what a trusted proxy says about it.
package struct ClientAddress: Sendable {
  let trustedProxies: Set<String>

  package init(trustedProxies: Set<String>) { self.trustedProxies = trustedProxies }

  /// Walks `X-Forwarded-For` from the right past the trusted proxies; the first address that is not one of them is the client.
  /// The header counts only if the peer itself is trusted: anybody can write it.
  func of(_ request: Request, _ context: ServerContext) -> String? {
    guard let name = HTTPField.Name("X-Forwarded-For") else { return context.peerAddress }
    return client(peer: context.peerAddress, forwarded: request.headers[values: name])
  }

  package func client(peer: String?, forwarded: [String]) -> String? {
    // A listener for both families names a peer of IPv4 in IPv6's way (RFC 4291, section 2.5.5.2).
    let peer = peer.map { $0.lowercased().hasPrefix("::ffff:") && $0.contains(".") ? String($0.dropFirst(7)) : $0 }
    guard let peer, trustedProxies.contains(peer) else { return peer }
    let chain = forwarded.joined(separator: ",").split(separator: ",").map { String($0.drop { $0 == " " }.prefix { $0 != " " }) }
    return chain.last { !trustedProxies.contains($0) } ?? peer
  }
}
