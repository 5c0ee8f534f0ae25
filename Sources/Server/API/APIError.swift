import Access
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import NIOCore

/// A refusal as programs read it: `{"error": code, "message": sentence}`, with the field at fault where there is one.
package struct APIError: Error, Sendable, HTTPResponseError {
  package let status: HTTPResponse.Status
  /// A word from a closed set.
  package let code: String
  /// Says what was wrong and what to do. Holds nothing personal.
  package let message: String
  package var field: String?
  package var headers: HTTPFields = [:]

  package init(_ status: HTTPResponse.Status, _ code: String, _ message: String, field: String? = nil, headers: HTTPFields = [:]) {
    self.status = status
    self.code = code
    self.message = message
    self.field = field
    self.headers = headers
  }

  package static func badRequest(_ message: String, field: String? = nil) -> APIError {
    APIError(.badRequest, "bad_request", message, field: field)
  }

  package static func notFound(_ message: String) -> APIError { APIError(.notFound, "not_found", message) }

  package static let unauthorized = APIError(
    .unauthorized, "unauthorized", "Send the user name and secret of a service account as Basic authentication.",
    headers: [.wwwAuthenticate: "Basic realm=\"sealane\", charset=\"UTF-8\""])

  package static func tooLarge(_ limit: Int) -> APIError {
    APIError(.contentTooLarge, "too_large", "The body is longer than \(limit) bytes.", headers: [.connection: "close"])
  }

  /// An error of any room as an answer. What is not meant for callers becomes a bare 500; its description goes nowhere.
  package init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as Access.Denied: self.init(.forbidden, "forbidden", error.description)
    case let error as AccessError:
      switch error.code {
      case .invalid, .linkNotValid: self.init(.badRequest, "bad_request", error.message)
      case .notFound: self.init(.notFound, "not_found", error.message)
      case .suspended: self.init(.forbidden, "suspended", error.message)
      case .inUse: self.init(.conflict, "in_use", error.message)
      case .unavailable:
        self.init(.serviceUnavailable, "unavailable", "The control database does not answer. Try again, then look at the disk.")
      }
    case let error as QueryError:
      switch error.code {
      case .invalid: self.init(.badRequest, "invalid_query", error.message, field: error.field)
      case .tooLarge: self.init(.badRequest, "too_large", error.message, field: error.field)
      case .unreadable: self.init(.internalServerError, "unreadable", error.message)
      case .cancelled: self.init(.serviceUnavailable, "cancelled", error.message)
      case .busy: self.init(.tooManyRequests, "busy", error.message)
      }
    case let error as LedgerError where error.code == .overQuota: self.init(.tooManyRequests, "over_quota", error.message)
    case let error as LedgerError where error.code == .revoked: self.init(.unauthorized, "unauthorized", error.message)
    case let error as LedgerError where error.code == .frozen: self.init(.forbidden, "frozen", error.message)
    case let error as LedgerError where error.code == .unwitnessed:
      self.init(.serviceUnavailable, "ledger_unwitnessed", error.message, headers: [.retryAfter: "5"])
    case let error as LedgerError:
      self.init(
        error.code == .refused ? .badRequest : .serviceUnavailable, "ledger_\(error.code.rawValue)",
        "Nothing was disclosed, since the ledger could not record it: \(error.message)")
    case let error as any HTTPResponseError:
      if error.status == .notFound {
        self = .notFound("There is nothing at this address. /openapi.yaml lists what there is.")
      } else {
        self.init(error.status, "http_\(error.status.code)", error.status.reasonPhrase)
      }
    default:
      self.init(.internalServerError, "internal", "Something went wrong here. The server's log has an entry of this moment.")
    }
  }

  package func response(from request: Request, context: some RequestContext) throws -> Response {
    var text = "{\"error\":\(JSONString.quoted(code)),\"message\":\(JSONString.quoted(message))"
    if let field { text += ",\"field\":\(JSONString.quoted(field))" }
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text + "}\n")))
  }
}
