import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import NIOCore

extension HTTPField.Name {
  /// The number of the ledger entry that an answer stands in.
  static let ledgerIndex = Self("Sealane-Ledger-Index")!
  static let serverTiming = Self("Server-Timing")!
}

/// Answers of the API. What shows data can only be built from what the ledger has entered.
enum DisclosedResponse {
  static func json(_ answer: Disclosed<JSONValue>, timing: String? = nil) -> Response {
    var response = plain(answer.value)
    response.headers[.ledgerIndex] = String(answer.receipt.index)
    response.headers[.serverTiming] = timing
    return response
  }

  /// For answers without data: acknowledgements and the caller's own secrets.
  static func plain(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: value.text + "\n")))
  }
}

/// Milliseconds as `Server-Timing` has them (W3C Server Timing).
struct Timing {
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant
  private(set) var text = ""

  init() { last = clock.now }

  mutating func mark(_ name: String) {
    let now = clock.now
    let hundredths = Int(((now - last) / .microseconds(10)).rounded())
    let fraction = hundredths % 100
    text += "\(text.isEmpty ? "" : ", ")\(name);dur=\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    last = now
  }
}
