import CCurl
import Foundation

/// The program's one HTTP client: libcurl's blocking interface on a few threads of its own, so that no event loop or task thread waits.
///
/// Connections stay open between requests. Every request has a deadline and a response bound; redirects are answers, not followed.
package final class HTTPClient: Sendable {
  private let lanes: Lanes

  /// - Parameter connections: requests that run at the same time, each with a thread and a connection; more wait their turn.
  package init(connections: Int = 4) {
    lanes = Lanes(count: max(1, connections))
  }

  /// Sends and collects the whole answer. An HTTP error status is an answer. Throws `OutboundError`.
  package func send(_ request: OutboundRequest, deadline: Duration = .seconds(30)) async throws(OutboundError) -> OutboundResponse {
    let body = Collector()
    var response = try await stream(request, deadline: deadline) { bytes in
      body.append(bytes)
      return true
    }
    response.body = body.bytes
    return response
  }

  /// Hands the body over in pieces as they arrive, on the client's own thread (which may block: that is the backpressure);
  /// `receive` returns false to give up. The response's `body` is empty.
  package func stream(
    _ request: OutboundRequest, deadline: Duration, receive: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool
  ) async throws(OutboundError) -> OutboundResponse {
    guard Self.isStarted else { throw OutboundError(code: .other, reason: "libcurl could not start.") }
    for (name, value) in request.headers where !Self.isField(name) || !Self.isField(value) {
      throw OutboundError(code: .invalid, reason: "A header holds a line break.")
    }
    let lanes = self.lanes
    let result: Result<OutboundResponse, OutboundError> = await withCheckedContinuation { continuation in
      lanes.run { handle in
        continuation.resume(returning: Self.perform(request, deadline: deadline, on: handle, receive: receive))
      }
    }
    return try result.get()
  }

  static let isStarted = sealane_curl_start() == 1

  private static func isField(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 != 10 && $0 != 13 && $0 != 0 }
  }

  private static func perform(
    _ request: OutboundRequest, deadline: Duration, on handle: UnsafeMutableRawPointer?, receive: @escaping (UnsafeRawBufferPointer) -> Bool
  ) -> Result<OutboundResponse, OutboundError> {
    guard let handle else { return .failure(OutboundError(code: .other, reason: "libcurl has no memory for a connection.")) }
    let receiver = Receiver(receive: receive, isGivenUp: request.isGivenUp)
    // `Expect: 100-continue` costs a round trip (and a second where the server does not know it), so it is never sent.
    let lines = request.headers.map { "\($0.name): \($0.value)" } + ["Expect:"]
    let strings = lines.map { strdup($0) }
    defer {
      for string in strings { free(string) }
    }
    var status = 0
    var reason = [CChar](repeating: 0, count: 256)
    let milliseconds = max(1, Int(deadline.components.seconds) * 1000 + Int(deadline.components.attoseconds / 1_000_000_000_000_000))
    let code = withOptionalCString(request.unixSocket) { socket in
      withOptionalCString(request.certificateAuthority) { authority in
        request.method.withCString { method in
          request.url.withCString { url in
            request.body.withUnsafeBytes { body in
              strings.map { UnsafePointer($0) }.withUnsafeBufferPointer { headers in
                var call = sealane_curl_request()
                call.method = method
                call.url = url
                call.unix_socket = socket
                call.headers = headers.baseAddress
                call.header_count = headers.count
                call.body = body.baseAddress
                call.body_size = body.count
                call.certificate_authority = authority
                call.timeout_milliseconds = milliseconds
                call.response_limit = request.responseLimit
                call.refuse_internal = request.refusesInternalAddresses ? 1 : 0
                return sealane_curl_perform(
                  handle, &call,
                  { context, line, size in
                    guard let context, let line else { return }
                    Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue().header(UnsafeRawBufferPointer(start: line, count: size))
                  },
                  { context, bytes, size in
                    guard let context else { return 0 }
                    let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
                    return receiver.receive(UnsafeRawBufferPointer(start: bytes, count: size)) ? 1 : 0
                  },
                  { context in
                    guard let context else { return 1 }
                    return Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue().isGivenUp?() ?? false ? 1 : 0
                  },
                  Unmanaged.passUnretained(receiver).toOpaque(), &status, &reason, reason.count)
              }
            }
          }
        }
      }
    }
    withExtendedLifetime(receiver) {}
    if Int(code) == SEALANE_CURL_OK {
      return .success(OutboundResponse(status: status, headers: receiver.headers, body: []))
    }
    let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return .failure(OutboundError(code: OutboundError.Code(curl: code), reason: text))
  }

  private static func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
  }

  /// Gathers what libcurl hands over. Used on one thread during one request.
  private final class Receiver {
    let receive: (UnsafeRawBufferPointer) -> Bool
    let isGivenUp: (@Sendable () -> Bool)?
    var headers: [(name: String, value: String)] = []

    init(receive: @escaping (UnsafeRawBufferPointer) -> Bool, isGivenUp: (@Sendable () -> Bool)?) {
      self.receive = receive
      self.isGivenUp = isGivenUp
    }

    func header(_ line: UnsafeRawBufferPointer) {
      let text = String(decoding: line, as: UTF8.self)
      // An interim answer (100) has headers of its own; those of the last one count.
      if text.hasPrefix("HTTP/") { return headers.removeAll() }
      guard let colon = text.firstIndex(of: ":"), headers.count < 200 else { return }
      headers.append((String(text[..<colon]), text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)))
    }
  }
}

extension OutboundError.Code {
  init(curl code: Int32) {
    self =
      switch Int(code) {
      case SEALANE_CURL_TIMEOUT: .timeout
      case SEALANE_CURL_CONNECT: .connect
      case SEALANE_CURL_TLS: .tls
      case SEALANE_CURL_TOO_LARGE: .tooLarge
      case SEALANE_CURL_STOPPED: .stopped
      case SEALANE_CURL_REFUSED_ADDRESS: .refusedAddress
      case SEALANE_CURL_REJECTED: .rejected
      default: .other
      }
  }
}

/// The body of one answer. Written by one client thread, read after that thread has handed the answer over.
private final class Collector: @unchecked Sendable {
  private(set) var bytes: [UInt8] = []
  func append(_ piece: UnsafeRawBufferPointer) { bytes.append(contentsOf: piece) }
}

/// A few threads with one libcurl handle each; `lock` guards all that changes. A thread keeps its lane alive and ends after a minute
/// without work, so that a client that nobody uses any more goes away by itself.
private final class Lanes: @unchecked Sendable {
  typealias Job = @Sendable (UnsafeMutableRawPointer?) -> Void

  private let lock = NSCondition()
  private var waiting: [Job] = []
  private var idle = 0
  private var started = 0
  private let count: Int

  init(count: Int) { self.count = count }

  func run(_ job: @escaping Job) {
    lock.lock()
    waiting.append(job)
    if waiting.count > idle, started < count {
      started += 1
      let thread = Thread { [self] in work() }
      thread.name = "outbound"
      thread.start()
    }
    lock.signal()
    lock.unlock()
  }

  private func work() {
    let handle = sealane_curl_open()
    defer { if let handle { sealane_curl_close(handle) } }
    while let job = next() { job(handle) }
  }

  /// Nil after a minute without work: the thread ends and its connection with it.
  private func next() -> Job? {
    lock.lock()
    defer { lock.unlock() }
    let end = Date().addingTimeInterval(60)
    while waiting.isEmpty {
      idle += 1
      let isWoken = lock.wait(until: end)
      idle -= 1
      if !isWoken, waiting.isEmpty {
        started -= 1
        return nil
      }
    }
    return waiting.removeFirst()
  }
}
