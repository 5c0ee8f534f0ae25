import CSimdJSON
import Events
import Glibc
import Synchronization

/// Reads requests to Mixpanel's ingestion addresses: undoes their encodings, judges every record by itself, words the answer.
///
/// ```
/// switch intake.read(request) {
/// case .refused(let reply): send(reply)                     // nothing to store
/// case .judged(let result):
///   for batch in result.batches { … gate, store, fsync … }   // an unknown token: drop and count
///   send(result.reply())                                     // or .rateLimited(), .unavailable(…) if the store could not
/// }
/// ```
/// Pure: no files, no sockets, no clock. Safe to call from any thread; readers with their buffers and name caches are kept between calls.
package final class Intake: Sendable {
  package let limits: IntakeLimits
  /// Readers that no request is using. Guarded by the mutex; a reader belongs to the one request that took it out.
  private let idle = Mutex<[RecordReader]>([])
  private static let idleReaders = 8
  /// A reader that has grown beyond this is let go instead of kept.
  private static let keptBytes = 64 << 20

  package init(limits: IntakeLimits = IntakeLimits()) { self.limits = limits }

  /// Reads and judges one request. Every input has an answer.
  package func read(_ request: IntakeRequest) -> IntakeOutcome {
    let reader = idle.withLock { $0.popLast() } ?? RecordReader()
    defer {
      if reader.footprint <= Self.keptBytes {
        idle.withLock { if $0.count < Self.idleReaders { $0.append(reader) } }
      }
    }
    do throws(Refusal) {
      return .judged(try judged(request, reader: reader))
    } catch {
      return .refused(error.reply)
    }
  }

  private func judged(_ request: IntakeRequest, reader: RecordReader) throws(Refusal) -> IntakeResult {
    if request.endpoint == .import, request.credential == .none { throw Refusal(.unauthorized(.import)) }
    let payload = try Payload.decoded(request, limits: limits)
    let options = ReplyOptions(parameters: payload.parameters, endpoint: request.endpoint)
    if let callback = options.callback, !ReplyOptions.isFunctionName(callback) {
      throw Refusal(.badRequest("'callback' must be the name of a function", request.endpoint))
    }
    var defaultToken: String?
    if case .projectToken(let token) = request.credential { defaultToken = token }
    // Absent, `ip` is 0 for events and 1 for people (the vendor's defaults).
    let placesByAddress = payload.parameters.flag("ip") ?? (request.endpoint == .engage)
    let context = RequestContext(
      endpoint: request.endpoint, isStrict: options.strict, isVerified: request.credential == .secret,
      receivedAt: request.receivedAt.milliseconds, isAuthorized: request.credential != .none, defaultToken: defaultToken,
      address: placesByAddress && request.endpoint != .groups ? request.remoteAddress : nil, limits: limits)
    var result = IntakeResult(options: options)
    let count: Int
    do throws(JSONError) {
      guard let json = payload.json else { throw JSONError(reason: .empty, position: 0) }
      count = try reader.read(json, isLines: payload.isLines, context: context, result: &result)
    } catch {
      throw Refusal(Self.unreadable(error, options: options, endpoint: request.endpoint))
    }
    guard count <= limits.records else { throw Refusal(.tooLarge("\(limits.records) records")) }
    return result
  }

  /// The answer to a request whose text is not JSON: `0` where the protocol knows nothing else, 400 on `/import` and in strict mode.
  private static func unreadable(_ error: JSONError, options: ReplyOptions, endpoint: IntakeRequest.Endpoint) -> IntakeReply {
    if error.reason == .outOfMemory { return .unavailable(error.message) }
    if endpoint == .import || options.strict { return .badRequest(error.message, .import) }
    return options.reply(accepted: false, error: error.message)
  }
}

/// What one request at a time reads with: simdjson's buffers and the names met so far.
///
/// Unchecked, because its state is guarded by being lent out: `Intake` hands a reader to one request and takes it back when that is done.
final class RecordReader: @unchecked Sendable {
  private let json = JSONReader()
  private var names = NameCache()

  init() {}

  var footprint: Int { json.footprint }

  /// Reads all records of `text` into `result`; returns how many there are. If there are more than the limit, none is read.
  func read(_ text: [UInt8], isLines: Bool, context: RequestContext, result: inout IntakeResult) throws(JSONError) -> Int {
    try json.load(text)
    let first = text.first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
    if isLines && first != UInt8(ascii: "[") { return readLines(text, context: context, result: &result) }
    let tape: JSONTape
    do throws(JSONError) {
      tape = try json.parse(0..<text.count)
    } catch {
      // Several values one after the other: lines, whatever the sender calls them.
      guard error.reason == .trailing else { throw error }
      return readLines(text, context: context, result: &result)
    }
    guard tape[0].kind == JSONTape.Kind.array else {
      result.recordCount = 1
      var judge = Judge(context: context, textBytes: text.count)
      judge.read(tape, 0, number: 0, cache: &names, result: &result)
      judge.finish(&result)
      return 1
    }
    let count = Int(tape[0].length)
    guard count <= context.limits.records else { return count }
    result.recordCount = count
    var judge = Judge(context: context, textBytes: text.count)
    var at = 1
    for number in 0..<count {
      judge.read(tape, at, number: number, cache: &names, result: &result)
      at = tape.end(of: at)
    }
    judge.finish(&result)
    return count
  }

  /// Each line that is not blank is a record; one that is no JSON fails alone.
  private func readLines(_ text: [UInt8], context: RequestContext, result: inout IntakeResult) -> Int {
    let lines = Self.lines(text, atMost: context.limits.records + 1)
    guard lines.count <= context.limits.records else { return lines.count }
    result.recordCount = lines.count
    var judge = Judge(context: context, textBytes: text.count)
    for (number, line) in lines.enumerated() {
      do throws(JSONError) {
        let tape = try json.parse(line)
        judge.read(tape, 0, number: number, cache: &names, result: &result)
      } catch {
        result.fail(number, "", "", error.message)
      }
    }
    judge.finish(&result)
    return lines.count
  }

  private static func lineEnd(_ text: [UInt8], from start: Int) -> Int {
    text.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, let end = memchr(base + start, 0x0A, bytes.count - start) else { return bytes.count }
      return UnsafeRawPointer(end) - base
    }
  }

  private static func lines(_ text: [UInt8], atMost maximum: Int) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    while start < text.count, lines.count < maximum {
      let end = Self.lineEnd(text, from: start)
      if text[start..<end].contains(where: { $0 != 0x20 && !(0x09...0x0D).contains($0) }) { lines.append(start..<end) }
      start = end + 1
    }
    return lines
  }
}

/// The reader for the records of one request: events or profile updates.
private struct Judge {
  private var events: EventReader?
  private var profiles: ProfileReader?

  init(context: RequestContext, textBytes: Int) {
    switch context.endpoint {
    case .track, .import: events = EventReader(context: context, textBytes: textBytes)
    case .engage, .groups: profiles = ProfileReader(context: context)
    }
  }

  mutating func read(_ tape: JSONTape, _ index: Int, number: Int, cache: inout NameCache, result: inout IntakeResult) {
    events?.read(tape, index, number: number, cache: &cache, result: &result)
    profiles?.read(tape, index, number: number, cache: &cache, result: &result)
  }

  /// To be called once, after the last record.
  mutating func finish(_ result: inout IntakeResult) {
    events?.finish(&result)
    // Of a token whose records were all refused or ignored nothing is left.
    result.batches.removeAll { $0.events.isEmpty && $0.profileUpdates.isEmpty }
  }
}
