/// The shape of a provider's key: how it begins, what follows and how much of it. Lengths are lower bounds somewhat below the published
/// ones (those of the gitleaks rule set), so that a truncated or slightly newer key is caught as well.
struct SecretShape: Sendable {
  enum Alphabet: Sendable {
    case hex, alphanumeric, upperAlphanumeric
    /// Letters, digits, `_` and `-`.
    case token
    /// Those and `.`, `+`, `/`, `=`, `~`.
    case wide
  }

  let prefix: StaticString
  let reason: Reason
  let shortest: Int
  let alphabet: Alphabet
  /// How many digits the rest must hold at least: tells keys from words with hyphens.
  let digits: Int

  init(_ prefix: StaticString, _ reason: Reason, _ shortest: Int, _ alphabet: Alphabet, digits: Int = 0) {
    self.prefix = prefix
    self.reason = reason
    self.shortest = shortest
    self.alphabet = alphabet
    self.digits = digits
  }

  /// Longer prefixes first where one begins with another.
  static let all: [SecretShape] = [
    .init("sk-ant-", .anthropic, 8, .token),
    .init("sk-proj-", .openAI, 8, .token),
    .init("sk-svcacct-", .openAI, 8, .token),
    .init("sk-admin-", .openAI, 8, .token),
    .init("sk-or-", .otherProvider, 16, .token, digits: 1),
    .init("sk-", .openAI, 20, .token, digits: 2),
    .init("AKIA", .aws, 16, .upperAlphanumeric),
    .init("ASIA", .aws, 16, .upperAlphanumeric),
    .init("ABIA", .aws, 16, .upperAlphanumeric),
    .init("ACCA", .aws, 16, .upperAlphanumeric),
    .init("github_pat_", .gitHub, 20, .token),
    .init("ghp_", .gitHub, 30, .alphanumeric),
    .init("gho_", .gitHub, 30, .alphanumeric),
    .init("ghu_", .gitHub, 30, .alphanumeric),
    .init("ghs_", .gitHub, 30, .alphanumeric),
    .init("ghr_", .gitHub, 30, .alphanumeric),
    .init("glpat-", .gitLab, 20, .token),
    .init("gldt-", .gitLab, 20, .token),
    .init("glrt-", .gitLab, 20, .token),
    .init("glptt-", .gitLab, 20, .token),
    .init("npm_", .npm, 30, .alphanumeric),
    .init("hf_", .huggingFace, 30, .alphanumeric),
    .init("xoxb-", .slack, 10, .token, digits: 4),
    .init("xoxp-", .slack, 10, .token, digits: 4),
    .init("xoxa-", .slack, 10, .token, digits: 4),
    .init("xoxr-", .slack, 10, .token, digits: 4),
    .init("xoxs-", .slack, 10, .token, digits: 4),
    .init("xoxe-", .slack, 10, .token, digits: 4),
    .init("xapp-", .slack, 10, .token, digits: 4),
    .init("hooks.slack.com/services/", .slack, 10, .wide),
    .init("sk_test_", .stripe, 10, .alphanumeric),
    .init("sk_live_", .stripe, 10, .alphanumeric),
    .init("sk_prod_", .stripe, 10, .alphanumeric),
    .init("rk_test_", .stripe, 10, .alphanumeric),
    .init("rk_live_", .stripe, 10, .alphanumeric),
    .init("rk_prod_", .stripe, 10, .alphanumeric),
    .init("whsec_", .stripe, 16, .wide),
    .init("AIza", .google, 30, .token),
    .init("GOCSPX-", .google, 20, .token),
    .init("ya29.", .google, 20, .token),
    .init("SG.", .sendGrid, 40, .wide),
    .init("dapi", .databricks, 32, .hex),
    .init("hvs.", .vaultToken, 24, .token),
    .init("hvb.", .vaultToken, 24, .token),
    .init("glsa_", .grafana, 32, .token),
    .init("glc_", .grafana, 32, .wide),
    .init("shpat_", .shopify, 32, .hex),
    .init("shpca_", .shopify, 32, .hex),
    .init("shppa_", .shopify, 32, .hex),
    .init("shpss_", .shopify, 32, .hex),
    .init("sls_", .serviceAccount, 12, .token),
    .init("pypi-", .otherProvider, 40, .token),
    .init("dop_v1_", .otherProvider, 40, .hex),
    .init("lin_api_", .otherProvider, 20, .alphanumeric),
    .init("AGE-SECRET-KEY-1", .otherProvider, 20, .upperAlphanumeric),
    .init("r8_", .otherProvider, 30, .alphanumeric),
    .init("gsk_", .otherProvider, 30, .alphanumeric),
    .init("pplx-", .otherProvider, 30, .alphanumeric),
    .init("xai-", .otherProvider, 30, .alphanumeric),
    .init("nvapi-", .otherProvider, 40, .token),
    .init("tvly-", .otherProvider, 24, .token),
    .init("fw_", .otherProvider, 20, .alphanumeric, digits: 2),
    .init("rpa_", .otherProvider, 36, .alphanumeric),
    .init("lsv2_", .otherProvider, 36, .token),
    .init("phx_", .otherProvider, 36, .alphanumeric),
    .init("sk_", .otherProvider, 40, .hex),
    .init("AC", .otherProvider, 32, .hex, digits: 4),
    .init("SK", .otherProvider, 32, .hex, digits: 4),
    .init("AKC", .otherProvider, 40, .alphanumeric, digits: 4),
    .init("LTAI", .otherProvider, 16, .alphanumeric, digits: 2),
    .init("sq0csp-", .otherProvider, 22, .token),
    .init("sq0atp-", .otherProvider, 22, .token),
    .init("EAAA", .otherProvider, 50, .token, digits: 4),
    .init("key-", .otherProvider, 32, .hex),
    .init("sbp_", .otherProvider, 40, .hex),
    .init("figd_", .otherProvider, 30, .token),
    .init("sntrys_", .otherProvider, 40, .wide),
    .init("sntryu_", .otherProvider, 40, .hex),
    .init("dckr_pat_", .otherProvider, 20, .token),
    .init("NRAK-", .otherProvider, 20, .upperAlphanumeric),
    .init("atlasv1.", .otherProvider, 40, .token),
    .init("ATATT3", .otherProvider, 40, .token),
    .init("pscale_", .otherProvider, 30, .token),
    .init("CFPAT-", .otherProvider, 40, .token),
    .init("secret_", .otherProvider, 40, .alphanumeric, digits: 2),
    .init("ntn_", .otherProvider, 40, .alphanumeric),
    .init("pat-na1-", .otherProvider, 30, .token),
    .init("pat-eu1-", .otherProvider, 30, .token),
    .init("xkeysib-", .otherProvider, 40, .token),
    .init("rubygems_", .otherProvider, 40, .hex),
    .init("tfp_", .otherProvider, 40, .token),
    .init("dp.pt.", .otherProvider, 36, .alphanumeric),
    .init("PMAK-", .otherProvider, 24, .token),
  ]

  /// Shapes by the first byte of their prefix.
  static let byFirstByte: [[SecretShape]] = {
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
  func contains(_ byte: UInt8) -> Bool {
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
