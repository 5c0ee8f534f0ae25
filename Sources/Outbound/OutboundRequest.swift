/// One HTTP request that this program makes.
package struct OutboundRequest: Sendable {
  package var method: String
  /// `http://` or `https://`. With `unixSocket` the host only fills the Host header.
  package var url: String
  /// Connect to this Unix socket instead of the URL's host.
  package var unixSocket: String?
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  /// A longer answer ends the request with `OutboundError.Code.tooLarge`. Bytes; default 16 MiB.
  package var responseLimit: Int
  /// A PEM file to trust instead of the system's certificates.
  package var certificateAuthority: String?
  /// Whether an address of this machine, of a private network or for a special purpose is refused before it is connected to.
  package var refusesInternalAddresses = false

  /// Asked while the request runs, about every second and with everything that is sent or comes; true ends it with `stopped`.
  package var isGivenUp: (@Sendable () -> Bool)?

  package init(
    method: String = "GET", url: String, unixSocket: String? = nil, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
    responseLimit: Int = 16 << 20, certificateAuthority: String? = nil
  ) {
    self.method = method
    self.url = url
    self.unixSocket = unixSocket
    self.headers = headers
    self.body = body
    self.responseLimit = responseLimit
    self.certificateAuthority = certificateAuthority
  }
}

/// An answer, redirects included: none is followed.
package struct OutboundResponse: Sendable {
  package var status: Int
  /// In the order of arrival, names as sent.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first header of that name, case-insensitively.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

/// Why there is no answer. `reason` is libcurl's own sentence; it may name the host, never the path or a header.
package struct OutboundError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable { case timeout, connect, tls, tooLarge, stopped, invalid, refusedAddress, rejected, other }
  package let code: Code
  package let reason: String

  package init(code: Code, reason: String) {
    self.code = code
    self.reason = reason
  }

  /// Whether the same request may succeed later without anybody changing anything.
  package var isTransient: Bool { code == .timeout || code == .connect }

  package var description: String {
    switch code {
    case .timeout: "No answer in time: \(reason)"
    case .connect: "No connection: \(reason)"
    case .tls: "The other side's certificate was not accepted: \(reason)"
    case .tooLarge: "The answer is longer than the limit of this request."
    case .stopped: "The request was given up by its caller."
    case .refusedAddress: "The host has an internal address, which is refused here."
    case .rejected: "The other side refused it: \(reason)"
    case .invalid, .other: "The request failed: \(reason)"
    }
  }
}
