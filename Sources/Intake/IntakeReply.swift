/// An answer as bytes and headers: what Mixpanel's clients compare character by character.
package struct IntakeReply: Sendable, Hashable {
  package var status: Int
  package var contentType: String
  package var body: [UInt8]
  /// Further headers.
  package var headers: [Header] = []

  package struct Header: Sendable, Hashable {
    package var name: String
    package var value: String
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(status: Int, contentType: String, body: [UInt8], headers: [Header] = []) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }

  /// A JSON answer.
  package static func json(_ text: String, status: Int = 200) -> IntakeReply {
    IntakeReply(status: status, contentType: "application/json", body: Array(text.utf8))
  }

  /// 401, for `/import` in its shape and for the others in theirs.
  package static func unauthorized(_ endpoint: IntakeRequest.Endpoint) -> IntakeReply {
    var reply =
      endpoint == .import
      ? json(#"{"code":401,"error":"Invalid credentials","status":"Unauthorized"}"#, status: 401)
      : json(#"{"error":"Invalid credentials","status":"error"}"#, status: 401)
    reply.headers = [Header("WWW-Authenticate", "Basic realm=\"sealane\"")]
    return reply
  }

  /// 413. `limit` names what there was too much of: `10485760 bytes`, `2000 records`.
  package static func tooLarge(_ limit: String) -> IntakeReply {
    json(#"{"code":413,"error":"request exceeds max limit of \#(limit)","status":"Request Entity Too Large"}"#, status: 413)
  }

  /// 429: more than the project may send now. Clients come back after `retryAfterSeconds`, with a back-off of their own.
  package static func rateLimited(retryAfterSeconds: Int = 2) -> IntakeReply {
    var reply = json(
      #"{"code":429,"error":"Project exceeded rate limits. Retry the request with exponential backoff.","status":"Too Many Requests"}"#,
      status: 429)
    reply.headers = [Header("Retry-After", String(retryAfterSeconds))]
    return reply
  }

  /// 503: cannot store now (disk full, store stopped); the sender keeps its data and comes back.
  package static func unavailable(_ reason: String, retryAfterSeconds: Int = 10) -> IntakeReply {
    var reply = json(#"{"code":503,"error":\#(JSONText.quoted(reason)),"status":"Service Unavailable"}"#, status: 503)
    reply.headers = [Header("Retry-After", String(retryAfterSeconds))]
    return reply
  }

  /// 400 for what cannot be read at all: broken compression, an illegal callback, an import that is not JSON.
  package static func badRequest(_ reason: String, _ endpoint: IntakeRequest.Endpoint, status: Int = 400) -> IntakeReply {
    endpoint == .import
      ? json(#"{"code":\#(status),"error":\#(JSONText.quoted(reason)),"status":"Bad Request"}"#, status: status)
      : json(#"{"error":\#(JSONText.quoted(reason)),"status":0}"#, status: status)
  }
}

extension IntakeResult {
  /// The answer once every good record is durable.
  package func reply() -> IntakeReply {
    options.strict ? strictReply() : options.reply(accepted: acceptedCount > 0 || (recordCount == 0 && options.isImport), error: summary())
  }

  private func strictReply() -> IntakeReply {
    if failures.isEmpty { return .json(#"{"code":200,"num_records_imported":\#(acceptedCount),"status":"OK"}"#) }
    var text = #"{"code":400,"error":"some data points in the request failed validation","status":"Bad Request","num_records_imported":"#
    text += "\(acceptedCount)" + #","failed_records":["#
    for (position, failure) in failures.enumerated() {
      if position > 0 { text += "," }
      let insertID = JSONText.quoted(failure.insertID)
      text += #"{"index":\#(failure.index),"$insert_id":\#(insertID),"insert_id":\#(insertID),"field":\#(JSONText.quoted(failure.field))"#
      text += #","message":\#(JSONText.quoted(failure.message))}"#
    }
    return .json(text + "]}", status: 400)
  }

  /// What went wrong, for a sender that only gets one sentence: the first refused record, and how many there are.
  private func summary() -> String? {
    guard let first = failures.first else { return recordCount == 0 ? "data, missing or empty" : nil }
    return recordCount == 1 ? first.message : "\(failures.count) of \(recordCount) records refused; record \(first.index): \(first.message)"
  }
}

extension ReplyOptions {
  /// The answer to a request that did not ask for strict judgement. `accepted`: at least one record is good.
  package func reply(accepted: Bool, error: String?) -> IntakeReply {
    if image { return .pixel }
    let status = accepted ? "1" : "0"
    let text = verbose ? #"{"error":\#(error.map(JSONText.quoted) ?? "null"),"status":\#(status)}"# : status
    if let callback {
      return IntakeReply(
        status: 200, contentType: "text/javascript", body: Array("\(callback)(\(text));".utf8),
        headers: [.init("X-Content-Type-Options", "nosniff")])
    }
    return IntakeReply(status: 200, contentType: verbose ? "application/json" : "text/plain", body: Array(text.utf8))
  }
}

extension IntakeReply {
  /// A transparent GIF of one pixel.
  package static let pixel = IntakeReply(
    status: 200, contentType: "image/gif",
    body: [
      0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x21, 0xF9, 0x04,
      0x01, 0x00, 0x00, 0x00, 0x00, 0x2C, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02, 0x02, 0x44, 0x01, 0x00, 0x3B,
    ],
    headers: [Header("Cache-Control", "no-store")])
}
