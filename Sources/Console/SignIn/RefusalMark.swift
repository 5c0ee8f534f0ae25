import HTTPTypes
import Hummingbird

/// What whoever counts refusals has to know of an answer of the console. It goes no further than this server: it is taken off before the answer
/// leaves.
package enum RefusalMark: Sendable, Hashable {
  /// A step of everyday: the page's script answers it with a proof or the next cookie.
  case step
  /// Somebody tried to sign in, or to confirm an act, and could not: a word of a closed set, as of `PasskeyError.code`.
  case reason(String)

  private static let name = HTTPField.Name("Sealane-Refusal")

  package static func take(from response: inout Response) -> RefusalMark? {
    guard let name, let text = response.headers[name] else { return nil }
    response.headers[name] = nil
    return text == "step" ? .step : .reason(text)
  }

  func put(on response: Response) -> Response {
    guard let name = Self.name else { return response }
    var response = response
    switch self {
    case .step: response.headers[name] = "step"
    case .reason(let word): response.headers[name] = word
    }
    return response
  }
}
