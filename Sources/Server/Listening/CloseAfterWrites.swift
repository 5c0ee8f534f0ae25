import NIOCore
import NIOHTTPTypes

/// Lets an answer leave before the connection closes.
///
/// A channel that is told to close drops what it has not written yet. When the server stops, the connection is told so with the last part
/// of an answer, of which a slow reader may not have taken the first megabytes: without this it would get half of it.
final class CloseAfterWrites: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// How long a reader that takes nothing holds up a close.
  private let patience: TimeAmount
  /// Answers whose last part is not written yet.
  private var unwritten = 0
  private var closing: (promise: EventLoopPromise<Void>?, deadline: Scheduled<Void>)?

  init(patience: TimeAmount) { self.patience = patience }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
    let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
    unwritten += 1
    let box = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    promise.futureResult.whenComplete { _ in
      box.value.handler.unwritten -= 1
      if box.value.handler.unwritten == 0 { box.value.handler.finish(box.value.context) }
    }
    context.write(data, promise: promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .all, unwritten > 0, context.channel.isActive else { return context.close(mode: mode, promise: promise) }
    if let closing {
      if let promise { if let first = closing.promise { first.futureResult.cascade(to: promise) } else { promise.succeed() } }
      return
    }
    let box = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    let deadline = context.eventLoop.scheduleTask(in: patience) { box.value.handler.finish(box.value.context) }
    closing = (promise, deadline)
    context.flush()
  }

  private func finish(_ context: ChannelHandlerContext) {
    guard let closing else { return }
    self.closing = nil
    closing.deadline.cancel()
    context.close(mode: .all, promise: closing.promise)
  }
}
