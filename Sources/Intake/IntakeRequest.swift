import Events

/// What a request to one of Mixpanel's ingestion addresses says, without any HTTP type: the body still as it came.
package struct IntakeRequest: Sendable {
  package enum Endpoint: String, Sendable, CaseIterable {
    case track, `import`, engage, groups

    /// Reads `/track`, `/track/` and so on; nil for any other path.
    package init?(path: String) {
      var name = path[...]
      guard name.hasPrefix("/") else { return nil }
      name = name.dropFirst()
      if name.hasSuffix("/") { name = name.dropLast() }
      self.init(rawValue: String(name))
    }
  }

  /// What the request was authorized by, as the server found it.
  package enum Credential: Sendable, Hashable {
    case none
    /// The public project token as the Basic user name: names the project, proves nothing.
    case projectToken(String)
    /// A service account or another secret: what it writes is verified.
    case secret
  }

  package var endpoint: Endpoint
  /// `Content-Type` and `Content-Encoding` as sent.
  package var contentType: String?
  package var contentEncoding: String?
  /// The query string as sent, without `?`.
  package var query: String
  package var body: [UInt8]
  /// The sender's address, or the one that a trusted proxy names.
  package var remoteAddress: String?
  package var receivedAt: Timestamp
  package var credential: Credential

  package init(
    endpoint: Endpoint, contentType: String? = nil, contentEncoding: String? = nil, query: String = "", body: [UInt8] = [],
    remoteAddress: String? = nil, receivedAt: Timestamp, credential: Credential = .none
  ) {
    self.endpoint = endpoint
    self.contentType = contentType
    self.contentEncoding = contentEncoding
    self.query = query
    self.body = body
    self.remoteAddress = remoteAddress
    self.receivedAt = receivedAt
    self.credential = credential
  }
}
