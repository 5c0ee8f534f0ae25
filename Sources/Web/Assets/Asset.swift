import Hummingbird

/// A file that pages load from this origin. Its path holds a fingerprint of its bytes, so that it can be cached for ever.
package struct Asset: Sendable {
  package let path: String
  package let contentType: String
  package let text: String
  package let tag: String

  package init(name: String, extension ending: String, contentType: String, text: String) {
    self.text = text
    self.contentType = contentType
    tag = Self.fingerprint(text)
    path = "/assets/\(name).\(tag).\(ending)"
  }

  package static let stylesheet = Asset(name: "sealane", extension: "css", contentType: "text/css; charset=utf-8", text: Stylesheet.text)
  package static let script = Asset(name: "sealane", extension: "js", contentType: "text/javascript; charset=utf-8", text: Script.text)
  package static let passkeys = Asset(
    name: "passkeys", extension: "js", contentType: "text/javascript; charset=utf-8", text: PasskeyScript.text)
  package static let session = Asset(
    name: "session", extension: "js", contentType: "text/javascript; charset=utf-8", text: SessionScript.text)
  package static let icon = Asset(
    name: "mark", extension: "svg", contentType: "image/svg+xml",
    text: """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0B6E7F"/>\
      <path d="M6 20c3.3 0 3.3-3 6.7-3s3.3 3 6.6 3 3.400-3 6.700-3" fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round"/>\
      <circle cx="16" cy="10" r="3" fill="#fff"/></svg>
      """)
  package static let all = [stylesheet, script, icon, passkeys, session]

  /// 200 with the file, or 304 if the browser has it.
  package func response(to request: Request) -> Response {
    var headers = SecurityHeaders.forAssets
    headers[.eTag] = "\"\(tag)\""
    headers[.cacheControl] = "public, max-age=31536000, immutable"
    if request.headers[.ifNoneMatch] == "\"\(tag)\"" { return Response(status: .notModified, headers: headers) }
    headers[.contentType] = contentType
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  /// FNV-1a, 64 bits: tells versions apart, promises nothing more.
  private static func fingerprint(_ text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 36)
  }
}
