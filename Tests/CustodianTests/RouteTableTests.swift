import Access
import Custodian
import Events
import Foundation
import HTTPTypes
import Passkeys
import SoftAuthenticator
import Testing
import Vault
import Web

/// Every route of the custodian's pages, asked by everybody who may knock: what is not in the table fails, and what it does not allow is denied.
struct RouteTableTests {
  private let door: CustodianDoor

  init() throws { door = try CustodianDoor() }

  private func ask(_ row: RouteRow, _ asked: CustodianDoor.Asked, as name: String) async throws -> CustodianDoor.Answer {
    let seat = try #require(door.seats[name])
    return try await door.ask(row.route, asked, cookie: seat.cookie, token: seat.token)
  }

  private func ask(_ row: RouteRow, _ asked: CustodianDoor.Asked, as outsider: RouteRow.Outsider) async throws -> CustodianDoor.Answer {
    // With the token of a form that is open before somebody who may.
    let token = door.seats["Ada"]?.token
    switch outsider {
    case .stranger: return try await door.ask(row.route, asked, token: token)
    case .nonsense: return try await door.ask(row.route, asked, cookie: Secret.random(.session).text, token: token)
    case .removed, .ended, .idle:
      let seat = try #require(door.seats[outsider == .removed ? "Cleo" : outsider.rawValue])
      return try await door.ask(row.route, asked, cookie: seat.cookie, token: seat.token)
    case .link:
      return try await door.ask(
        row.route, asked, cookie: door.link, token: token, headers: ["Authorization": "Bearer \(door.link)"])
    case .program:
      let secret = Secret.random(.serviceAccount).text
      let basic = Data("sa_0000000000000000:\(secret)".utf8).base64EncodedString()
      return try await door.ask(row.route, asked, cookie: secret, token: token, headers: ["Authorization": "Basic \(basic)"])
    }
  }

  @Test func `every route stands in the table`() async throws {
    let rows = RouteRow.table.map(\.route)
    #expect(Set(rows).count == rows.count, "a route stands in the table twice")
    let known = Set(rows).union(RouteRow.waysIn)
    let routes = door.routes.filter { !$0.hasPrefix("GET /assets/") && !$0.hasPrefix("HEAD ") }
    #expect(routes == known, "\(routes.symmetricDifference(known).sorted())")
    for asset in door.routes.subtracting(known) where asset.hasPrefix("GET ") {
      #expect(try await door.ask(asset, .init(address: String(asset.dropFirst(4)))).status == 200, "\(asset)")
    }
    for row in RouteRow.table where row.outsider < 300 {
      #expect(row.route.hasPrefix("GET ") || row.route == "POST /sign-in/begin", "\(row.route): nobody acts from outside")
    }
  }

  /// What an outsider and a newcomer are refused is the same that then is granted, so that it was for want of them that it was refused.
  @Test func `everybody gets what the table says and nothing else`() async throws {
    for row in RouteRow.table {
      let asked = try await row.make(door)
      for outsider in RouteRow.Outsider.allCases {
        let answer = try await ask(row, asked, as: outsider)
        #expect(answer.status == row.outsider, "\(row.route), \(outsider): \(answer.status) \(answer.text.suffix(300))")
        // Nothing of who is there, what was asked, or of a session.
        for word in ["Ada", "Bea", "4711", "form-token", "ticket"] { #expect(!answer.text.contains(word), "\(row.route), \(outsider)") }
        #expect(answer.headers[.setCookie] == nil, "\(row.route), \(outsider)")
      }
      let newcomer = try await ask(row, asked, as: "Emil")
      #expect(newcomer.status == row.newcomer, "\(row.route), newcomer: \(newcomer.status) \(newcomer.text.suffix(300))")
      let other = try await ask(row, row.other < 400 ? try await row.make(door) : asked, as: "Bea")
      #expect(other.status == row.other, "\(row.route), other: \(other.status) \(other.text.suffix(300))")
      let own = try await ask(row, asked, as: "Ada")
      #expect(own.status == row.own, "\(row.route), own: \(own.status) \(own.text.suffix(300))")
    }
  }

  /// A page of another site, which has the cookie sent along, acts for nobody.
  @Test func `what no page of the custodian sent is refused`() async throws {
    let ada = try #require(door.seats["Ada"])
    for row in RouteRow.table where row.route.hasPrefix("POST ") {
      let asked = try await row.make(door)
      func refused(_ token: String?, _ headers: [String: String?], _ why: String) async throws {
        let answer = try await door.ask(row.route, asked, cookie: ada.cookie, token: token, headers: headers)
        #expect(answer.status == 400, "\(row.route), \(why): \(answer.status)")
        #expect(answer.headers[.setCookie] == nil, "\(row.route), \(why)")
      }
      switch asked.body {
      case .json:
        for origin in [nil, "null", "https://evil.example", "https://custodian.example.org.evil.example", "http://custodian.example.org"] {
          try await refused(nil, ["Origin": origin], "from \(origin ?? "no origin")")
        }
        for type in [nil, "text/plain", "application/x-www-form-urlencoded"] {
          try await refused(nil, ["Content-Type": type], "as \(type ?? "nothing")")
        }
      case .form, .none:
        try await refused(nil, [:], "without a token")
        try await refused("", [:], "with an empty token")
        try await refused(door.seats["Bea"]?.token, [:], "with the token of another session")
        for type in [nil, "text/plain", "application/json"] {
          try await refused(ada.token, ["Content-Type": type], "as \(type ?? "nothing")")
        }
      }
      // And so it is granted.
      #expect(try await ask(row, asked, as: "Ada").status == row.own, "\(row.route)")
    }
    // Nor does one by which one gets in.
    for route in RouteRow.waysIn {
      let path = String(route.dropFirst(5))
      let asked = CustodianDoor.Asked(address: path, body: .json(#"{"link":"\#(door.link)","name":"Eve"}"#))
      for origin in [nil, "https://evil.example"] {
        let answer = try await door.ask(route, asked, headers: ["Origin": origin])
        #expect(answer.status == 400 && answer.text.contains("own pages"), "\(route)")
      }
    }
  }

  @Test func `a link lets its holder enrol, once, and nobody else`() async throws {
    func begin(_ link: String, cookie: String? = nil) async throws -> CustodianDoor.Answer {
      try await door.ask(
        "POST /enrol/begin", .init(address: "/enrol/begin", body: .json(#"{"link":"\#(link)","name":"Fay"}"#)), cookie: cookie)
    }
    // No session and no other secret is a link.
    let ada = try #require(door.seats["Ada"])
    for wrong in ["", ada.cookie, Secret.random(.approverLink).text, Secret.random(.serviceAccount).text, String(door.link.dropLast())] {
      #expect(try await begin(wrong, cookie: ada.cookie).status == 410, "\(wrong.prefix(4))")
    }
    let begun = try await begin(door.link)
    #expect(begun.status == 200 && begun.headers[.setCookie] == nil)
    let options = try JSONSerialization.jsonObject(with: Data(begun.text.utf8)) as? [String: Any]
    let challenge = try #require((options?["ceremony"] as? String).flatMap { Base64URL.decode($0) })
    func finish(_ ceremony: [UInt8]) async throws -> CustodianDoor.Answer {
      var device = door.it.authenticator("Fay")
      return try await door.ask(
        "POST /enrol/finish",
        .init(address: "/enrol/finish", body: .json(CustodianDoor.json(device.register(ceremony), ceremony: ceremony))))
    }
    // A question that was never asked, and one that was asked for another purpose.
    for wrong in [[UInt8](repeating: 7, count: 32), door.it.approvals.beginSignIn()] {
      let answer = try await finish(wrong)
      #expect(answer.status == 409 && answer.headers[.setCookie] == nil)
    }
    let enrolled = try await finish(challenge)
    #expect(enrolled.status == 200 && enrolled.headers[.setCookie]?.hasPrefix("\(Cookies.session)=slc_") == true)
    #expect(try await finish(challenge).status == 409)
    #expect(try await begin(door.link).status == 410)
    #expect(try door.it.approver("Fay").isEnrolled)
  }

  @Test func `only the passkey of somebody who is an approver signs in`() async throws {
    func finish(_ name: String, _ challenge: [UInt8]? = nil) async throws -> CustodianDoor.Answer {
      let challenge = challenge ?? door.it.approvals.beginSignIn()
      let body = CustodianDoor.json(try door.it.assertion(name, challenge), ceremony: challenge)
      return try await door.ask("POST /sign-in/finish", .init(address: "/sign-in/finish", body: .json(body)))
    }
    door.it.passkeys["Stranger"] = door.it.authenticator("Stranger")
    door.it.passkeys["Stranger"]?.userHandle = try door.it.approver("Ada").id
    for (name, code) in [("Stranger", "unknown_credential"), ("Cleo", "removed")] {
      let answer = try await finish(name)
      #expect(answer.status == 403 && answer.text.contains(#""code":"\#(code)""#), "\(name): \(answer.status) \(answer.text)")
      #expect(answer.headers[.setCookie] == nil)
    }
    #expect(try await finish("Ada", [UInt8](repeating: 7, count: 32)).status == 409)
    let ada = try await finish("Ada")
    #expect(ada.status == 200 && ada.headers[.setCookie]?.contains("HttpOnly; SameSite=Strict") == true)
  }

  @Test func `a draft is there for its writer alone`() async throws {
    let wish = CustodianRequest.Wish.dailyLimit(subjects: 5)
    let draft = try door.it.approvals.write(wish, purpose: "We open very few of them", by: door.it.approver("Ada"))
    let path = "/requests/\(draft.digest.hexadecimal)"
    for (name, status) in [("Bea", 404), ("Emil", 404), ("Ada", 200)] {
      let seat = try #require(door.seats[name])
      #expect(try await door.ask("GET /", .init(address: path), cookie: seat.cookie).status == status, "\(name)")
      guard name != "Emil" else { continue }
      let refused = try await door.ask("POST /", .init(address: path + "/refuse", body: .form([])), cookie: seat.cookie, token: seat.token)
      #expect(refused.status == (status == 200 ? 303 : 404), "\(name): \(refused.status)")
    }
  }

  @Test func `whoever is to be removed does not refuse it either`() async throws {
    // There must be four who can act.
    door.it.clock.advance(Approver.admissionDelay)
    let removal = try door.it.ask(
      .remove(approver: door.it.approver("Bea").text, name: "Bea"), purpose: "Her device was stolen on a journey")
    let path = "/requests/\(removal.digest.hexadecimal)/refuse"
    for (name, status) in [("Bea", 403), ("Ada", 303)] {
      let seat = try door.signIn(name)
      let answer = try await door.ask("POST /", .init(address: path, body: .form([])), cookie: seat.cookie, token: seat.token)
      #expect(answer.status == status, "\(name): \(answer.status)")
    }
    #expect(try door.it.codes().first == "concerns_you")
    // One's own removal, asked for by oneself, one takes back.
    let own = try door.it.ask(
      .remove(approver: door.it.approver("Bea").text, name: "Bea"), by: "Bea", purpose: "I leave the company in April")
    try door.it.approvals.refuse(own.digest, by: door.it.approver("Bea"))
    #expect(try door.it.store.request(own.digest)?.state == .refused)
  }
}
