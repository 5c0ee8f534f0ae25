internal import Crypto
internal import Foundation

/// What stands where a secret would: examples, templates, references to a place where the secret is.
enum Placeholder {
  /// In the words of whoever writes documentation. Five letters and more: so many come up in drawn keys about never.
  private static let words: [StaticString] = [
    "example", "sample", "placeholder", "changeme", "change-me", "change_me", "your-", "your_", "yourkey", "yourapi", "yourtoken",
    "yoursecret",
    "dummy", "fakekey", "fake-", "fake_", "notreal", "not-a-real", "not_a_real", "redacted", "insert", "replace", "xxxxx", "todo-",
    "foobar", "-here",
    "_here", "keyhere", "tokenhere", "mock-", "mock_", "mocked", "testkey", "test-key", "test_key", "testtoken", "test-token", "test_token",
    "abcdef",
    "12345678", "<key>", "secret-key-goes", "goes-here", "deadbeef", "00000000", "lorem", "ipsum", "undefined", "supersecret",
    "super-secret",
    "super_secret", "mysecret", "my-secret", "my_secret", "myapikey", "my-api-key", "my_api_key", "mytoken", "my-token", "my_token",
    "some-", "some_", "sometoken", "somesecret", "...", "…", "***", "____", "notasecret", "not-a-secret",
  ]

  /// Passwords that stand in every tutorial, whole and in lower case.
  private static let common: Set<String> = [
    "password", "passwd", "pass", "pwd", "secret", "admin", "root", "test", "tests", "testing", "user", "username", "guest", "demo", "dev",
    "local", "localhost", "postgres", "mysql", "mongo", "mongodb", "redis", "rabbitmq", "elastic", "minio", "minioadmin", "sa", "string",
    "token", "key", "apikey", "api_key", "api-key", "value", "default", "hunter2", "letmein", "qwerty", "welcome", "password1",
    "password123",
    "passw0rd", "p@ssw0rd", "p4ssw0rd", "admin123", "test123", "secret123", "123456", "1234567", "12345678", "123456789", "1234", "12345",
    "abc123",
    "foo", "bar", "baz", "qux", "null", "nil", "none", "true", "false", "yes", "no", "optional", "required", "hidden", "text", "empty",
    "blank",
    "bearer", "basic", "development", "production", "staging", "toor", "django", "laravel", "rails", "docker", "vagrant", "wordpress",
    "correcthorsebatterystaple", "correct horse battery staple", "correct-horse-battery-staple", "changeit", "app", "db", "database",
    "postgresql",
  ]

  /// SHA-256, the first eight bytes, of keys that providers print in their documentation: they work for nobody or for everybody.
  private static let published: Set<UInt64> = [
    0x153A_1825_8645_1358, 0x74E1_1884_B07B_1D51, 0x740F_F49A_F25D_70C2, 0xC1C4_5784_935E_DA01, 0x99A9_2EDC_E770_6101,
    0xB777_E4A9_809D_A12C,
    0x0011_CC25_EB43_2071, 0x0C47_DD30_C7DA_14CE, 0xCA74_59E2_B267_76DE, 0x6C96_130F_130A_B0D6, 0x00CF_4C78_1DC3_7003,
    0x9E30_9CCC_D311_EA64,
  ]

  /// Whether a key's text says of itself that it is none.
  static func isPlaceholder(_ value: Bytes) -> Bool {
    guard !value.isEmpty else { return true }
    if words.contains(where: { says($0, value) }) { return true }
    // `xxxx…`, `----`, `0000`: two different characters make no key.
    var seen: [UInt8] = []
    for byte in value.prefix(64) where !seen.contains(byte.small) { seen.append(byte.small) }
    if seen.count <= 3 { return true }
    if isReference(value) { return true }
    return isPublished(value)
  }

  /// Whether a word stands in a text. In long ones small words come up by chance: there all its letters are of one case.
  private static func says(_ word: StaticString, _ value: Bytes) -> Bool {
    let length = word.utf8CodeUnitCount
    guard value.count >= length else { return false }
    return (0...(value.count - length)).contains { place in
      guard value.holds(word, at: place) else { return false }
      let found = value.piece(place..<place + length)
      return value.count <= 40 || !found.contains(where: \.isCapital) || !found.contains(where: \.isSmall)
    }
  }

  /// The same of a password, which may be any word.
  static func isPlaceholderPassword(_ value: Bytes) -> Bool {
    if isPlaceholder(value) { return true }
    let plain = String(decoding: value, as: UTF8.self).lowercased()
    return common.contains(plain) || common.contains(String(plain.reversed().drop { $0.isNumber || $0 == "!" }.reversed()))
  }

  /// `${NAME}`, `{{ name }}`, `<name>`, `%NAME%`, `$(command)`, `process.env.NAME`, `f(x)`, `[name]`, and digests of passwords (`$2b$…`).
  static func isReference(_ value: Bytes) -> Bool {
    let last = value[value.count - 1]
    switch value[0] {
    case .of("<"): if last == .of(">") { return true }
    case .of("{"): if last == .of("}") || value.byte(1) == .of("{") { return true }
    case .of("["): if last == .of("]") { return true }
    case .of("("): if last == .of(")") { return true }
    case .of("%"): if last == .of("%") { return true }
    case .of("#"): if value.byte(1) == .of("{") { return true }
    case .of("$"):
      if value.dropFirst().allSatisfy({
        $0.isWordByte || [.of("_"), .of("{"), .of("}"), .of("("), .of(")"), .of("."), .of(":"), .of("-")].contains($0)
      }) {
        return true
      }
      if digests.contains(where: { value.holds($0, at: 1) }) { return true }
    default: break
    }
    var isName = true
    for index in 0..<min(value.count, 512) {
      switch value[index] {
      case .of("{"):
        if value.byte(index + 1) == .of("{") || value.byte(index - 1) == .of("$") || value.byte(index - 1) == .of("#") { return true }
        isName = false
      case .of("("): if index > 0, isName || value.byte(index - 1) == .of("$") { return true }
      case .of("%"): if value.count <= 20, value.byte(index + 1) == .of("s") || value.byte(index + 1) == .of("(") { return true }
      default:
        if !(value[index].isCapital || value[index].isSmall || value[index] == .of("_") || value[index] == .of(".")
          || value[index] == .of(":"))
        {
          isName = false
        }
      }
    }
    let starts: [StaticString] = [
      "process.env", "os.environ", "os.getenv", "env.", "env[", "getenv", "system.get", "config.", "config[", "settings.", "secrets.",
      "var.", "local.",
      "data.", "self.", "this.", "props.", "args.", "params.", "request.", "req.", "options.", "opts.", "import.meta", "vault:", "vault.",
      "ssm:",
      "op://", "arn:", "aws:secretsmanager", "file:", "!ref", "!sub", "!env", "enc[", "encrypted:", "sops:", "kms:", "secretref:",
      "keyvault:", "module.",
      "each.", "st.secrets", "context.", "ctx.", "app.", "user.", "form.", "state.", "credentials.", "http://", "https://",
    ]
    return starts.contains { value.holds($0, at: 0) }
  }

  private static let digests: [StaticString] = ["2a$", "2b$", "2y$", "argon2", "pbkdf2", "scrypt", "1$", "5$", "6$", "apr1$", "y$", "7$"]

  private static func isPublished(_ value: Bytes) -> Bool {
    var number: UInt64 = 0
    for (index, byte) in SHA256.hash(data: value).enumerated() where index < 8 { number = number << 8 | UInt64(byte) }
    return published.contains(number)
  }
}
