import Journeys
import Server

/// What the running server answers to a command, as it came and as members to be put into words.
struct ControlAnswer {
  let text: String
  let members: [String: JSONValue]

  /// Bytes of an answer that is read whole: the longest lists are pages of a thousand.
  private static let limit = 64 << 20

  static func ask(_ method: String, _ path: String, _ options: DataOptions, body: [UInt8] = []) async throws -> ControlAnswer {
    let text = try await ControlSession.run(try options.configuration()) { try await $0.text(method, path, body: body) }
    guard case .object(let members)? = try? JSONValue(parsing: Array(text.utf8), limit: limit) else {
      throw CommandError("The server's answer cannot be read.")
    }
    return ControlAnswer(text: text, members: members)
  }
}

extension JSONValue? {
  /// A text, a number or yes and no in words; nil for anything else.
  var word: String? {
    switch self {
    case .string(let text)?: text
    case .number(let number)?: number == number.rounded() ? String(Int64(number)) : String(number)
    case .boolean(let it)?: it ? "yes" : "no"
    default: nil
    }
  }
}
