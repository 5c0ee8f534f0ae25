import HTTPTypes
import Hummingbird

/// The headers of every answer. Nothing is loaded from, sent to, or framed by any other origin.
package enum SecurityHeaders {
  package static let contentSecurityPolicy = policy(connecting: "'self'")

  /// Of a page whose scripts may not even ask their own origin for anything: what they read stays with them.
  package static let disconnectedPolicy = policy(connecting: "'none'")

  private static func policy(connecting sources: String) -> String {
    """
    default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src \(sources); form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'
    """
  }

  /// For pages and whatever else shows data: nothing of it may stay in a cache.
  package static var forData: HTTPFields {
    var headers = base
    headers[.cacheControl] = "no-store"
    return headers
  }

  package static var forAssets: HTTPFields { base }

  private static var base: HTTPFields {
    var headers = HTTPFields()
    headers[.contentSecurityPolicy] = contentSecurityPolicy
    headers[.xContentTypeOptions] = "nosniff"
    for (name, value) in [
      ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"), ("X-Frame-Options", "DENY"),
    ] {
      if let field = HTTPField.Name(name) { headers[field] = value }
    }
    return headers
  }
}

extension Response {
  package static func html(_ page: HTML, status: HTTPResponse.Status = .ok) -> Response {
    var headers = SecurityHeaders.forData
    headers[.contentType] = "text/html; charset=utf-8"
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: page.source)))
  }

  /// See other: the browser asks for `address` with GET.
  package static func seeOther(_ address: Address) -> Response {
    var headers = SecurityHeaders.forData
    headers[.location] = address.text
    return Response(status: .seeOther, headers: headers)
  }

  /// A file to keep.
  package static func file(_ text: String, contentType: String, name: String) -> Response {
    var headers = SecurityHeaders.forData
    headers[.contentType] = contentType
    headers[.contentDisposition] = "attachment; filename=\"\(name)\""
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// The same, with scripts that connect to nothing.
  package func disconnected() -> Response {
    var response = self
    response.headers[.contentSecurityPolicy] = SecurityHeaders.disconnectedPolicy
    return response
  }

  package func settingCookie(_ cookie: String) -> Response {
    var response = self
    response.headers.append(HTTPField(name: .setCookie, value: cookie))
    return response
  }
}
