import Audit
import TestSupport
import Testing

/// What the scanner takes for a secret, and what not.
struct ScannerTests {
  @Test("a provider's key is found whole in any writing")
  func keysAreFound() {
    var dice = Fuzzing.generator(71)
    for _ in 0..<20 {
      for key in DrawnKeys.all(&dice) {
        for writing in [
          "k = \"%\"", "export KEY=%\n", "{\"k\":\"%\"}", "curl -H 'X: %'", "% is the key", "<a>%</a>", "\\\"%\\\"",
          "https://x.example/?k=%&a=1",
        ] {
          let found = DrawnKeys.found(in: writing.replacing("%", with: key.text))
          let hit = found.first { $0.candidate.provider == key.provider }
          #expect(hit?.text == key.text, "\(key.provider) in \(writing)")
          #expect(hit?.candidate.prefix == key.prefix)
        }
      }
    }
  }

  @Test("what says of itself that it is an example is none")
  func placeholdersAreNone() {
    let texts = [
      "OPENAI_API_KEY=sk-your-key-here", "key = \"sk-proj-" + String(repeating: "x", count: 60) + "\"", "AWS_KEY=AKIA" + "IOSFODNN7EXAMPLE",
      "password = \"changeme\"", "password: ${DB_PASSWORD}", "token = os.environ[\"TOKEN\"]", "api_key: <your key>",
      "secret = \"{{ vault.secret }}\"",
      "postgres://user:password@localhost/app", "https://user:pass@example.com", "PASSWORD=%PASSWORD%", "apiKey: process.env.API_KEY,",
      "password: string;",
      "'password' => 'required|min:8'",
      "passwordHash = \"$2b$12$" + String(repeating: "a1B", count: 17) + "\"",
      "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", "if line == \"-----BEGIN RSA PRIVATE KEY-----\" {",
      "publicKey = \"" + String(repeating: "aB3", count: 14) + "\"",
      ".sk-folding-cube1-2-animation-name { }", "Authorization: Bearer <token>", "Authorization: Bearer $TOKEN",
      "tokenType = \"bearer-token-with-expiry-2024\"",
      "TOKEN_KB_MISSING = \"TokenVerificationKbMissingCnf\"", "DB_PASSWORD_FILE=/run/secrets/db_password",
    ]
    for text in texts { #expect(DrawnKeys.found(in: text, path: "conf/app.env").isEmpty, "\(text)") }
  }

  @Test("a published example of GitHub's checksum is right, and one other letter is wrong")
  func checksums() {
    // From a public description of the format: an expired token.
    let key = "gh" + "p_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17"
    #expect(Checksum.isRight(key) == true)
    #expect(Checksum.isRight(String(key.dropLast()) + "8") == false)
    #expect(Checksum.isRight("sk-" + "proj-x") == nil)
    var dice = Fuzzing.generator(72)
    var claimed = 0
    for _ in 0..<200 {
      claimed += DrawnKeys.found(in: "t = \"gh" + "p_" + dice.text(DrawnKeys.mixed, 36) + "\"").count {
        $0.candidate.provider == "GitHub" && $0.candidate.kind == .providerKey
      }
    }
    #expect(claimed == 0, "a token that GitHub cannot have issued")
  }

  @Test(
    "a value is named by what stands before it",
    arguments: [
      ("DB_PASSWORD=%", "a.env"), ("db.password: %", "a.yml"), ("password = '%'", "a.py"), ("<password>%</password>", "a.xml"),
      ("machine x login y password %", ".netrc"),
      ("- name: DB_PASSWORD\n  value: \"%\"", "a.yaml"), ("<add key=\"DbPassword\" value=\"%\" />", "web.config"),
      ("mysql --password=%", "a.sh"), ("x.setPassword(\"%\")", "A.java"),
      ("postgres://app:%@db.orrery.example/x", "a.txt"), ("let password: String = \"%\"", "a.swift"), ("'password' => '%',", "a.php"),
      ("\"{\\\"password\\\":\\\"%\\\"}\"", "a.json"),
    ])
  func passwords(writing: String, path: String) {
    let value = "Maple7" + "River4q"
    let found = DrawnKeys.found(in: writing.replacing("%", with: value), path: path)
    #expect(found.map(\.text) == [value])
  }

  @Test("fuzz: candidates lie inside of the text, in order, none over another, and a key put anywhere is found")
  func fuzz() {
    var dice = Fuzzing.generator(73)
    let scraps = [
      "password=", "\"api_key\": \"", "://a:", "@", "-----BEGIN PRIVATE KEY-----", "eyJ", "sk-", "AKIA", "xoxb-1234-", "Bearer ", "Basic ",
      "name: X_TOKEN\n value: ", "\\\"", "'",
      "\n", "\u{0}", "<string name=\"key\">", "</string>", "--token ", "AccountKey=", "(", ",", "{", "}", "…", "é",
    ]
    var tries = 0
    var misses: [String] = []
    Fuzzing.forAWhile { _ in
      var text = ""
      for _ in 0..<Int.random(in: 0..<40, using: &dice) {
        text +=
          Bool.random(using: &dice)
          ? scraps.randomElement(using: &dice) ?? "" : dice.text(DrawnKeys.mixed + " \n=:\"'/+-_.", Int.random(in: 0..<60, using: &dice))
      }
      var bytes = Array(text.utf8)
      if Bool.random(using: &dice) { dice.alter(&bytes, telling: Array("=:\"'@-".utf8)) }
      let path =
        ["a.env", "a.py", "a.min.js", "a.xml", ".netrc", "package-lock.json", "tests/a.go", "README.md"].randomElement(using: &dice) ?? ""
      var end = 0
      bytes.withUnsafeBufferPointer { all in
        for candidate in KeyScanner(FileKind(path)).scan(all) {
          #expect(
            candidate.range.lowerBound >= end && candidate.range.upperBound <= all.count && !candidate.range.isEmpty, "seed \(Fuzzing.seed)"
          )
          end = candidate.range.upperBound
          if let name = candidate.name { #expect(name.lowerBound >= 0 && name.upperBound <= all.count) }
        }
      }
      guard let key = DrawnKeys.all(&dice).randomElement(using: &dice) else { return }
      let words = (0..<30).map { _ in ["lorem", "let x = 1", "// note", "a: b", "\n", "(1, 2)"].randomElement(using: &dice) ?? "" }
      let place = Int.random(in: 0..<30, using: &dice)
      let around = (words[..<place] + [key.text] + words[place...]).joined(separator: " ")
      tries += 1
      if !DrawnKeys.found(in: around).contains(where: { $0.text == key.text }) { misses.append(key.provider) }
    }
    // One in some thousands looks like an example, or not drawn, by chance.
    #expect(misses.count * 500 <= tries, "\(misses) of \(tries), seed \(Fuzzing.seed)")
    print("audit scanner: \(misses.count) of \(tries) drawn keys missed")
  }

  @Test("speed: figures are printed and not judged")
  func speed() {
    var dice = Fuzzing.generator(74)
    let words = [
      "return", "value", "function", "const", "import", "result", "= 1;", "config: {", "\"text\"", "index + 1", "if (error)", "\n",
    ]
    let text = (0..<200_000).map { _ in words.randomElement(using: &dice) ?? "" }.joined(separator: " ")
    let bytes = Array(text.utf8)
    let clock = ContinuousClock()
    let took = clock.measure { bytes.withUnsafeBufferPointer { #expect(KeyScanner(FileKind("a.js")).scan($0).isEmpty) } }
    print("audit scanner: \(Double(bytes.count) / 1e6 / (took / .seconds(1))) MB/s")
  }
}
