/// The shape of a provider's key: how it begins, what follows and how much of it. Lengths are lower bounds somewhat below the published
/// ones (those of the gitleaks rule set), so that a truncated or slightly newer key is caught as well.
///
/// The one list of such shapes: the gate takes whatever may be a key out of events, and the audit of a source tree asks for the usual length
/// besides, since there a false alarm costs somebody's time.
package struct SecretShape: Sendable {
  package enum Alphabet: Sendable {
    case hex, alphanumeric, upperAlphanumeric
    /// Letters, digits, `_` and `-`.
    case token
    /// Those and `.`, `+`, `/`, `=`, `~`.
    case wide
  }

  package let prefix: StaticString
  let reason: Reason
  /// Whose keys these are, as people call them.
  package let provider: StaticString
  let shortest: Int
  package let alphabet: Alphabet
  /// How many digits the rest must hold at least: tells keys from words with hyphens.
  let digits: Int
  /// How many bytes follow the prefix of a whole key, with room for what providers change.
  package let usual: ClosedRange<Int>
  /// Whether the prefix alone tells a key from anything else; what follows another one must look drawn by lot.
  package let isTelling: Bool

  init(
    _ prefix: StaticString, _ reason: Reason, _ provider: StaticString, _ shortest: Int, _ alphabet: Alphabet, digits: Int = 0,
    usual: ClosedRange<Int>, isTelling: Bool = true
  ) {
    self.prefix = prefix
    self.reason = reason
    self.provider = provider
    self.shortest = shortest
    self.alphabet = alphabet
    self.digits = digits
    self.usual = usual
    self.isTelling = isTelling
  }

  /// Longer prefixes first where one begins with another.
  package static let all: [SecretShape] = [
    .init("sk-ant-", .anthropic, "Anthropic", 8, .token, usual: 80...140),
    .init("sk-proj-", .openAI, "OpenAI", 8, .token, usual: 40...200),
    .init("sk-svcacct-", .openAI, "OpenAI", 8, .token, usual: 40...200),
    .init("sk-admin-", .openAI, "OpenAI", 8, .token, usual: 40...200),
    .init("sk-or-", .otherProvider, "OpenRouter", 16, .token, digits: 1, usual: 60...80),
    .init("sk-", .openAI, "OpenAI", 20, .token, digits: 2, usual: 32...60, isTelling: false),
    .init("AKIA", .aws, "AWS", 16, .upperAlphanumeric, usual: 16...16),
    .init("ASIA", .aws, "AWS", 16, .upperAlphanumeric, usual: 16...16, isTelling: false),
    .init("ABIA", .aws, "AWS", 16, .upperAlphanumeric, usual: 16...16, isTelling: false),
    .init("ACCA", .aws, "AWS", 16, .upperAlphanumeric, usual: 16...16, isTelling: false),
    .init("github_pat_", .gitHub, "GitHub", 20, .token, usual: 82...82),
    .init("ghp_", .gitHub, "GitHub", 30, .alphanumeric, usual: 36...36),
    .init("gho_", .gitHub, "GitHub", 30, .alphanumeric, usual: 36...36),
    .init("ghu_", .gitHub, "GitHub", 30, .alphanumeric, usual: 36...36),
    .init("ghs_", .gitHub, "GitHub", 30, .alphanumeric, usual: 36...36),
    .init("ghr_", .gitHub, "GitHub", 30, .alphanumeric, usual: 36...76),
    .init("glpat-", .gitLab, "GitLab", 20, .token, usual: 20...300),
    .init("gldt-", .gitLab, "GitLab", 20, .token, usual: 20...300),
    .init("glrt-", .gitLab, "GitLab", 20, .token, usual: 20...300),
    .init("glptt-", .gitLab, "GitLab", 20, .token, usual: 40...300),
    .init("glft-", .gitLab, "GitLab", 20, .token, usual: 20...50),
    .init("glsoat-", .gitLab, "GitLab", 20, .token, usual: 20...50),
    .init("glcbt-", .gitLab, "GitLab", 20, .token, usual: 20...60),
    .init("glimt-", .gitLab, "GitLab", 20, .token, usual: 25...25),
    .init("glagent-", .gitLab, "GitLab", 40, .token, usual: 50...400),
    .init("gloas-", .gitLab, "GitLab", 40, .token, usual: 64...64),
    .init("GR1348941", .gitLab, "GitLab", 20, .token, usual: 20...50),
    .init("npm_", .npm, "npm", 30, .alphanumeric, usual: 36...36),
    .init("hf_", .huggingFace, "Hugging Face", 30, .alphanumeric, usual: 34...40, isTelling: false),
    .init("xoxb-", .slack, "Slack", 10, .token, digits: 4, usual: 24...100),
    .init("xoxp-", .slack, "Slack", 10, .token, digits: 4, usual: 24...100),
    .init("xoxa-", .slack, "Slack", 10, .token, digits: 4, usual: 24...100),
    .init("xoxr-", .slack, "Slack", 10, .token, digits: 4, usual: 24...100),
    .init("xoxs-", .slack, "Slack", 10, .token, digits: 4, usual: 24...100),
    .init("xoxo-", .slack, "Slack", 10, .token, digits: 4, usual: 24...100),
    .init("xoxe-", .slack, "Slack", 10, .token, digits: 4, usual: 24...300),
    .init("xapp-", .slack, "Slack", 10, .token, digits: 4, usual: 40...120),
    .init("hooks.slack.com/services/", .slack, "Slack", 10, .wide, usual: 40...80),
    .init("sk_test_", .stripe, "Stripe", 10, .alphanumeric, usual: 24...120),
    .init("sk_live_", .stripe, "Stripe", 10, .alphanumeric, usual: 24...120),
    .init("sk_prod_", .stripe, "Stripe", 10, .alphanumeric, usual: 10...120),
    .init("rk_test_", .stripe, "Stripe", 10, .alphanumeric, usual: 24...120),
    .init("rk_live_", .stripe, "Stripe", 10, .alphanumeric, usual: 24...120),
    .init("rk_prod_", .stripe, "Stripe", 10, .alphanumeric, usual: 10...120),
    .init("whsec_", .stripe, "Stripe", 16, .wide, usual: 32...70, isTelling: false),
    .init("AIza", .google, "Google", 30, .token, usual: 35...35, isTelling: false),
    .init("GOCSPX-", .google, "Google", 20, .token, usual: 28...28),
    .init("ya29.", .google, "Google", 20, .token, usual: 30...400, isTelling: false),
    .init("SG.", .sendGrid, "SendGrid", 40, .wide, usual: 66...66, isTelling: false),
    .init("dapi", .databricks, "Databricks", 32, .hex, usual: 32...34, isTelling: false),
    .init("hvs.", .vaultToken, "HashiCorp Vault", 24, .token, usual: 24...120, isTelling: false),
    .init("hvb.", .vaultToken, "HashiCorp Vault", 24, .token, usual: 24...400, isTelling: false),
    .init("glsa_", .grafana, "Grafana", 32, .token, usual: 41...41),
    .init("glc_", .grafana, "Grafana", 32, .wide, usual: 32...400, isTelling: false),
    .init("shpat_", .shopify, "Shopify", 32, .hex, usual: 32...32),
    .init("shpca_", .shopify, "Shopify", 32, .hex, usual: 32...32),
    .init("shppa_", .shopify, "Shopify", 32, .hex, usual: 32...32),
    .init("shpss_", .shopify, "Shopify", 32, .hex, usual: 32...32),
    .init("sls_", .serviceAccount, "Sealane", 12, .token, usual: 60...60),
    .init("pypi-", .otherProvider, "PyPI", 40, .token, usual: 80...400),
    .init("dop_v1_", .otherProvider, "DigitalOcean", 40, .hex, usual: 64...64),
    .init("lin_api_", .otherProvider, "Linear", 20, .alphanumeric, usual: 40...40),
    .init("AGE-SECRET-KEY-1", .otherProvider, "age", 20, .upperAlphanumeric, usual: 58...58),
    .init("r8_", .otherProvider, "Replicate", 30, .alphanumeric, usual: 37...40, isTelling: false),
    .init("gsk_", .otherProvider, "Groq", 30, .alphanumeric, usual: 52...52),
    .init("pplx-", .otherProvider, "Perplexity", 30, .alphanumeric, usual: 48...56),
    .init("xai-", .otherProvider, "xAI", 30, .alphanumeric, usual: 80...80),
    .init("nvapi-", .otherProvider, "NVIDIA", 40, .token, usual: 60...70),
    .init("tvly-", .otherProvider, "Tavily", 24, .token, usual: 32...48),
    .init("fw_", .otherProvider, "Fireworks", 20, .alphanumeric, digits: 2, usual: 22...24, isTelling: false),
    .init("rpa_", .otherProvider, "RunPod", 36, .alphanumeric, usual: 36...48, isTelling: false),
    .init("lsv2_", .otherProvider, "LangSmith", 36, .token, usual: 40...60),
    .init("phx_", .otherProvider, "PostHog", 36, .alphanumeric, usual: 40...60, isTelling: false),
    .init("sk_", .otherProvider, "ElevenLabs", 40, .hex, usual: 48...48, isTelling: false),
    .init("AC", .otherProvider, "Twilio", 32, .hex, digits: 4, usual: 32...32, isTelling: false),
    .init("SK", .otherProvider, "Twilio", 32, .hex, digits: 4, usual: 32...32, isTelling: false),
    .init("AKC", .otherProvider, "Artifactory", 40, .alphanumeric, digits: 4, usual: 64...80, isTelling: false),
    .init("LTAI", .otherProvider, "Alibaba Cloud", 16, .alphanumeric, digits: 2, usual: 16...24, isTelling: false),
    .init("sq0csp-", .otherProvider, "Square", 22, .token, usual: 43...43),
    .init("sq0atp-", .otherProvider, "Square", 22, .token, usual: 22...22),
    .init("EAAA", .otherProvider, "Square", 50, .token, digits: 4, usual: 60...60, isTelling: false),
    .init("key-", .otherProvider, "Mailgun", 32, .hex, usual: 32...32, isTelling: false),
    .init("sbp_", .otherProvider, "Supabase", 40, .hex, usual: 40...40),
    .init("figd_", .otherProvider, "Figma", 30, .token, usual: 40...44),
    .init("sntrys_", .otherProvider, "Sentry", 40, .wide, usual: 100...400),
    .init("sntryu_", .otherProvider, "Sentry", 40, .hex, usual: 64...64),
    .init("dckr_pat_", .otherProvider, "Docker Hub", 20, .token, usual: 27...27),
    .init("NRAK-", .otherProvider, "New Relic", 20, .upperAlphanumeric, usual: 27...27),
    .init("atlasv1.", .otherProvider, "Terraform Cloud", 40, .token, usual: 60...70),
    .init("ATATT3", .otherProvider, "Atlassian", 40, .token, usual: 180...200),
    .init("pscale_", .otherProvider, "PlanetScale", 30, .token, usual: 38...60),
    .init("CFPAT-", .otherProvider, "Contentful", 40, .token, usual: 43...43),
    .init("secret_", .otherProvider, "Notion", 40, .alphanumeric, digits: 2, usual: 43...43, isTelling: false),
    .init("ntn_", .otherProvider, "Notion", 40, .alphanumeric, usual: 43...50, isTelling: false),
    .init("pat-na1-", .otherProvider, "HubSpot", 30, .token, usual: 36...36),
    .init("pat-eu1-", .otherProvider, "HubSpot", 30, .token, usual: 36...36),
    .init("xkeysib-", .otherProvider, "Brevo", 40, .token, usual: 64...90),
    .init("rubygems_", .otherProvider, "RubyGems", 40, .hex, usual: 48...48),
    .init("tfp_", .otherProvider, "Typeform", 40, .token, usual: 40...70, isTelling: false),
    .init("dp.pt.", .otherProvider, "Doppler", 36, .alphanumeric, usual: 40...44),
    .init("PMAK-", .otherProvider, "Postman", 24, .token, usual: 59...59),
  ]

  /// Shapes by the first byte of their prefix.
  package static let byFirstByte: [[SecretShape]] = {
    var table = [[SecretShape]](repeating: [], count: 256)
    for shape in all { table[Int(shape.prefix.utf8Start[0])].append(shape) }
    return table
  }()

  /// Whether the table has anything for a first byte, as a bare pointer: asked at every word of every longer string.
  /// Written here once and never again or freed.
  nonisolated(unsafe) static let firstBytes: UnsafePointer<Bool> = {
    let table = UnsafeMutablePointer<Bool>.allocate(capacity: 256)
    for byte in 0..<256 { table[byte] = !byFirstByte[byte].isEmpty }
    for byte in ["e", "b", "B", "-", "M", "N", "O", "P"].map(UInt8.ascii) { table[Int(byte)] = true }
    return UnsafePointer(table)
  }()
}

extension SecretShape.Alphabet {
  package func contains(_ byte: UInt8) -> Bool {
    switch self {
    case .hex: byte.isHex
    case .alphanumeric: byte.isAlphanumeric
    case .upperAlphanumeric: byte.isUpper || byte.isDigit
    case .token: byte.isAlphanumeric || byte == .ascii("_") || byte == .ascii("-")
    case .wide:
      switch byte {
      case .ascii("_"), .ascii("-"), .ascii("."), .ascii("+"), .ascii("/"), .ascii("="), .ascii("~"): true
      default: byte.isAlphanumeric
      }
    }
  }
}
