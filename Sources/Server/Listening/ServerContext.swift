import Hummingbird
import NIOCore
import NIOPosix

/// What a handler knows about the connection that a request came by.
package struct ServerContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  package let channel: any Channel

  package init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }

  /// The address of the other end; nil on a Unix socket.
  package var peerAddress: String? { channel.remoteAddress?.ipAddress }

  /// The operating-system user at the other end of a Unix socket (SO_PEERCRED); nil on any other.
  package func peerUser() async -> UInt32? {
    guard channel.localAddress?.protocol == .unix, let options = channel as? any SocketOptionProvider else { return nil }
    // SO_PEERCRED of Linux; Glibc's headers do not give it to Swift.
    let peerCredentials = NIOBSDSocket.Option(rawValue: 17)
    let credentials: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(level: .socket, name: peerCredentials)
    return try? await credentials.get().user
  }

  /// `struct ucred` of Linux.
  private struct PeerCredentials: Sendable {
    var process: Int32
    var user: UInt32
    var group: UInt32
  }
}
