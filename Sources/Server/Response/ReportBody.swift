import Foundation
import HTTPTypes
import Journeys
import Notices

/// A reported message as mail programs, scripts and services for inbound mail hand it in.
package enum ReportBody {
  /// Of a body that holds a message of the most bytes: base64 takes a third more, and a form a little.
  package static let largest = MailLimits.usual.bytes / 3 * 4 + (1 << 20)

  private static let fields: Set<String> = ["email", "body-mime", "message"]

  /// The message in a body.
  ///
  /// - Parameter contentType: nil and unknown ones: the body is the message.
  /// - Throws: `APIError` with a sentence that says what would do.
  package static func message(in body: [UInt8], contentType: String?) throws(APIError) -> [UInt8] {
    let kind = (contentType ?? "").prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    let message: [UInt8]
    switch kind {
    case "application/json": message = try json(body)
    case "multipart/form-data": message = try form(body, contentType ?? "")
    case "application/x-www-form-urlencoded": message = try query(body)
    case "", "message/rfc822", "message/global", "text/plain", "application/octet-stream": message = body
    default:
      throw APIError(
        .unsupportedMediaType, "unsupported", "Send the message as message/rfc822, as JSON {\"message\": base64}, or as a form.")
    }
    guard !message.isEmpty else { throw .badRequest("The message is empty.") }
    guard message.count <= MailLimits.usual.bytes else { throw .tooLarge(MailLimits.usual.bytes) }
    return message
  }

  /// `{"message": base64}`, or as one service has it `{"RawEmail": text}` among other members.
  private static func json(_ body: [UInt8]) throws(APIError) -> [UInt8] {
    guard case .object(let members)? = try? JSONValue(parsing: body, limit: largest) else {
      throw .badRequest("The body is no JSON object.")
    }
    if case .string(let text)? = members["message"] {
      guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters), !data.isEmpty else {
        throw .badRequest("“message” is the whole message in base64.", field: "message")
      }
      return [UInt8](data)
    }
    if case .string(let text)? = members["RawEmail"] { return Array(text.utf8) }
    throw .badRequest("The body is {\"message\": base64}, with the whole message as it came.", field: "message")
  }

  /// Read as a message with these parts is (RFC 7578, section 4).
  private static func form(_ body: [UInt8], _ contentType: String) throws(APIError) -> [UInt8] {
    let head = contentType.utf8.filter { $0 >= 0x20 && $0 < 0x7F }.prefix(1_000)
    var limits = MailLimits.usual
    limits.bytes = largest
    let parts = MailMessage(Array("Content-Type: ".utf8) + head + Array("\r\n\r\n".utf8) + body, limits: limits).formFields
    guard let message = parts.first(where: { fields.contains($0.name) })?.bytes else {
      throw .badRequest("The form has the whole message in “email”, “body-mime” or “message”.", field: "email")
    }
    return message
  }

  private static func query(_ body: [UInt8]) throws(APIError) -> [UInt8] {
    for part in body.split(separator: UInt8(ascii: "&")) {
      let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, fields.contains(String(decoding: sides[0], as: UTF8.self)) else { continue }
      return unescaped(sides[1])
    }
    throw .badRequest("The form has the whole message in “email”, “body-mime” or “message”.", field: "body-mime")
  }

  /// Bytes, which need not be UTF-8.
  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "%"), index + 2 < text.endIndex,
        let value = UInt8(String(decoding: text[index + 1...index + 2], as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        index += 3
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
        index += 1
      }
    }
    return bytes
  }
}
