import Access
import Custodian
import Events
import Passkeys
import SoftAuthenticator
import Vault
import Web

/// One route of the custodian's pages: how it is asked, and what everybody of each standing gets.
struct RouteRow: Sendable {
  /// Who asks. What an outsider presents is no session of an approver, whatever else it is.
  enum Outsider: String, CaseIterable, Sendable {
    case stranger
    /// The cookie of a session that nobody has.
    case nonsense
    /// Sessions that were good: of somebody who was removed, signed out, or not used for a quarter of an hour.
    case removed, ended, idle
    /// A setup link that is good for enrolling and for nothing else.
    case link
    /// A service account's secret, as cookie, user name, password and bearer.
    case program
  }

  typealias Make = @Sendable (CustodianDoor) async throws -> CustodianDoor.Asked

  let route: String
  /// To Ada, whose request it is, or who may approve it.
  let own: Int
  /// To Bea, another approver.
  let other: Int
  /// To Emil, who may act in 72 hours.
  let newcomer: Int
  let outsider: Int
  let make: Make

  init(_ route: String, _ own: Int, other: Int, newcomer: Int, outsider: Int, _ make: @escaping Make) {
    (self.route, self.own, self.other, self.newcomer, self.outsider, self.make) = (route, own, other, newcomer, outsider, make)
  }

  /// For everybody: it says nothing of anybody, or how one gets in.
  private static func open(_ path: String) -> RouteRow {
    RouteRow("GET \(path)", 200, other: 200, newcomer: 200, outsider: 200) { _ in .init(address: path) }
  }

  /// For whoever is signed in.
  private static func page(_ path: String) -> RouteRow {
    RouteRow("GET \(path)", 200, other: 200, newcomer: 200, outsider: 401) { _ in .init(address: path) }
  }

  private static func address(_ request: CustodianRequest, _ ending: String) -> String {
    "/requests/\(request.digest.hexadecimal)\(ending)"
  }

  private static func approved(_ door: CustodianDoor, _ wish: CustodianRequest.Wish? = nil) throws -> CustodianRequest {
    let request = try door.it.ask(wish)
    for name in ["Bea", "Dora"] { try door.it.sign(request, as: name) }
    return request
  }

  /// Ways in: what they lead to is for whoever has a link or a passkey, whatever session asks. `RouteTableTests` asks each with good and bad ones.
  static let waysIn: Set<String> = ["POST /enrol/begin", "POST /enrol/finish", "POST /sign-in/finish"]

  /// Signing out is the last: it ends the sessions that ask.
  static let table: [RouteRow] = [
    open("/"), open("/status"), open("/status.json"), open("/healthz"), open("/enrol"),
    page("/approvers"), page("/record"), page("/requests/new"), page("/notices"),
    RouteRow("POST /notices", 303, other: 303, newcomer: 403, outsider: 401) { door in
      let number = door.it.bench.server.addIncident()
      return .init(
        address: "/notices",
        body: .form([
          .init("project", "\(door.it.bench.project.rawValue)"), .init("incident", "\(number)"),
          .init("purpose", "To tell those who are affected"),
        ]))
    },
    RouteRow("GET /notices/{request}", 200, other: 200, newcomer: 200, outsider: 401) { door in
      .init(address: "/notices/\(try await door.it.statement().hexadecimal)")
    },
    RouteRow("GET /notices/{request}/letters", 200, other: 200, newcomer: 200, outsider: 401) { door in
      .init(address: "/notices/\(try await door.it.statement().hexadecimal)/letters")
    },
    RouteRow("POST /notices/{request}/letters", 200, other: 200, newcomer: 200, outsider: 401) { door in
      .init(address: "/notices/\(try await door.it.statement().hexadecimal)/letters", body: .form([.init("act", "preview")]))
    },
    RouteRow("POST /requests/{request}/begin", 303, other: 403, newcomer: 403, outsider: 401) { door in
      let request = try await door.it.approvedScope(approvers: ["Bea", "Dora"])
      return .init(address: address(request, "/begin"), body: .form([.init("ticket", Base64URL.encode(try door.it.ticket(request)))]))
    },
    RouteRow("GET /requests/{request}", 200, other: 200, newcomer: 200, outsider: 401) { door in
      .init(address: address(try door.it.ask(), ""))
    },
    RouteRow("POST /requests", 303, other: 303, newcomer: 403, outsider: 401) { _ in
      .init(address: "/requests", body: .form([.init("kind", "passkey"), .init("purpose", "My other device, in the office")]))
    },
    RouteRow("POST /requests/{request}/refuse", 303, other: 303, newcomer: 403, outsider: 401) { door in
      .init(address: address(try door.it.ask(), "/refuse"), body: .form([]))
    },
    RouteRow("POST /requests/{request}/open", 200, other: 403, newcomer: 403, outsider: 401) { door in
      let request = try approved(door)
      let ticket = Base64URL.encode(try door.it.ticket(request))
      return .init(address: address(request, "/open"), body: .form([.init("ticket", ticket)]))
    },
    RouteRow("POST /requests/{request}/link", 200, other: 403, newcomer: 403, outsider: 401) { door in
      let request = try approved(door, .passkey)
      let ticket = Base64URL.encode(try door.it.ticket(request))
      return .init(address: address(request, "/link"), body: .form([.init("ticket", ticket)]))
    },
    // Of Bea's request, which she does not approve herself.
    RouteRow("POST /requests/{request}/sign/begin", 200, other: 403, newcomer: 403, outsider: 401) { door in
      .init(address: address(try door.it.ask(by: "Bea"), "/sign/begin"), body: .json("{}"))
    },
    RouteRow("POST /requests/{request}/sign/finish", 200, other: 403, newcomer: 403, outsider: 401) { door in
      let request = try door.it.ask(by: "Bea")
      let signed = try door.it.assertion("Ada", request.challenge(for: .approval))
      return .init(address: address(request, "/sign/finish"), body: .json(CustodianDoor.json(signed)))
    },
    RouteRow("POST /sign-in/begin", 200, other: 200, newcomer: 200, outsider: 200) { _ in
      .init(address: "/sign-in/begin", body: .json("{}"))
    },
    RouteRow("POST /sign-out", 303, other: 303, newcomer: 303, outsider: 401) { _ in .init(address: "/sign-out", body: .form([])) },
  ]
}
