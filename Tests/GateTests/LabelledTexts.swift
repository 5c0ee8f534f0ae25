import TestSupport

/// Texts with the answer that a careful person would give: does it hold an e-mail address, phone number, IP address, card or credential?
///
/// Made by hand for this project. Credentials are put together here from published shapes and seeded filler, so that no key, real or
/// not, lies in the repository. Ambiguous ones carry the answer that protects (four small numbers with dots are an address).
enum LabelledTexts {
  struct Text: Sendable {
    let text: String
    let holdsSomething: Bool
  }

  static let all: [Text] =
    (emails + phones + addresses + cards + accounts + tokens + secrets).map { Text(text: $0, holdsSomething: true) }
    + harmless.map { Text(text: $0, holdsSomething: false) }

  static let emails = [
    "ann@example.com", "Ann.Example@Example.COM", "a.b-c_d+tag@mail.example.co.uk", "  ann@example.com  ", "<ann@example.com>",
    "mailto:ann@example.com", "Ann Example <ann@example.com>", "\"Ann Example\" <ann@example.com>", "ann@example.com, bob@example.org",
    "user%40example.com", "user＠example.com", "jörg@exämple.de", "用户@例子.公司", "o'neil@example.ie", "1234567@qq.com",
    "ann@123.com", "ann@sub.domain.museum", "ann@xn--exmple-cua.com", "\"ann b\"@example.com", "ann@[192.168.1.7]",
    "contact ann@example.com for access", "signed in as ann@example.com.", "user:ann@example.com;role:admin", "email=ann@example.com",
    "ann@example.com invited bob@example.org", "Invitation sent to ann@example.com (pending)", "{\"email\":\"ann@example.com\"}",
    "ann@example.com/settings", "error: no such user ann@example.com", "ann_example@my-company.io", "x@y.ai", "first.last@dept.uni.edu",
    "ann+newsletter@gmail.com", "ann@example.technology", "no-reply@orrery.example", "root@mail.orrery.example", "a@b.co",
    "git@github.com:orrery/api.git", "ann@example.com?subject=hi", "'ann@example.com'", "[ann@example.com]", "ann!x@example.com",
    "#ann@example.com", "ann@example.com\n", "to: ann@example.com\nfrom: bob@example.com", "ann@EXAMPLE.ORG", "ANN@EXAMPLE.ORG",
  ]

  static let phones = [
    "+4915112345678", "+49 151 12345678", "+49 (0) 151 1234-5678", "+1 415 555 2671", "+1-415-555-2671", "+1.4155552671",
    "tel:+14155552671",
    "tel:555-0123", "(415) 555-2671", "415-555-2671", "415.555.2671", "1-800-555-0199", "+44 20 7946 0958", "020 7946 0958",
    "07700 900123", "0151 12345678", "030/12345678", "0049 151 12345678", "01 23 45 67 89", "+33 1 23 45 67 89", "+81-3-1234-5678",
    "+86 138 0013 8000", "+91 98765 43210", "+55 11 91234-5678", "+7 495 123-45-67", "+972-50-123-4567", "+358 40 1234567",
    "call me at +49 151 12345678 please", "phone: (415) 555-2671 ext 4", "my number is 415-555-2671", "+41 79 123 45 67",
    "+61 412 345 678", " +14155552671 ", "<tel:+14155552671>", "+1 (415) 555-2671", "+4989123456", "0800-123-4567", "+353 1 234 5678",
    "+34 612 34 56 78", "+39 06 1234 5678", "WhatsApp +5491123456789", "sms to +14155552671 failed", "+1\u{A0}415\u{A0}555\u{A0}2671",
    "+1 415‑555‑2671", "555-123-4567", "1 415 555 2671",
  ]

  static let addresses = [
    "10.0.0.1", "192.168.1.77", "8.8.8.8", "203.0.113.9:8080", "203.0.113.0/24", " 203.0.113.9 ", "[2001:db8::1]", "[2001:db8::1]:443",
    "2001:db8::1", "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "fe80::1%eth0", "::1", "::ffff:203.0.113.9", "2001:db8::/32",
    "fe80::1ff:fe23:4567:890a",
    "client 203.0.113.9 timed out", "from 2001:db8::1 via proxy", "ip=203.0.113.9", "ip:203.0.113.9", "peer=[2001:db8::2]:5000",
    "203.0.113.9, 198.51.100.4", "127.0.0.1", "0.0.0.0", "255.255.255.255", "connection from 198.51.100.4:51820 refused",
    "(198.51.100.4)", "host-198.51.100.4", "198.51.100.4 - - [10/Oct/2025]", "2001:DB8:0:0:8:800:200C:417A", "ff02::2",
    "64:ff9b::192.0.2.33", "X-Forwarded-For: 203.0.113.195", "blocked 2001:db8:0:1::42.", "\"203.0.113.9\"", "172.16.254.1",
    "dns=1.1.1.1;dns=9.9.9.9", "to 100.64.3.2", "1.2.3.4",
  ]

  static let cards = [
    "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "378282246310005", "3782 822463 10005",
    "6011111111111117", "2223003122003222", "card 4242424242424242 declined", "paid with 5105-1051-0510-5100.",
  ]

  /// The registry's examples of some countries, in other clothes.
  static let accounts = [
    "DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "GB82 WEST 1234 5698 7654 32",
    "gb82west12345698765432",
    "FR1420041010050500013M02606", "FR14 2004 1010 0505 0001 3M02 606", "NL91ABNA0417164300", "NL91-ABNA-0417-1643-00",
    "CH9300762011623852957",
    "NO9386011117947", "paid to DE89370400440532013000.", "iban=BE68539007547034", "from AT611904300234573201 to ES9121000418450200051332",
    "{\"account\":\"PL61109010140000071219812874\"}", "IT60 X054 2811 1010 0000 0123 456",
  ]

  /// Of no known shape.
  static let tokens: [String] = {
    var generator = SeededGenerator(seed: 11)
    let mixed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return [40, 43, 44, 48, 52, 56, 60, 64, 72, 86, 88, 100, 128].flatMap { count in
      [generator.text(mixed, count), "key \(generator.text(mixed, count)) rejected", generator.text(mixed + "-_", count) + "="]
    }
  }()

  static let secrets: [String] = {
    var generator = SeededGenerator(seed: 7)
    let mixed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    let small = "abcdef0123456789"
    func filler(_ count: Int) -> String { "4" + generator.text(mixed, count - 1) }
    func hex(_ count: Int) -> String { "4" + generator.text(small, count - 1) }
    let webToken = "ey" + "JhbGciOiJIUzI1NiJ9" + "." + "eyJzdWIiOiI0NzExIn0" + "." + filler(43)
    return [
      "sk-proj-" + filler(58) + "T3BlbkFJ" + filler(58), "sk-svcacct-" + filler(74) + "T3BlbkFJ" + filler(74),
      "sk-admin-" + filler(58) + "T3BlbkFJ" + filler(20), "sk-" + filler(20) + "T3BlbkFJ" + filler(20),
      "sk-ant-" + "api03-" + filler(93) + "AA",
      "sk-ant-" + "admin01-" + filler(93) + "AA", "AKIA" + "IOSFODNN7EXAMPLE", "ASIA" + generator.text("ABCDEFGHIJKLMNOP234567", 16),
      "ghp_" + filler(36), "gho_" + filler(36), "github_pat_" + filler(22) + "_" + filler(59), "glpat-" + filler(20), "npm_" + filler(36),
      "hf_" + generator.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ", 34), "xoxb-" + "123456789012-1234567890123-" + filler(24),
      "xoxp-" + "123456789012-123456789012-" + filler(32), "https://hooks.slack.com/services/T00000000/B00000000/" + filler(24),
      "sk_live_" + filler(24), "rk_test_" + filler(24), "sk_prod_" + filler(99), "AIza" + filler(35), "SG." + filler(22) + "." + filler(43),
      "dapi" + hex(32), "hvs." + filler(95), "glsa_" + filler(32) + "_" + hex(8), "shpat_" + hex(32), "sls_" + filler(40), webToken,
      "Bearer " + webToken, "Bearer " + filler(32), "Basic dXNlcjpwYXNzd29yZA==", "authorization: Bearer " + filler(40),
      "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ",
      "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXk", "password=hunter2", "password: correct-horse",
      "{\"api_key\": \"" + filler(20) + "\"}",
      "token=" + filler(32), "client_secret=" + filler(24), "postgres://app:s3cret@db.internal:5432/main", "https://ann:pw@api.example/v1",
      "key is sk-proj-" + filler(60) + " do not share", "export OPENAI_API_KEY=sk-proj-" + filler(40),
      "curl -H 'x-api-key: sk-ant-api03-" + filler(40) + "'",
      "clone https://oauth2:glpat-" + filler(20) + "@gitlab.example/x.git",
      "AWS AKIA" + generator.text("ABCDEFGHIJKLMNOP234567", 16) + " revoked",
      "whsec_" + filler(32), "ya29." + filler(60), "GOCSPX-" + filler(28),
      // Kinds that another scanner knew and this one did not (docs/GATE.md, Measured).
      "AccountKey=" + filler(86) + "==", "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + filler(86) + "==",
      "M" + filler(23) + "." + filler(6) + "." + filler(27), "sq0csp-" + filler(43), "sq0atp-" + filler(22), "EAAA" + filler(60),
      "110201543:AA" + filler(33), "AC" + hex(32), "SK" + hex(32), "AKC" + filler(64), "sbp_" + hex(40), "figd_" + filler(40),
      "nvapi-" + filler(64), "tvly-" + filler(32), "fw_" + filler(22), "dckr_pat_" + filler(27),
      "NRAK-" + generator.text("ABCDEFGHIJ23456789", 27), "ATATT3xFfGF0" + filler(60), "key-" + hex(32), "secret_" + filler(43),
      "ntn_" + filler(46),
      hex(32) + "-us14", "key " + hex(32) + "-us6.",
      "PuTTY-User-Key-File-2: ssh-rsa", "Authorization: Token " + hex(40), "Set-Cookie: sid=" + filler(32),
      "db_password=abc", "bot 110201543:AA" + filler(33) + " started",
    ]
  }()

  static let harmless = [
    // Long, but not drawn by lot.
    "AbstractSingletonProxyFactoryBeanConfigurationManagerImpl2", "com.example.orrery.billing.InvoiceReconciliationService2Impl",
    "the-complete-guide-to-rate-limits-and-quotas-in-2026-part-3",
    "sha512-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "projects/orrery-labs/locations/europe-west4/keyRings/prod/cryptoKeys/k1", "HTTP_2_STREAM_ERROR_INTERNAL_SERVER_ERROR_CODE_2_RETRYABLE",
    "arn:aws:iam::role/AWSReservedSSO_AdministratorAccess", "meta-llama/Meta-Llama-3.1-405B-Instruct-FP8-dynamic-batch32",
    "Win32_PerfFormattedData_PerfOS_Memory_AvailableMBytes64", "DE00370400440532013000", "GB82WEST12345698765433",
    "FR1420041010050500013M0260",
    "550e8400-e29b-41d4-a716-446655440000-550e8400-e29b-41d4-a716-446655440000", "NotificationPreferencesUpdatedByAdministratorV2",
    // Versions.
    "1.2.3", "v1.2.3", "10.15.7", "17.4.1", "v10.0.0.1", "version 10.0.0.1", "2.28.1-beta.3", "10.0.19045", "10.0.19041.1110",
    "120.0.6099.109",
    "left-pad@1.3.0", "@angular/core@17.0.1", "react@18.2.0", "Chrome/120.0.0.0", "python 3.11.2", "swift-6.3.1-RELEASE", "release 1.2.3.4",
    "1.0.0-rc.1+build.5", "jdk-17.0.9+9", "kernel 6.1.0-18-amd64", "5.4.1", "2024.1.0.3321", "node v20.11.0", "build 4.12.0.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", "python-requests/2.31.0", "okhttp/4.12.0", "curl/8.5.0",
    // Dates, times, durations.
    "2025-11-23", "2025-11-23T22:18:10Z", "2025-11-23T22:18:10.123+01:00", "23.11.2025", "11/23/2025", "22:18:10", "1763400000",
    "1763400000123",
    "1763400000123456", "2025-W47", "PT1H30M", "Sun Nov 23 22:18:10 UTC 2025", "2025-11-23 22:18:10.000", "GMT+0100", "UTC-05:00", "P30D",
    "Q4 2025",
    "01-02-2024 03", "01/02/2024", "Europe/Berlin", "2025-11-23_22-18-10", "20251123T221810Z", "00:05:33.120", "last 30 days",
    "01.02.2024 10.30",
    // Ids and digests.
    "550e8400-e29b-41d4-a716-446655440000", "12345678-1234-1234-1234-123456789012", "9f86d081884c7d659a2feaa0c55ad015",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "req_7f3a9c21e4", "ord-2025-000123", "ORD0000123456",
    "INV-2025-1187",
    "1234567890", "123456789012", "7d3f1a2b", "0x7ffee3b5c9d0", "01HF3Z8V5K7X9Q2W4E6R8T0Y1U", "chatcmpl-8abc", "run_12",
    "SKU 4006381333931",
    "978-0-306-40615-7", "0-306-40615-2", "4006381333931", "AB-123-456", "#4711", "order 1002003004", "ticket 88-1234", "PO 45-000-871",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "etag W/\"5e9f\"", "batch 0001-0002-0003",
    "1111111111111111",
    "4111111111111112", "1234 5678 9012 3456", "00:1a:2b:3c:4d:5e", "node-3f-2", "a1b2c3d4e5", "row 1,234,567", "6789012345678901234",
    "id 99887766",
    "1234567890123456", "8c7e1d4b-0000-4000-8000-000000000001", "trace 4bf92f3577b34da6a3ce929d0e0e4736", "b7ad6b7169203331",
    // Numbers, prices, places on the screen.
    "10.50", "1,234.56", "$1,299.00", "€ 19,99", "99.9%", "-12.5", "+3.7", "+12.5%", "1e-9", "0.000123456", "3.14159265358979", "1920x1080",
    "1 234 567", "12 345 678 bytes", "100%", "50%4", "1/3", "16:9", "4:3", "24,5", "1_000_000", "12:30", "+1", "-1", "007", "3.5 GB",
    "250 ms",
    "1000000000", "0.1.2", "12.34.56", "100.200.300.400", "1.2.3.4.5", "256.1.1.1", "10.0.0", "+1,000,000 users", "-0.5", "1:2:3", "35-44",
    // Models, plans, features, codes.
    "gpt-4o-mini-2024-07-18", "gpt-4.1", "o3-mini", "claude-sonnet-4-20250514", "llama-3.1-70b-instruct", "text-embedding-3-large",
    "gemini-2.0-flash-001",
    "mistral-large-2411", "pro", "enterprise", "free_tier", "rate_limit_exceeded", "insufficient_quota", "429", "HTTP 503", "stop",
    "length", "tool_calls",
    "content_filter", "us-east-1", "eu-central-1a", "DE", "de-DE", "USD", "utf-8", "application/json", "text/html; charset=utf-8",
    "image/png",
    "iPhone15,3", "SM-G991B", "Pixel 8 Pro", "MacBookPro18,3", "Windows NT 10.0; Win64; x64", "Mac OS X", "web", "ios", "python", "A/B",
    "variant-B",
    // Words with signs.
    "@ann", "@everyone", "icon@2x.png", "logo@3x.webp", "user@localhost", "R&D", "C++", "C#", "a@b", "@media (max-width: 600px)",
    "@scope/package",
    "50 @ 3.20", "foo::bar", "std::vector", "Foo::Bar::Baz", "abc::def", "key: value", "a=b", "x ? y : z", "f(x) = 2", "hello (world)",
    "TODO: none",
    "sk-spinner sk-fading-circle", "sk-", "sk_test", "ghp_", "npm_config_registry", "hf_hub", "AKIA", "eyes wide open",
    "eyeglasses.with.dots", "SG.1", "dapi",
    "xoxb", "task-sk-1", "risk-assessment-for-teams", "sk-cube-grid sk-cube sk-cube-one", "Basic authentication", "Bearer token missing",
    "basic understanding",
    "bearer of news", "password reset", "password:", "Forgot password?", "token limit: 4096", "max_tokens=4096", "api_key missing",
    "token: yes",
    "cookie=accepted", "cookie: essential only", "authorization: token missing", "monkey-business", "key-value store", "secret_sauce",
    "SKU",
    "ACME", "SKETCH", "NASDAQ.NMS.TRADING", "OK", "Modal.opened.by_user", "PuTTY 0.81", "rpa_workflow_started", "fw_update_available",
    "9f86d081884c7d659a2feaa0c55ad015-usage", "9f86d081884c7d659a2feaa0c55ad0151f-us6", "0a0cd015-us-1",
    "12:AA", "pat-na1", "EAAA", "AC power", "password?", "10:30:AA",
    "-----BEGIN CERTIFICATE-----", "ey", "eyJ", "secret: none", "no token", "authorization: required",
    // Paths, places in programs, texts.
    "/v1/chat/completions", "/pricing", "/docs/guides/rate-limits", "src/main.swift:42:7", "C:\\Program Files\\App",
    "/usr/local/lib/python3.11/site-packages",
    "https://orrery.example/pricing", "https://docs.orrery.example/guides/rate-limits", "http://localhost:8000/", "$direct", "google",
    "www.google.com",
    "orrery.example", "app://home", "Clicked \"Create key\"", "Signed up with SSO", "Dashboard > Usage > Export", "Upgrade to Pro (annual)",
    "línea ñandú",
    "日本語のページ", "Ünïcödé", "", " ", "null", "true", "N/A", "-", "…", "👋", "Berlin", "North Rhine-Westphalia", "New York, NY 10001",
    "10 Downing Street",
    "3 items in cart", "Step 2 of 5", "error 0x80070057", "line 1203, column 17", "5 x 5 x 5", "100-200", "9-to-5", "24/7", "2-factor",
    "1st", "Top 10",
    "7 of 9", "room 101-102-103", "grid 12-34-56", "E = mc2", "ISO-8859-1", "RFC 9180, section 5.1", "P0-123", "0123", "0 8 15", "seat 12A",
    "(3)", "(12) (13)",
  ]
}
