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
      guard let data = Data(base64Encoded: standard(text)), !data.isEmpty else {
        throw .badRequest("“message” is the whole message in base64.", field: "message")
      }
      return [UInt8](data)
    }
    if case .string(let text)? = members["RawEmail"] { return Array(text.utf8) }
    throw .badRequest("The body is {\"message\": base64}, with the whole message as it came.", field: "message")
  }

  /// Without folds, in the alphabet of RFC 4648, section 4, where it has that of section 5; padded. What else is in it stays, and is refused.
  private static func standard(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 2)
    for byte in text.utf8 {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: continue
      case UInt8(ascii: "-"): bytes.append(UInt8(ascii: "+"))
      case UInt8(ascii: "_"): bytes.append(UInt8(ascii: "/"))
      default: bytes.append(byte)
      }
    }
    if bytes.count % 4 > 1, bytes.last != UInt8(ascii: "=") { bytes += repeatElement(UInt8(ascii: "="), count: 4 - bytes.count % 4) }
    return String(decoding: bytes, as: UTF8.self)
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

  /// Of base 16.
  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// Bytes, which need not be UTF-8.
  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "%"), index + 2 < text.endIndex,
        let high = digit(text[index + 1]), let low = digit(text[index + 2])
      {
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
        index += 1
      }
    }
    return bytes
  }
}
