/// The JSON text of a request and its parameters: every content and transfer encoding undone.
struct Payload {
  /// Nil where the request carries no data at all.
  var json: [UInt8]?
  var parameters: Parameters
  /// Whether the sender says that each line is a record.
  var isLines: Bool
}

extension Payload {
  /// Undoes `Content-Encoding`, forms, percent-encoding and base64. Throws the answer to give where that fails.
  static func decoded(_ request: IntakeRequest, limits: IntakeLimits) throws(Refusal) -> Payload {
    var parameters = Parameters()
    if !request.query.isEmpty { parameters.add(request.query.utf8) }
    let type = mediaType(request.contentType)
    var body = try inflated(request, isForm: type == formType, limits: limits)
    guard body.count <= limits.encodedBytes else { throw Refusal(.tooLarge("\(limits.decodedBytes) bytes")) }
    if body.starts(with: [0xEF, 0xBB, 0xBF]) { body.removeFirst(3) }

    let first = body.first { !isSpace($0) }
    // sendBeacon labels a form text/plain, and some senders label JSON as a form: what the body looks like decides.
    let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    if !looksLikeJSON, type == formType || body.starts(with: Array("data=".utf8)) {
      parameters.add(body)
      body = []
    }
    if let data = parameters.bytes("data"), body.isEmpty { body = data }
    guard body.contains(where: { !isSpace($0) }) else { return Payload(json: nil, parameters: parameters, isLines: false) }
    let json = unwrapped(body)
    guard json.count <= limits.decodedBytes else { throw Refusal(.tooLarge("\(limits.decodedBytes) bytes")) }
    return Payload(json: json, parameters: parameters, isLines: lineTypes.contains(type))
  }

  private static let formType = "application/x-www-form-urlencoded"
  private static let lineTypes: Set = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"]

  private static func mediaType(_ contentType: String?) -> String {
    guard let contentType else { return "" }
    let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
    return String(decoding: type.filter { !isSpace($0) }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  private static func inflated(_ request: IntakeRequest, isForm: Bool, limits: IntakeLimits) throws(Refusal) -> [UInt8] {
    let encoding = mediaType(request.contentEncoding)
    let format: Inflater.Format
    switch encoding {
    case "", "identity": return request.body
    case "gzip", "x-gzip": format = .gzip
    case "deflate": format = Inflater.deflateFormat(of: request.body)
    default:
      throw Refusal(.badRequest("Content-Encoding must be gzip, deflate or identity", request.endpoint, status: 415))
    }
    if request.body.isEmpty { return [] }
    do throws(InflateError) {
      return try Inflater.inflated(request.body, format: format, bound: isForm ? limits.encodedBytes : limits.decodedBytes)
    } catch {
      switch error {
      case .tooLarge: throw Refusal(.tooLarge("\(limits.decodedBytes) bytes"))
      case .truncated: throw Refusal(.badRequest("the \(encoding) body ends before its end; send it again", request.endpoint))
      case .corrupt: throw Refusal(.badRequest("the body is not \(encoding) as Content-Encoding says", request.endpoint))
      }
    }
  }

  /// Plain JSON as it is; else base64, if it is that; else as it is, for the JSON reader to complain about.
  private static func unwrapped(_ data: [UInt8]) -> [UInt8] {
    guard let first = data.first(where: { !isSpace($0) }), first != UInt8(ascii: "{"), first != UInt8(ascii: "["),
      let decoded = Base64.decoded(data), decoded.contains(where: { !isSpace($0) })
    else { return data }
    return decoded
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// A request that is answered at once, with nothing stored.
struct Refusal: Error {
  let reply: IntakeReply
  init(_ reply: IntakeReply) { self.reply = reply }
}
