import Events

/// An OTLP/HTTP request (OTLP specification 1.x), without any HTTP type.
package struct OTLPRequest: Sendable {
  package enum Signal: String, Sendable, CaseIterable { case traces, logs }

  package var signal: Signal
  package var contentType: String?
  package var contentEncoding: String?
  package var body: [UInt8]
  package var receivedAt: Timestamp
  /// Whether a secret credential sent it.
  package var isVerified: Bool
  /// Attributes that name an organization.
  package var groupKeys: [String]

  package init(
    signal: Signal, contentType: String?, contentEncoding: String? = nil, body: [UInt8], receivedAt: Timestamp, isVerified: Bool = false,
    groupKeys: [String] = []
  ) {
    self.signal = signal
    self.contentType = contentType
    self.contentEncoding = contentEncoding
    self.body = body
    self.receivedAt = receivedAt
    self.isVerified = isVerified
    self.groupKeys = groupKeys
  }
}

/// What a request came to. Holds values in the clear, as `ReceivedEvent` does.
package struct OTLPResult: Sendable {
  package fileprivate(set) var events: ReceivedEvents
  /// Spans or log records in the request; most may be about no model and become no event.
  package fileprivate(set) var recordCount = 0
  /// Records about a model that could not be taken, for their time.
  package fileprivate(set) var rejectedCount = 0
  /// Attributes that were not kept, by name where it is a known one, else under `other`.
  package fileprivate(set) var drops: [String: Int] = [:]
  /// Whether the request was JSON, and so the answer is.
  package let isJSON: Bool
  fileprivate let signal: OTLPRequest.Signal
}

/// What to do with a request.
package enum OTLPOutcome: Sendable {
  case refused(IntakeReply)
  /// Store the events, then answer with `result.reply()`.
  case judged(OTLPResult)
}

extension Intake {
  /// Reads model usage out of traces or logs. Everything that is not on the list of kept attributes (`ModelAttribute`) is stepped over
  /// where it stands in the body: no value of it is ever copied.
  package func read(_ request: OTLPRequest) -> OTLPOutcome {
    let type = request.contentType?.split(separator: ";").first?.filter { $0 != " " }.lowercased() ?? ""
    guard ["application/json", "application/x-protobuf"].contains(type) else {
      return .refused(.otlp("Send application/x-protobuf or application/json.", status: 415, isJSON: false))
    }
    let isJSON = type == "application/json"
    let body: [UInt8]
    switch request.contentEncoding?.lowercased() ?? "identity" {
    case "identity", "": body = request.body
    case "gzip":
      do throws(InflateError) {
        body = try Inflater.inflated(request.body, format: .gzip, bound: limits.otlpBytes)
      } catch {
        if error == .tooLarge { return .refused(tooLarge(isJSON: isJSON)) }
        return .refused(.otlp("The gzip data cannot be read.", status: 400, isJSON: isJSON))
      }
    default: return .refused(.otlp("The only content encoding is gzip.", status: 415, isJSON: isJSON))
    }
    guard body.count <= limits.otlpBytes else { return .refused(tooLarge(isJSON: isJSON)) }
    var records = OTLPRecords(request, limits, isJSON: isJSON)
    var failure: OTLPError?
    body.withUnsafeBytes { bytes in
      do throws(OTLPError) {
        if isJSON { try OTLPJSON(bytes: bytes).read(&records) } else { try OTLPProtobuf(bytes: bytes).read(&records) }
      } catch {
        failure = error
      }
    }
    if let failure {
      return .refused(.otlp(failure.message, status: records.isOver ? 413 : 400, isJSON: isJSON))
    }
    return .judged(records.finished())
  }

  private func tooLarge(isJSON: Bool) -> IntakeReply {
    .otlp("The request has more than \(limits.otlpBytes) bytes.", status: 413, isJSON: isJSON)
  }
}

/// The records of a request as they are read.
struct OTLPRecords {
  /// Elements of a list that are looked at.
  static let listLimit = 16

  let signal: OTLPRequest.Signal
  private let groupKeys: Set<String>
  private let receivedAt: Int64
  private let limits: IntakeLimits
  private var result: OTLPResult
  private var drops = OTLPDrops()
  private(set) var isOver = false

  init(_ request: OTLPRequest, _ limits: IntakeLimits, isJSON: Bool) {
    signal = request.signal
    groupKeys = Set(request.groupKeys)
    receivedAt = request.receivedAt.milliseconds
    self.limits = limits
    result = OTLPResult(events: ReceivedEvents(isVerified: request.isVerified), isJSON: isJSON, signal: request.signal)
  }

  mutating func begin() throws(OTLPError) {
    result.recordCount += 1
    guard result.recordCount <= limits.otlpRecords else {
      isOver = true
      throw OTLPError("The request has more than \(limits.otlpRecords) records.")
    }
  }

  mutating func add(_ name: OTLPText, _ value: OTLPValue, to call: inout ModelCall, _ bytes: UnsafeRawBufferPointer) {
    call.add(name, value, in: bytes, keys: groupKeys, drops: &drops)
  }

  /// - Parameter record: the name of a log record's event.
  mutating func end(_ call: ModelCall, _ record: String?) {
    guard call.isOfModel || record != nil else { return }
    // Of log records only those that describe a whole operation or its judgement; the others are messages.
    guard signal == .traces || record != nil else { return }
    let sent = Int64(clamping: Int(exactly: call.start.rounded()) ?? 0)
    let oldest = result.events.isVerified ? limits.earliestMilliseconds : receivedAt - limits.trackAgeMilliseconds
    guard sent >= max(oldest, limits.earliestMilliseconds) else {
      result.rejectedCount += 1
      return
    }
    result.events.append(
      ReceivedEvent(
        name: call.eventName(of: record), time: Timestamp(milliseconds: min(sent, receivedAt)), sentTime: Timestamp(milliseconds: sent),
        identity: ReceivedIdentity(distinctID: call.subject.flatMap { SentID.isNobody($0) ? nil : $0 }), insertID: call.insertID,
        properties: call.properties, address: nil, isVerified: result.events.isVerified))
  }

  func finished() -> OTLPResult {
    var result = result
    result.drops = drops.counts
    return result
  }

  static func status(_ code: UInt64) -> String? { code == 1 ? "OK" : code == 2 ? "ERROR" : nil }

  /// Of the names of log events those that are about an operation as a whole; nil for all others.
  static func recordName(_ text: OTLPText, _ bytes: UnsafeRawBufferPointer) -> String? {
    for name in ["gen_ai.client.inference.operation.details", "gen_ai.evaluation.result"] as [StaticString]
    where text.isEqual(to: name, in: bytes) {
      return "\(name)"
    }
    return nil
  }
}

extension OTLPResult {
  /// The answer once every event is durable: `ExportTraceServiceResponse` or `ExportLogsServiceResponse`, with `partial_success` where
  /// records were rejected.
  package func reply() -> IntakeReply {
    let reason = "Events this old are taken from service accounts alone."
    if isJSON {
      let name = signal == .traces ? "rejectedSpans" : "rejectedLogRecords"
      return .json(
        rejectedCount == 0 ? "{}" : #"{"partialSuccess":{"\#(name)":"\#(rejectedCount)","errorMessage":\#(JSONText.quoted(reason))}}"#)
    }
    var body: [UInt8] = []
    if rejectedCount > 0 {
      let partial = Protobuf.field(1, varint: UInt64(rejectedCount)) + Protobuf.field(2, text: reason)
      body = Protobuf.field(1, partial)
    }
    return IntakeReply(status: 200, contentType: "application/x-protobuf", body: body)
  }
}

extension IntakeReply {
  /// A failure as OTLP/HTTP has it: `google.rpc.Status` in the encoding of the request.
  package static func otlp(_ message: String, status: Int, isJSON: Bool, retryAfterSeconds: Int? = nil) -> IntakeReply {
    // Codes of google.rpc: invalid argument, unauthenticated, resource exhausted, unavailable.
    let code: UInt64 = status == 401 ? 16 : status == 429 || status == 413 ? 8 : status >= 500 ? 14 : 3
    var reply =
      isJSON
      ? json(#"{"code":\#(code),"message":\#(JSONText.quoted(message))}"#, status: status)
      : IntakeReply(
        status: status, contentType: "application/x-protobuf", body: Protobuf.field(1, varint: code) + Protobuf.field(2, text: message))
    if let retryAfterSeconds { reply.headers.append(Header("Retry-After", String(retryAfterSeconds))) }
    return reply
  }

  /// A refusal of the store as OTLP has it. Exporters come again after 429 and 503.
  package static func otlp(_ refusal: IntakeReply, isJSON: Bool) -> IntakeReply {
    var reply = otlp(
      refusal.status == 429 ? "More events than are taken now." : "The events cannot be stored now.", status: refusal.status, isJSON: isJSON
    )
    reply.headers += refusal.headers
    return reply
  }
}

/// The few messages that are written.
private enum Protobuf {
  static func varint(_ number: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  static func field(_ number: UInt64, varint value: UInt64) -> [UInt8] { varint(number << 3) + varint(value) }
  static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] { varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes }
  static func field(_ number: UInt64, text: String) -> [UInt8] { field(number, Array(text.utf8)) }
}
