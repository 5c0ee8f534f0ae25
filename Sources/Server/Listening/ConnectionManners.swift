import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// What HTTP/1.1 asks of a connection (RFC 9110, RFC 9112) beside carrying requests, and what keeps a slow sender from holding it.
///
/// - A client of HTTP/1.0, or one that says `Connection: close` in any spelling, gets its answer and the end of the connection.
/// - `Expect: 100-continue` is answered, so that senders of large bodies do not sit out a second.
/// - An answer with `Connection: close` ends it too, also where the request's body is still coming: that is read for a moment, for a
///   sender that is reset may not see the answer, and then no more.
/// - A body that comes too slowly ends the connection.
final class ConnectionManners: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// A body may take a minute, and a second for each 64 KiB that came.
  static let patience: TimeAmount = .seconds(60)
  static let slowestBytesPerSecond = 65_536
  /// How long a refused body is still read.
  static let lingering: TimeAmount = .seconds(2)

  private let patience: TimeAmount
  private let now: () -> NIODeadline
  /// Requests whose answer has not left yet.
  private var unanswered = 0
  /// Whether the end of the newest request is still to come, and since when.
  private var readingSince: NIODeadline?
  private var bytesRead = 0
  private var watch: Scheduled<Void>?
  private var closesAfterAnswer = false
  private var isEnding = false

  init(patience: TimeAmount = ConnectionManners.patience, now: @escaping () -> NIODeadline = NIODeadline.now) {
    self.patience = patience
    self.now = now
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(var head):
      readingSince = now()
      bytesRead = 0
      let tokens = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
      let isOld = head.version == .http1_0
      if tokens.contains("close") || (isOld && !tokens.contains("keep-alive")) {
        // In the one spelling that the next handlers know.
        head.headers.replaceOrAdd(name: "connection", value: "close")
      }
      if !isOld, unanswered == 0, head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) {
        let interim = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
      }
      unanswered += 1
      context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body(let bytes):
      bytesRead += bytes.readableBytes
      // What comes after the answer that ends the connection is nobody's any more.
      if !isEnding { context.fireChannelRead(data) }
    case .end:
      readingSince = nil
      watch?.cancel()
      watch = nil
      if isEnding { context.close(promise: nil) } else { context.fireChannelRead(data) }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Most bodies come whole with their head: only for the others a timer is worth its while.
    if readingSince != nil, watch == nil, !isEnding { watch(context, after: patience) }
    context.fireChannelReadComplete()
  }

  private func watch(_ context: ChannelHandlerContext, after delay: TimeAmount) {
    let box = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    watch = context.eventLoop.scheduleTask(in: delay) { box.value.handler.look(box.value.context) }
  }

  private func look(_ context: ChannelHandlerContext) {
    watch = nil
    guard let readingSince else { return }
    let end = readingSince + patience + .seconds(Int64(bytesRead / Self.slowestBytesPerSecond))
    let left = end - now()
    if left.nanoseconds <= 0 { context.close(promise: nil) } else { watch(context, after: left + .milliseconds(1)) }
  }

  // MARK: Answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      if head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "close" }) { closesAfterAnswer = true }
      context.write(data, promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      unanswered -= 1
      guard closesAfterAnswer, !isEnding else { return context.write(data, promise: promise) }
      isEnding = true
      watch?.cancel()
      let box = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
      let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.whenComplete { _ in box.value.handler.end(box.value.context) }
      context.writeAndFlush(data, promise: promise)
    }
  }

  /// The answer has left.
  private func end(_ context: ChannelHandlerContext) {
    guard readingSince != nil else { return context.close(promise: nil) }
    let box = NIOLoopBound(context, eventLoop: context.eventLoop)
    watch = context.eventLoop.scheduleTask(in: Self.lingering) { box.value.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    watch?.cancel()
    watch = nil
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { watch?.cancel() }
}

/// HTTP/1.1 of the framework with `ConnectionManners` next to the wire's own parts.
struct MannerlyHTTP1Channel: ServerChildChannel, HTTPChannelHandler {
  typealias Value = HTTP1Channel.Value

  let inner: HTTP1Channel
  var responder: HTTPChannelHandler.Responder { inner.responder }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    inner.setup(channel: channel, logger: logger).flatMapThrowing { value in
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(ConnectionManners(), position: .before(pipeline.handler(type: HTTP1ToHTTPServerCodec.self)))
      return value
    }
  }

  func handle(value: Value, logger: Logger) async { await inner.handle(value: value, logger: logger) }
}
