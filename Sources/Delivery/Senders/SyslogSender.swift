import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Sends a batch of frames over a TLS connection of its own, and waits until the receiver closes it too.
///
/// Syslog has no answers. A receiver that reads to the end of the stream and then closes has read all of it: that is as much of an
/// acknowledgement as there is. One that keeps its side open is believed after a moment.
struct SyslogSender: Sendable {
  let target: Channel.Syslog
  private static let patience: TimeAmount = .seconds(10)
  private static let closing: TimeAmount = .seconds(3)

  func send(_ frames: [[UInt8]]) async throws(DeliveryError) {
    let context: NIOSSLContext
    do { context = try NIOSSLContext(configuration: try configuration()) } catch {
      throw DeliveryError(.misconfigured, "The TLS files of the syslog channel cannot be used.")
    }
    let watch = ConnectionWatch()
    // A name is sent to the receiver and checked against its certificate; an address is checked alone.
    let name = isInternalName(target.host) ? nil : target.host
    do {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(Self.patience)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let tls = try NIOSSLClientHandler(context: context, serverHostname: name)
            try channel.pipeline.syncOperations.addHandlers(tls, WatchHandler(watch: watch))
          }
        }
        .connect(host: target.host, port: target.port).get()
      let deadline = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(mode: .all, promise: nil) }
      defer { deadline.cancel() }
      var buffer = channel.allocator.buffer(capacity: frames.reduce(0) { $0 + $1.count })
      for frame in frames { buffer.writeBytes(frame) }
      try await channel.writeAndFlush(buffer).get()
      // Ends the TLS session (close_notify) and waits for the other side's end.
      try? await channel.close().get()
    } catch {
      throw DeliveryError(.unreachable, watch.failure ?? Self.reason(error))
    }
    if let failure = watch.failure { throw DeliveryError(.unreachable, failure) }
  }

  private func configuration() throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    tls.shutdownTimeout = Self.closing
    if let authority = target.certificateAuthority { tls.trustRoots = .file(authority) }
    if let certificate = target.clientCertificate, let key = target.clientKey {
      tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
      tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
    }
    return tls
  }

  private func isInternalName(_ host: String) -> Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }

  fileprivate static func reason(_ error: any Error) -> String {
    switch error {
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
      "The TLS session failed: does the certificate fit the name and the authority?"
    case is NIOConnectionError: "No connection."
    case let error as IOError: "No connection (\(error.errnoCode))."
    default: "No connection."
    }
  }
}

/// What went wrong on a connection. Written on its event loop, read when it is over.
private final class ConnectionWatch: Sendable {
  private let state = Mutex<String?>(nil)
  var failure: String? { state.withLock { $0 } }
  func note(_ error: any Error) {
    // The receiver closed without a word of TLS, or kept its side open: it had all bytes.
    if let error = error as? NIOSSLError, case .uncleanShutdown = error { return }
    if error is NIOSSLCloseTimedOutError { return }
    state.withLock { $0 = $0 ?? SyslogSender.reason(error) }
  }
}

private final class WatchHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  private let watch: ConnectionWatch

  init(watch: ConnectionWatch) { self.watch = watch }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    watch.note(error)
    context.fireErrorCaught(error)
  }

  /// Receivers of syslog say nothing.
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
