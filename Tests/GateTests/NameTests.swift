import Events
import Gate
import Testing
import Vault

/// What a property's name decides.
struct NameTests {
  @Test(
    "names of people are dropped on events and sealed on profiles",
    arguments: [
      "$email", "$name", "$first_name", "$last_name", "$phone", "$avatar", "email", "e-mail", "E-Mail", "eMail", "firstName", "first_name",
      "First Name",
      "lastname", "full_name", "fullName", "phone", "phoneNumber", "username", "user_name", "billing_email", "contactEmailAddress",
      "user.email",
      "customer_name", "company", "companyName", "organization_name", "date_of_birth", "street_address", "iban",
    ])
  func identifyingNames(name: String) throws {
    let fixture = GateFixture()
    let event = fixture.pass([Property(name, .string("Ann Example"))])
    #expect(event.properties.isEmpty)
    #expect(event.decisions == [Decision(property: name, treatment: .dropped, reason: "identifying_name")])

    let batch = fixture.profile(.set([.init(name, .string("Ann Example"))]))
    #expect(batch.profileUpdates[0].value(name)?.isSealed == true)
    #expect(batch.profileUpdates[0].decisions == [Decision(property: name, treatment: .sealed, reason: "identifying_name")])
    #expect(!batch.wrappedKeys.isEmpty)
  }

  @Test("a bare name is a page's on events and a person's on profiles")
  func bareName() {
    let fixture = GateFixture()
    #expect(fixture.pass([Property("name", .string("Pricing"))]).value("name") == .string("Pricing"))
    #expect(fixture.pass([Property("page_name", .string("Pricing"))]).value("page_name") == .string("Pricing"))
    #expect(fixture.profile(.set([.init("name", .string("Ann"))])).profileUpdates[0].value("name")?.isSealed == true)
    let nested = fixture.pass([Property("user", .object([Property("name", .string("Ann")), Property("plan", .string("pro"))]))])
    #expect(nested.value("user") == .object([StoredProperty("plan", .string("pro"))]))
    let list = fixture.pass([Property("members", .list([.object([Property("name", .string("Ann"))])]))])
    #expect(list.value("members") == .list([.object([])]))
  }

  @Test(
    "payload is refused by name, nested or not",
    arguments: [
      "prompt", "messages", "completion", "input", "output", "content", "system_prompt", "userPrompt", "gen_ai.prompt",
      "gen_ai.prompt.0.content",
      "gen_ai.completion.3.role", "gen_ai.input.messages", "gen_ai.output.messages", "llm.input_messages.0.message.content",
      "traceloop.entity.input",
      "input.value", "db.query.text", "exception.message", "exception.stacktrace", "http.request.header.authorization", "url.full",
      "metadata",
      "gen_ai.tool.call.arguments", "embedding.embeddings.0", "GEN_AI.PROMPT",
    ])
  func payloadNames(name: String) {
    let fixture = GateFixture()
    let event = fixture.pass([Property(name, .string("Summarise this"))])
    #expect(event.properties.isEmpty)
    #expect(event.decisions[0].treatment == .refused)
    let nested = fixture.pass([Property("call", .object([Property(name, .list([.string("x")])), Property("model", .string("gpt-4o"))]))])
    #expect(nested.value("call") == .object([StoredProperty("model", .string("gpt-4o"))]))
    #expect(nested.decisions[0].treatment == .refused)
    #expect(fixture.profile(.append([.init(name, .string("x"))])).profileUpdates[0].value(name) == nil)
  }

  @Test("dotted names that were taken apart into objects are the same names")
  func nestedDots() {
    let fixture = GateFixture()
    let event = fixture.pass([
      Property("gen_ai", .object([Property("prompt", .object([Property("0", .string("x")), Property("name", .string("greet"))]))])),
      Property("exception", .object([Property("message", .string("boom")), Property("type", .string("IOError"))])),
    ])
    #expect(event.value("exception") == .object([StoredProperty("type", .string("IOError"))]))
    #expect(event.value("gen_ai") == .object([]))
  }

  @Test(
    "names that only look like payload stay",
    arguments: [
      ("utm_content", "banner"), ("initial_utm_content", "banner"), ("gen_ai.prompt.name", "greet"), ("input_tokens", "12"),
      ("content_type", "json"),
      ("output_format", "png"), ("prompt_version", "7"), ("model", "gpt-4o"), ("plan", "pro"), ("$browser", "Chrome"), ("$os", "Linux"),
      ("message_count", "3"),
      ("email_verified", "yes"), ("phone_verified", "no"), ("api_key_id_count", "2"), ("token_type", "reasoning"), ("$screen_name", "Home"),
    ])
  func harmlessNames(name: String, text: String) {
    #expect(GateFixture().judge(text, as: name).stored == .string(text))
  }

  @Test("flags and counts under names of payload and people stay")
  func flags() {
    let event = GateFixture().pass([
      Property("email", .boolean(true)), Property("input", .number(512)), Property("messages", .null),
      Property("has_password", .boolean(true)),
    ])
    #expect(event.properties.map(\.value) == [.boolean(true), .number(512), .null, .boolean(true)])
  }

  @Test(
    "credentials are refused by name",
    arguments: ["password", "api_key", "apiKey", "access_token", "Authorization", "client_secret", "cookie", "cvv"])
  func secretNames(name: String) {
    let (stored, decision) = GateFixture().judge("whatever", as: name)
    #expect(stored == nil)
    #expect(decision == Decision(property: name, treatment: .refused, reason: "secret_name"))
  }

  @Test(
    "ids become pseudonyms",
    arguments: [
      "$user_id", "$identified_id", "$anon_distinct_id", "$distinct_ids", "alias", "user_id", "userId", "account_id", "customer_id",
      "target_user_id",
      "enduser.id", "gen_ai.conversation.id", "session.id", "user",
    ])
  func identifiers(name: String) {
    let fixture = GateFixture()
    let expected = StoredValue.pseudonym(fixture.pseudonymizer.subject("acct-1"))
    #expect(fixture.judge("acct-1", as: name).stored == expected)
    #expect(fixture.judge("acct-1", as: name).decision.treatment == .pseudonymized)
    #expect(fixture.pass([Property(name, .list([.string("acct-1")]))]).value(name) == .list([expected]))
    #expect(fixture.pass([Property(name, .number(42))]).value(name) == .pseudonym(fixture.pseudonymizer.subject("42")))
  }

  @Test("a device's id has the pseudonym of the device")
  func devices() {
    let fixture = GateFixture()
    let expected = StoredValue.pseudonym(fixture.pseudonymizer.subject("$device:d1"))
    #expect(fixture.judge("d1", as: "$anon_id").stored == expected)
    #expect(fixture.judge("d1", as: "$device_id").stored == expected)
  }

  @Test(
    "names that are identifiers or secrets are not stored, nor shown",
    arguments: [
      "ann@example.com", "+49 151 12345678", "203.0.113.9", "clicks of ann@example.com", "sk-proj-" + String(repeating: "a1", count: 20),
    ])
  func unfitNames(name: String) {
    let fixture = GateFixture()
    let event = fixture.pass([Property(name, .number(1)), Property("o", .object([Property(name, .number(1))]))])
    #expect(event.properties == [StoredProperty("o", .object([]))])
    #expect(
      event.decisions.allSatisfy { !$0.property.contains("ann@") && !$0.property.contains("203.0") && !$0.property.contains("sk-proj") })
    let update = fixture.profile(.unset([name, "plan"])).profileUpdates[0]
    #expect(update.operation == .unset(["plan"]))
    #expect(fixture.counters.total(.dropped, .unfitName) == 3)
  }

  @Test("event names are judged like values")
  func eventNames() {
    let fixture = GateFixture()
    #expect(fixture.pass([], named: "ann@example.com").name == "[email]")
    #expect(fixture.pass([], named: "Visit by ann@example.com").name == "Visit by [email]")
    #expect(fixture.pass([], named: "203.0.113.9").name == "[ip]")
    #expect(fixture.pass([], named: "Page of user-4711").name == "Page of [id]")
    #expect(fixture.pass([], named: "API Call").name == "API Call")
    #expect(fixture.counters.snapshot().allSatisfy { !$0.event.contains("ann@") && !$0.event.contains("4711") })
  }
}
