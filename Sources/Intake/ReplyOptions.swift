/// How the sender wants the answer: the parameters of the request that concern the reply alone.
package struct ReplyOptions: Sendable, Hashable {
  package var strict = false
  package var verbose = false
  package var image = false
  /// The JavaScript function to call with the answer (JSONP).
  package var callback: String?
  /// Whether the request was one to `/import`, whose errors have another shape.
  package var isImport = false

  package init() {}

  /// `redirect` is read by nobody: it would make an open redirect of every intake.
  init(parameters: Parameters, endpoint: IntakeRequest.Endpoint) {
    isImport = endpoint == .import
    strict = endpoint != .track && parameters.flag("strict") == true
    verbose = parameters.flag("verbose") == true
    image = parameters.flag("img") == true
    callback = parameters["callback"]
  }

  /// A name, or names joined by dots, of ASCII letters, digits, `_` and `$`; at most 100 characters. Anything else could carry a script.
  static func isFunctionName(_ text: String) -> Bool {
    guard !text.isEmpty, text.utf8.count <= 100 else { return false }
    return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.first, !(0x30...0x39).contains(first) else { return false }
      return part.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F || byte == 0x24
      }
    }
  }
}
