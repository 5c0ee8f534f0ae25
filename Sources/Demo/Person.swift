import Events

/// One person's way through the platform.
struct Person {
  private let organization: Organization
  private let userID: String
  private let deviceID: String
  private let firstName: String
  private let lastName: String
  private let isAdmin: Bool
  private let phone: String
  private let address: String
  private let place: Int
  private let system: String
  private let browser: String
  private let sdk: String
  private let referrer: String
  private let start: Int64
  private var end: Int64
  /// Nil: was a customer before the period begins.
  private let signedUpAt: Int64?
  private var plan: Int
  private var model: Int

  private static let day: Int64 = 86_400_000
  private static let minute: Int64 = 60_000

  init(number: Int, organizations: [Organization], options: OrreryLabs.Options, random: inout SeededRandom) {
    organization = organizations[random.rank(of: organizations.count)]
    let tag = String(random.next() >> 24, radix: 16)
    userID = "user_" + tag
    deviceID = Self.uuid(random.next(), random.next())
    firstName = random.pick(Cast.firstNames)
    lastName = random.pick(Cast.lastNames)
    isAdmin = random.chance(0.12)
    phone = "+1 202 555 01" + (number % 100 < 10 ? "0" : "") + String(number % 100)
    address = random.pick(Cast.addressRanges) + String(1 + random.below(254))
    place = random.chance(0.7) ? organization.place : random.rank(of: Cast.places.count)
    system = Cast.systems[random.rank(of: Cast.systems.count)]
    browser = Cast.browsers[random.rank(of: Cast.browsers.count)]
    sdk = Cast.sdks[random.rank(of: Cast.sdks.count)]
    referrer = Cast.referrers[random.rank(of: Cast.referrers.count)]
    end = options.until.milliseconds
    start = end - Int64(options.days) * Self.day
    // Two thirds come inside the period, more of them towards its end: a platform that grows.
    if random.chance(0.66) {
      let fraction = random.fraction()
      let when = 1 - (1 - fraction) * (0.45 + 0.55 * (1 - fraction))
      signedUpAt = start + Int64(when * Double(options.days) * Double(Self.day) * 0.998)
    } else {
      signedUpAt = nil
    }
    plan = organization.plan
    model = random.rank(of: Cast.models.count)
  }

  /// Tells every event in order of time.
  mutating func tell(random: inout SeededRandom, into requests: inout RequestWriter) {
    var clock = signedUpAt ?? start
    var isActivated = signedUpAt == nil
    if let signedUpAt {
      clock = signedUpAt - Int64(random.below(40) + 2) * Self.minute
      isActivated = tellOnboarding(from: &clock, random: &random, into: &requests)
    }
    tellUsage(from: clock, isActivated: isActivated, random: &random, into: &requests)
  }

  /// One event of a session, now: what the live view shows while the demo runs.
  mutating func tellMoment(at time: Int64, random: inout SeededRandom, into requests: inout RequestWriter) {
    end = time
    let teller = Teller(person: self, isAnonymous: false)
    switch random.below(12) {
    case 0: teller.event("Console Opened", at: time, random: &random, into: &requests)
    case 1...2: teller.page(random.pick(["/docs", "/docs/models", "/docs/errors"]), at: time, random: &random, into: &requests)
    case 3: teller.event("Usage Viewed", at: time, random: &random, into: &requests)
    case 4: teller.ticket(at: time, random: &random, into: &requests)
    case 5: teller.call("Playground Run", model: model, at: time, random: &random, into: &requests)
    default: teller.call("API Request", model: model, at: time, random: &random, into: &requests)
    }
  }

  func describe(into profiles: inout JSONText) {
    profiles.object { update in
      update.member("$distinct_id", userID)
      update.member("$ip", address)
      update.object("$set") { properties in
        properties.member("$email", "\(firstName).\(lastName)@\(organization.domain)".lowercased())
        properties.member("$name", firstName + " " + lastName)
        if isAdmin { properties.member("$phone", phone) }
        properties.member("org_id", organization.id)
        properties.member("role", isAdmin ? "admin" : "member")
        properties.member("plan", Cast.plans[plan])
        properties.member("sdk", sdk)
      }
    }
  }

  // MARK: - The journey

  /// From the first visit to the first call. Returns whether the person got as far as a call.
  private mutating func tellOnboarding(from clock: inout Int64, random: inout SeededRandom, into requests: inout RequestWriter) -> Bool {
    let teller = Teller(person: self, isAnonymous: true)
    for page in 0..<(1 + random.below(3)) {
      teller.page(["", "/pricing", "/docs", "/models"][min(3, page + random.below(2))], at: clock, random: &random, into: &requests)
      clock += Int64(random.around(70_000, spread: 0.9))
    }
    clock = max(clock, signedUpAt ?? clock)
    let known = Teller(person: self, isAnonymous: false)
    known.event("Signed Up", at: clock, random: &random, into: &requests)
    clock += Int64(random.around(180_000, spread: 1.2))
    guard random.chance(0.87) else { return false }
    known.event("E-mail Verified", at: clock, random: &random, into: &requests)
    clock += Int64(random.around(240_000, spread: 1.4))
    if random.chance(0.55) {
      known.page("/docs/quickstart", at: clock, random: &random, into: &requests)
      clock += Int64(random.around(120_000, spread: 1))
    }
    guard random.chance(isAdmin ? 0.9 : 0.76) else { return false }
    known.event("API Key Created", at: clock, random: &random, into: &requests)
    clock += Int64(random.around(300_000, spread: 1.3))
    if random.chance(0.72) {
      known.event("Playground Opened", at: clock, random: &random, into: &requests)
      clock += Int64(random.around(60_000, spread: 1))
      if random.chance(0.8) {
        known.call("Playground Run", model: model, at: clock, random: &random, into: &requests)
        clock += Int64(random.around(600_000, spread: 1.6))
      }
    }
    // Python and TypeScript users get to a call more often: something for a breakdown to find.
    guard random.chance(sdk == "python" || sdk == "typescript" ? 0.74 : 0.52) else { return false }
    clock += Int64(random.around(5_400_000, spread: 1.8))
    known.call("First API Call", model: model, at: clock, random: &random, into: &requests)
    clock += Int64(random.around(900_000, spread: 1.2))
    if random.chance(0.66) {
      model = random.rank(of: Cast.models.count)
      known.event("Model Selected", at: clock, random: &random, into: &requests) { [model] in $0.member("model", Cast.models[model]) }
      clock += Self.minute
    }
    return true
  }

  private mutating func tellUsage(
    from first: Int64, isActivated: Bool, random: inout SeededRandom, into requests: inout RequestWriter
  ) {
    let teller = Teller(person: self, isAnonymous: false)
    let firstDay = first / Self.day
    var quotaHits = 0
    var hasUpgraded = false
    var day = firstDay + 1
    while day * Self.day < end {
      let age = Double(day - firstDay)
      let loyalty = isActivated ? 0.50 / (1 + age * 0.035) : 0.16 / (1 + age * 0.25)
      let isWeekend = (day + 4) % 7 == 0 || (day + 4) % 7 == 6
      if random.chance(isWeekend ? loyalty * 0.35 : loyalty) {
        var clock = day * Self.day + Int64((8 + random.fraction() * 5 + random.fraction() * 5) * 3_600_000)
        for _ in 0..<(1 + random.below(2)) {
          tellSession(teller, from: &clock, isActivated: isActivated, random: &random, into: &requests)
          if isActivated, plan == 0, random.chance(0.05) {
            quotaHits += 1
            teller.event("Quota Hit", at: clock, random: &random, into: &requests)
            clock += Int64(random.around(400_000, spread: 1.3))
            teller.event("Usage Viewed", at: clock, random: &random, into: &requests)
            clock += Int64(random.around(240_000, spread: 1))
          }
          if !hasUpgraded, quotaHits > 0, random.chance(isAdmin ? 0.30 : 0.12) {
            hasUpgraded = true
            tellUpgrade(teller, from: &clock, random: &random, into: &requests)
          }
          clock += Int64(random.around(4_000_000, spread: 0.8))
        }
      }
      day += 1
    }
  }

  private mutating func tellUpgrade(
    _ teller: Teller, from clock: inout Int64, random: inout SeededRandom, into requests: inout RequestWriter
  ) {
    teller.event("Billing Viewed", at: clock, random: &random, into: &requests)
    clock += Int64(random.around(200_000, spread: 1))
    teller.event("Payment Method Added", at: clock, random: &random, into: &requests)
    clock += Int64(random.around(60_000, spread: 0.8))
    plan = 1 + random.below(2)
    teller.event("Plan Upgraded", at: clock, random: &random, into: &requests) { [plan] in $0.member("new_plan", Cast.plans[plan]) }
    clock += Int64(random.around(600_000, spread: 1))
    for _ in 0..<random.below(4) {
      teller.event("Member Invited", at: clock, random: &random, into: &requests)
      clock += Int64(random.around(45_000, spread: 0.8))
    }
  }

  private func tellSession(
    _ teller: Teller, from clock: inout Int64, isActivated: Bool, random: inout SeededRandom, into requests: inout RequestWriter
  ) {
    teller.event("Console Opened", at: clock, random: &random, into: &requests)
    for _ in 0..<(1 + random.below(isActivated ? 9 : 4)) {
      clock += Int64(random.around(50_000, spread: 1.1))
      switch random.below(20) {
      case 0...2:
        teller.page(random.pick(["/docs", "/docs/models", "/docs/errors", "/docs/limits"]), at: clock, random: &random, into: &requests)
      case 3: teller.event("Usage Viewed", at: clock, random: &random, into: &requests)
      case 4: teller.event("Logs Viewed", at: clock, random: &random, into: &requests)
      case 5: teller.event("Playground Opened", at: clock, random: &random, into: &requests)
      case 6...7: teller.call("Playground Run", model: model, at: clock, random: &random, into: &requests)
      case 8 where random.chance(0.2): teller.ticket(at: clock, random: &random, into: &requests)
      case 9 where random.chance(0.15): teller.event("API Key Rotated", at: clock, random: &random, into: &requests)
      default:
        if isActivated {
          teller.call("API Request", model: model, at: clock, random: &random, into: &requests)
        } else {
          teller.page("/docs/quickstart", at: clock, random: &random, into: &requests)
        }
      }
    }
  }

  private static func uuid(_ high: UInt64, _ low: UInt64) -> String {
    func hexadecimal(_ value: UInt64, _ digits: Int) -> String {
      let text = String(value & ((1 << UInt64(digits * 4)) - 1), radix: 16)
      return String(repeating: "0", count: digits - text.count) + text
    }
    return [
      hexadecimal(high >> 32, 8), hexadecimal(high >> 16, 4), "4" + hexadecimal(high, 3), "a" + hexadecimal(low >> 48, 3),
      hexadecimal(low, 12),
    ]
    .joined(separator: "-")
  }

  // MARK: - One event

  /// Writes single events of a person, in the shape in which the SDKs send them.
  private struct Teller {
    let person: Person
    let isAnonymous: Bool

    func event(
      _ name: String, at time: Int64, random: inout SeededRandom, into requests: inout RequestWriter,
      _ more: (inout JSONText) -> Void = { _ in }
    ) {
      guard time <= person.end, time >= person.start else { return }
      let insertID = String(random.next(), radix: 16)
      requests.event(name) { properties in
        properties.member("time", time)
        properties.member("$insert_id", insertID)
        properties.member("$device_id", person.deviceID)
        if isAnonymous {
          properties.member("distinct_id", "$device:" + person.deviceID)
        } else {
          properties.member("distinct_id", person.userID)
          properties.member("$user_id", person.userID)
          properties.member("org_id", person.organization.id)
          properties.member("plan", Cast.plans[person.plan])
        }
        properties.member("ip", person.address)
        properties.member("$os", person.system)
        properties.member("$browser", person.browser)
        properties.member("$city", Cast.places[person.place].city)
        properties.member("mp_country_code", Cast.places[person.place].country)
        properties.member("$referring_domain", person.referrer)
        properties.member("mp_lib", isAnonymous ? "web" : person.sdk)
        more(&properties)
      }
    }

    func page(_ path: String, at time: Int64, random: inout SeededRandom, into requests: inout RequestWriter) {
      let campaign =
        random.chance(0.2) ? "?utm_source=newsletter&email=\(person.firstName.lowercased())%40\(person.organization.domain)" : ""
      event("Page Viewed", at: time, random: &random, into: &requests) {
        $0.member("$current_url", "https://console.orrery.example" + path + campaign)
        $0.member("page", path.isEmpty ? "/" : path)
      }
    }

    func call(_ name: String, model: Int, at time: Int64, random: inout SeededRandom, into requests: inout RequestWriter) {
      let tokens = Int(random.around(620, spread: 1.2))
      let latency = Int(random.around(240 + Double(tokens) * 0.6, spread: 0.5))
      let status = [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 429, 400, 401, 500, 529][random.below(20)]
      // Somebody's integration sends the prompt along, somebody else's an API key: what the gate is for.
      let leaksPrompt = random.chance(0.004)
      let leaksKey = random.chance(0.001)
      event(name, at: time, random: &random, into: &requests) {
        $0.member("model", Cast.models[model])
        $0.member("sdk", person.sdk)
        $0.member("status", status)
        $0.member("latency_ms", latency)
        $0.member("tokens", tokens)
        if leaksPrompt { $0.member("prompt", "Summarise the attached minutes of our last board meeting in three sentences.") }
        if leaksKey { $0.member("debug", "Authorization: Bearer ghp_" + String(repeating: "demo", count: 9)) }
      }
    }

    func ticket(at time: Int64, random: inout SeededRandom, into requests: inout RequestWriter) {
      event("Support Ticket Opened", at: time, random: &random, into: &requests) {
        $0.member("topic", ["billing", "errors", "limits", "keys"][Int(time % 4)])
        $0.member("reply_to", "\(person.firstName).\(person.lastName)@\(person.organization.domain)".lowercased())
      }
    }
  }
}
