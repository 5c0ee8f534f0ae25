/// What SDKs ask for when they start, answered with "nothing configured" (feature flags, remote settings, notifications).
package enum StartupAnswer {
  /// The answer for a path with or without a slash at its end; nil if the path is none of these.
  package static func reply(path: String) -> IntakeReply? {
    let trimmed = path.hasSuffix("/") && path.utf8.count > 1 ? String(path.dropLast()) : path
    switch trimmed {
    case "/flags": return .json(#"{"flags":{}}"#)
    case "/flags/definitions": return .json(#"{"flags":[]}"#)
    case "/settings": return .json(#"{"sdk_config":{"config":{}}}"#)
    case "/decide": return .json(#"{"notifications":[],"config":{"enable_collect_everything":false}}"#)
    case "/record":
      // Session replay is out of scope; a client that does it anyway must not retry for ever.
      return .json(#"{"error":"session replay is not collected here","status":"error"}"#, status: 404)
    default:
      let parts = trimmed.split(separator: "/", omittingEmptySubsequences: false)
      return parts.count == 4 && parts[1] == "flags" && parts[3] == "first-time-events" ? .json("{}") : nil
    }
  }
}
