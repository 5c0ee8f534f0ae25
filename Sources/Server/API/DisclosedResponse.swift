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
    text(answer.map { $0.text + "\n" }, timing: timing)
  }

  /// Rows about subjects: entered with their size in bytes, which a quota counts, then sent.
  ///
  /// - Parameter entered: gives what `Server-Timing` says.
  static func rows(
    _ answer: JSONValue, _ disclosure: Disclosure, of ledger: Ledger, to principal: Principal,
    entered: ((LedgerReceipt) async -> String)? = nil
  ) async throws -> Response {
    let text = answer.text + "\n"
    let disclosed = try await ledger.disclose(text, disclosure.of(bytes: text.utf8.count), to: principal)
    return Self.text(disclosed, timing: await entered?(disclosed.receipt))
  }

  private static func text(_ answer: Disclosed<String>, timing: String?) -> Response {
    var response = body(answer.value, status: .ok)
    response.headers[.ledgerIndex] = String(answer.receipt.index)
    response.headers[.serverTiming] = timing
    return response
  }

  /// For answers without data: acknowledgements and the caller's own secrets.
  static func plain(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response { body(value.text + "\n", status: status) }

  private static func body(_ text: String, status: HTTPResponse.Status) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: text)))
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
