internal import Gate

/// What the name of a variable, a property or a header says of its value.
enum SecretName {
  case password, key

  /// - Returns: nil where the value is none that has to be secret.
  static func meaning(of name: Bytes) -> SecretName? {
    // Cheap for nearly all names: only few have a syllable of these.
    guard name.count >= 3, name.indices.contains(where: { mayBegin(name, $0) }) else { return nil }
    let words = words(name)
    guard let last = words.last, !harmlessEnds.contains(last) else { return nil }
    let joined = Array(("_" + words.joined(separator: "_") + "_").utf8)
    return joined.withUnsafeBufferPointer { joined in
      let all = 0..<joined.count
      func has(_ list: [StaticString]) -> Bool { list.contains { joined.holds($0, in: all) } }
      guard !has(harmless) else { return nil }
      if has(passwords) || last == "pass" || last == "pw" { return .password }
      return has(keys) || words == ["auth"] || words == ["key"] || words == ["jwt"] ? .key : nil
    }
  }

  private static func mayBegin(_ name: Bytes, _ index: Int) -> Bool {
    switch name[index].small {
    case .of("p"):
      name.holds("pass", at: index) || name.holds("pwd", at: index) || name.holds("pw", at: index) || name.holds("priv", at: index)
    case .of("s"): name.holds("secret", at: index) || name.holds("sas", at: index)
    case .of("t"): name.holds("token", at: index)
    case .of("k"): name.holds("key", at: index)
    case .of("a"): name.holds("auth", at: index)
    case .of("c"): name.holds("cred", at: index) || name.holds("connection", at: index)
    case .of("j"): name.holds("jwt", at: index)
    default: false
    }
  }

  /// Whose key a name says that it is.
  static func provider(in name: Bytes) -> String {
    let joined = "_" + words(name).joined(separator: "_") + "_"
    return providers.first { joined.contains("_" + $0.word) }?.provider ?? ""
  }

  /// `dbPassword`, `DB_PASSWORD`, `db-password` and `db.password` are `db`, `password`.
  static func words(_ name: Bytes) -> [String] {
    var words: [String] = []
    var word: [UInt8] = []
    func finish() {
      if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
    }
    for index in name.indices {
      let byte = name[index]
      guard byte.isWordByte else {
        finish()
        continue
      }
      if byte.isCapital, index > 0 {
        let previous = name[index - 1]
        if previous.isSmall || previous.isDecimal || previous.isCapital && name.byte(index + 1).isSmall { finish() }
      }
      word.append(byte.small)
    }
    finish()
    // A number at the end says nothing.
    if words.count > 1, let last = words.last, last.utf8.allSatisfy(\.isDecimal) { words.removeLast() }
    return words
  }

  private static let passwords: [StaticString] = ["passwd", "passphrase", "password", "_pwd_", "passcode"]
  /// The gate's words, in their written form, and those that mean a key only where one looks for keys.
  private static let keys: [StaticString] =
    AssignmentDetector.keys.filter { !["signature", "cookie", "api-key"].contains($0.description) } + [
      "client_secret", "secret", "account_key", "service_key", "auth_key", "authkey", "signing_key", "encryption_key", "master_key",
      "secretkey", "app_key", "appkey",
      "consumer_key", "shared_key", "db_key", "database_key", "priv_key", "client_key", "license_key", "session_key", "subscription_key",
      "connection_string",
      "connectionstring", "webhook_key", "deploy_key", "storage_key", "primary_key_value", "auth_header", "_sas_", "apitoken", "authtoken",
      "accesstoken",
    ]
  private static let harmlessEnds: Set<String> = [
    "id", "ids", "name", "names", "url", "uri", "path", "file", "filename", "dir", "hash", "hashes", "digest", "length", "len", "size",
    "policy", "expiry", "expires", "ttl",
    "type", "types", "field", "fields", "label", "hint", "placeholder", "regex", "pattern", "min", "max", "header", "param", "prefix",
    "suffix", "version", "arn", "ref",
    "endpoint", "algorithm", "fingerprint", "format", "count", "limit", "title", "message", "error", "text", "description", "enabled",
    "required", "visible", "valid",
    "strength", "rules", "attempts", "reset", "forgot", "confirm", "changed", "column", "table", "index", "class", "icon", "color", "usage",
    "provider", "issuer", "audience",
    "checksum", "sha", "sha1", "sha256", "salt", "nonce", "iv", "mode", "store", "manager", "service", "scope", "scopes", "lifetime",
    "timeout", "env", "variable", "address",
    "symbol", "usage", "budget", "used", "position", "offset", "hex",
  ]
  private static let harmless: [StaticString] = [
    "public_key", "pub_key", "pubkey", "publickey", "publishable", "site_key", "sitekey", "primary_key_", "foreign_key", "partition_key",
    "sort_key", "cache_key", "cachekey", "key_id",
    "keyid", "token_type", "token_url", "tokenizer", "tokens", "max_token", "keyword", "keyboard", "keyframe", "keycode", "author_",
    "authors", "bypass", "passenger", "compass",
    "passive", "pass_through", "passport_number", "hash_key", "next_token", "page_token", "continuation_token", "sync_token",
    "cancellation", "translation_key", "i18n", "locale",
    "integrity", "host_key", "known_host", "object_key", "row_key", "route_key", "react_key", "data_key_", "config_key", "search_key",
    "app_insights", "instrumentation_key",
    "measurement", "token_symbol", "token_address", "contract", "csrf", "xsrf", "key_fingerprint", "cookie_name", "key_name", "key_vault",
    "secret_santa", "keys_",
  ]
  private static let providers: [(word: String, provider: String)] = [
    ("openai", "OpenAI"), ("anthropic", "Anthropic"), ("aws", "AWS"), ("amazon", "AWS"), ("secret_access_key", "AWS"), ("azure", "Azure"),
    ("account_key", "Azure"),
    ("gcp", "Google"), ("google", "Google"), ("firebase", "Google"), ("stripe", "Stripe"), ("twilio", "Twilio"), ("sendgrid", "SendGrid"),
    ("mailgun", "Mailgun"),
    ("slack", "Slack"), ("discord", "Discord"), ("telegram", "Telegram"), ("github", "GitHub"), ("gh_token", "GitHub"),
    ("gitlab", "GitLab"), ("npm", "npm"), ("pypi", "PyPI"),
    ("datadog", "Datadog"), ("dd_api", "Datadog"), ("newrelic", "New Relic"), ("new_relic", "New Relic"), ("cloudflare", "Cloudflare"),
    ("heroku", "Heroku"),
    ("digitalocean", "DigitalOcean"), ("cohere", "Cohere"), ("mistral", "Mistral"), ("huggingface", "Hugging Face"), ("hf", "Hugging Face"),
    ("pinecone", "Pinecone"),
    ("algolia", "Algolia"), ("segment", "Segment"), ("mixpanel", "Mixpanel"), ("auth0", "Auth0"), ("okta", "Okta"), ("shopify", "Shopify"),
    ("paypal", "PayPal"),
    ("square", "Square"), ("sentry", "Sentry"), ("snyk", "Snyk"), ("cloudant", "Cloudant"), ("ibm", "IBM Cloud"), ("cos_hmac", "IBM Cloud"),
    ("softlayer", "SoftLayer"),
    ("artifactory", "Artifactory"), ("databricks", "Databricks"), ("elastic", "Elastic"), ("supabase", "Supabase"),
    ("facebook", "Facebook"), ("fb", "Facebook"),
    ("twitter", "X"), ("linkedin", "LinkedIn"), ("dropbox", "Dropbox"), ("asana", "Asana"), ("notion", "Notion"), ("airtable", "Airtable"),
    ("jira", "Atlassian"),
    ("atlassian", "Atlassian"), ("bitbucket", "Bitbucket"), ("circleci", "CircleCI"), ("vault", "HashiCorp Vault"),
    ("postmark", "Postmark"), ("deepl", "DeepL"),
  ]
}
