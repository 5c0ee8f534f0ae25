/// Names under which ids of people, accounts, organizations and devices come. Their values become pseudonyms in the subjects' domain,
/// so that the same id has the same pseudonym wherever it stands.
struct IdentifierNames: NameStep {
  /// The device's id without `$device:`, as the browser SDK sends it in `$identify`.
  static let devices: Set<String> = ["$device_id", "$anon_id"]

  /// Whole names, by their words.
  static let whole: Set<String> = [
    "alias", "aliases", "user", "users", "subject", "uid", "userid", "accountid", "customerid", "distinctid", "deviceid", "idfa", "idfv",
    "gaid", "aaid", "advertising id", "android id", "vendor id", "merge ids",
    // analytics-semantics B.2: OpenTelemetry's identifiers.
    "gen ai conversation id", "gen ai response id", "gen ai tool call id", "gen ai agent id", "gen ai data source id",
    "gen ai memory store id", "gen ai memory record id", "aws bedrock knowledge base id", "mcp session id", "enduser id", "session id",
    "gen ai user", "llm user",
    // Models of no known family, which may be a customer's own (docs/OTLP.md).
    "gen ai request model id", "gen ai response model id",
  ]

  /// Ends of names: `target_user_id`, `parentAccountId`, `stripe customer ids`.
  static let owners: Set<String> = [
    "user", "device", "distinct", "identified", "anon", "anonymous", "account", "customer", "client", "member", "person", "people",
    "profile", "visitor", "external", "tenant", "org", "organization", "organisation", "workspace", "team", "company", "group", "subject",
    "owner", "admin", "employee", "contact", "subscriber", "recipient", "sender", "author", "assignee", "enduser", "login",
  ]

  func rule(for name: String, words: NameWords) -> NameRule? {
    if Self.devices.contains(words.name) { return NameRule(action: .deviceIdentifier, reason: .identifierName) }
    let count = words.all.count
    let ofOwner =
      count >= 2 && ["id", "ids", "uid", "uuid", "guid"].contains(words.all[count - 1]) && Self.owners.contains(words.all[count - 2])
    guard ofOwner || words.isOne(of: Self.whole) else { return nil }
    return NameRule(action: .identifier, reason: .identifierName)
  }
}
