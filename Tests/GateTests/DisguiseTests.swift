import Events
import Gate
import Testing
import Vault

/// Identifiers in other clothes: what reads as an e-mail address, phone number or IP address is one, however it is spelt.
struct DisguiseTests {
  @Test(
    "disguised identifiers are recognised as whole values",
    arguments: [
      // Signs of other alphabets.
      "ann＠example．com", "ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ann﹫example.com", "ann@example。com", "ann@example｡com", "𝐚𝐧𝐧@𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐜𝐨𝐦",
      "+４９ １５１ １２３４５６７８", "＋49 151 12345678", "+٤٩ ١٥١ ١٢٣٤٥٦٧٨", "+९१ ९८७६५ ४३२१०", "٢٠٣.٠.١١٣.٩", "２０３．０．１１３．９", "203。0。113。9",
      "２００１：ｄｂ８：：１", "2001：db8：：1",
      // Invisible signs between the letters.
      "ann\u{200B}@exam\u{AD}ple.com", "ann@example\u{2060}.com", "\u{FEFF}ann@example.com", "+49\u{200B}151\u{200B}12345678",
      "203\u{2060}.0.113.9", "\u{202A}+49 151 12345678\u{202C}",
      // Escapes.
      "ann%40example.com", "ann%40example%2Ecom", "ann%2540example.com", "%61nn@example.com", "%2B4915112345678", "%2B49%20151%2012345678",
      "203%2E0%2E113%2E9", "2001%3Adb8%3A%3A1", "ann&#64;example.com", "ann&#x40;example.com", "ann&commat;example&period;com",
      "ann\\u0040example.com", "ann\\x40example.com",
    ])
  func whole(text: String) {
    let (stored, decision) = GateFixture().judge(text)
    #expect(stored == nil, "\(text) rests as \(String(describing: stored?.texts))")
    #expect(["email", "phone", "ip_address"].contains(decision.reason))
  }

  @Test(
    "and inside of texts",
    arguments: [
      ("call ＋４９ １５１ １２３４５６７８ now", "call [phone] now"), ("to ann%2540example.com sent", "to [email] sent"),
      ("from ２０３．０．１１３．９ today", "from [ip] today"), ("mail ann&#64;example.com please", "mail [email] please"),
      ("{\"to\":\"ann\\u0040example.com\"}", "{\"to\":\"[email]\"}"), ("call +1 415 555 2671", "call [phone]"),
      ("WhatsApp+5491123456789", "WhatsApp[phone]"),
      ("tel %2B49+151+12345678 rings", "tel [phone] rings"),
    ])
  func inside(sent: String, stored: String) {
    #expect(GateFixture().judge(sent).stored == .string(stored))
  }

  @Test(
    "what only looks disguised stays as it was sent",
    arguments: [
      "Größe 100%", "日本語のページ（全部）", "Ｐｒｏ", "50%25", "a&amp;b", "C:\\users\\ann", "naïve café", "Цена: 100", "१२३", "５", "%E6%97%A5",
      "😀 done",
      "R&D", "x\u{200D}y", "AT&T", "/docs/%E6%97%A5%E6%9C%AC", "2\u{2009}000",
    ])
  func harmless(text: String) {
    #expect(GateFixture().judge(text).stored == .string(text))
  }

  @Test(
    "links in other clothes lose what identifies too",
    arguments: [
      ("https:\\/\\/x.example\\/reset?token=abc", "https:\\/\\/x.example\\/reset"),
      ("https%3A%2F%2Fx.example%2Freset%3Ftoken%3Dabc", "https://x.example/reset"),
      ("https://x.example/u/ann%2540x.example", "https://x.example/u/[email]"), ("app.x.example/reset#access=abc", "app.x.example/reset"),
      ("x.example/u?ann", "x.example/u"),
    ])
  func links(sent: String, stored: String) {
    #expect(GateFixture().judge(sent).stored == .string(stored))
  }

  @Test(
    "names in other clothes say the same",
    arguments: ["ｅｍａｉｌ", "e\u{200B}mail", "user%5Bemail%5D", "email2", "email_1", "Phone 2", "phone2", "firstName1", "work_email_2"])
  func names(name: String) {
    #expect(GateFixture().judge("Ann", as: name).decision.reason == "identifying_name", "\(name)")
  }

  @Test("names that are identifiers in other clothes are not stored")
  func unfitNames() {
    for name in ["ann%40example.com", "ann＠example．com", "２０３．０．１１３．９", "clicks of ann&#64;example.com"] {
      let event = GateFixture().pass([Property(name, .number(1)), Property("o", .object([Property(name, .number(1))]))], named: name)
      #expect(event.properties == [StoredProperty("o", .object([]))], "\(name)")
      #expect(event.name.contains("["), "\(event.name)")
      #expect(!event.decisions.contains { $0.property == name }, "\(name)")
    }
  }

  @Test(
    "phone numbers of many countries",
    arguments: [
      "(11) 91234-5678", "11 91234-5678", "(495) 123-45-67", "8 (495) 123-45-67", "8 495 123-45-67", "(020) 7946 0958", "138 0013 8000",
      "98765 43210", "98765-43210", "612 34 56 78", "601 234 567", "22 123 45 67", "9123 4567", "12 34 56 78", "6 12 34 56 78",
      "10-1234-5678", "010-1234-5678", "+30 21 0123 4567", "+1 (415) 555.2671", "+420 601 234 567", "+234 803 123 4567",
      "00 49 151 12345678",
      "011 49 151 12345678", "1 (800) 555-0199", "+49-(0)151/1234-5678", "+49(0)15112345678", "(+49) 151 12345678", "+1 415 555 2671 x12",
      "+1-415-555-2671 ext. 7", "tel:+1-415-555-2671;ext=7", "sms:+14155552671", "callto:+14155552671", "whatsapp:+14155552671",
      "sip:ann@example.com", "Tel. +49 151 12345678", "Phone: (415) 555-2671", "+ 49 151 12345678", "415 555 2671", "(415)5552671",
      "+7(495)1234567", "03-1234-5678", "0412 345 678", "+49 15112345678", "４１５-５５５-２６７１",
    ])
  func phones(text: String) {
    let (stored, decision) = GateFixture().judge(text)
    #expect(
      decision.reason.hasPrefix("phone") || decision.reason.hasPrefix("email"), "\(text) rests as \(String(describing: stored?.texts))")
    #expect(
      !(stored?.texts.joined() ?? "").contains { $0.isNumber && $0 != "1" && $0 != "2" && $0 != "7" }, "\(String(describing: stored))")
  }

  @Test(
    "rows of digits under a name that says phone",
    arguments: [
      "mobile", "caller", "sms_to", "whatsapp_number", "phone_home", "dialed_number", "to", "from", "recipient", "cell", "callee",
      "msisdn2",
    ])
  func namedDigits(name: String) {
    #expect(GateFixture().judge("4915112345678", as: name).stored == nil, "\(name)")
    #expect(GateFixture().pass([Property(name, .number(4_915_112_345_678))]).properties.isEmpty, "\(name)")
    #expect(GateFixture().judge("pricing", as: name).decision.reason != "phone")
  }

  @Test(
    "IP addresses in their forms",
    arguments: [
      "203.0.113.9", "203.000.113.009", "203.0.113.9/32", "http://203.0.113.9", "203.0.113.9:443", "::ffff:cb00:7109", "::203.0.113.9",
      "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "[2001:db8::1%25eth0]", "2001:db8::1/64", "fe80::1%en0", "::ffff:203.0.113.9", "[::1]:8080",
      "IPv6:2001:db8::1", "IP 203.0.113.9", "203.0.113.9, 70.41.3.18, 150.172.238.178", "for=203.0.113.9;proto=http",
      "Forwarded: for=\"[2001:db8::1]:4711\"", "203.0.113.9.", "203.0.113.9-203.0.113.20", "203.0.113.9->198.51.100.4",
    ])
  func addresses(text: String) {
    let stored = GateFixture().judge(text).stored?.texts.joined() ?? ""
    #expect(
      !stored.contains("203") && !stored.lowercased().contains("db8") && !stored.contains("::") && !stored.contains("fe80"), "\(stored)")
  }

  @Test("keys of objects that are identifiers, at any depth, on events and profiles")
  func keys() {
    let nested = PropertyValue.list([
      .object([Property("ann@example.com", .number(1)), Property("deep", .object([Property("203.0.113.9", .boolean(true))]))])
    ])
    let fixture = GateFixture()
    let clean = StoredValue.list([.object([StoredProperty("deep", .object([]))])])
    #expect(fixture.pass([Property("m", nested)]).value("m") == clean)
    for operation in [
      ProfileOperation<PropertyValue>.set([.init("m", nested)]), .setOnce([.init("m", nested)]), .append([.init("m", nested)]),
      .union([.init("m", nested)]), .remove([.init("m", nested)]),
    ] {
      #expect(fixture.profile(operation).profileUpdates[0].value("m") == clean)
    }
    let sealed = fixture.profile(.set([.init("billing_address", .object([Property("ann@example.com", .string("x"))]))])).profileUpdates[0]
    #expect(sealed.value("billing_address") == nil)
  }

  @Test("own ids of any length do not come back as names, nor in another case")
  func ownIdentifiers() {
    let fixture = GateFixture()
    let identity = ReceivedIdentity(userID: "Acct-47", deviceID: "d-9", distinctID: "Acct-47")
    let event = fixture.pass(
      [
        Property("Acct-47", .number(1)), Property("d-9", .number(1)), Property("o", .object([Property("d-9", .number(1))])),
        Property("who", .string("ACCT-47")), Property("title", .string("opened by acct-47")), Property("path", .string("/u/acct%2D47")),
      ], named: "d-9", identity: identity)
    #expect(event.name == "[id]")
    #expect(event.properties.map(\.name) == ["o", "who", "title", "path"])
    #expect(event.value("o") == .object([]))
    #expect(event.value("who") == .pseudonym(fixture.pseudonymizer.subject("Acct-47")))
    #expect(event.value("title") == .string("opened by [id]"))
    #expect(event.value("path") == .string("/u/[id]"))
    #expect(event.decisions.allSatisfy { !$0.property.lowercased().contains("47") && $0.property != "d-9" })
    let profile = fixture.profile(.unset(["u1", "plan"]), target: .subject("u1")).profileUpdates[0]
    #expect(profile.operation == .unset(["plan"]))
    let group = fixture.profile(.set([]), target: .group(key: "acme", id: "acme")).profileUpdates[0]
    guard case .group(let key, _) = group.target else { return #expect(Bool(false)) }
    #expect(key == "[id]")
  }

  @Test("cards and own ids under names of payload are judged although counts may pass there")
  func numbersUnderPayloadNames() {
    let fixture = GateFixture()
    let event = fixture.pass(
      [Property("input", .number(4_111_111_111_111_111)), Property("output", .number(123_456)), Property("messages", .number(3))],
      identity: ReceivedIdentity(userID: "123456"))
    #expect(event.value("input") == nil)
    #expect(event.value("output") == .pseudonym(fixture.pseudonymizer.subject("123456")))
    #expect(event.value("messages") == .number(3))
  }
}
