import Access
import Console
import Events
import Foundation
import Testing
import Web

/// Signing in, the staff's pages, and what each role is shown.
struct StaffPageTests {
  @Test func signInPagesAreThereForEverybodyAndSayNothing() async throws {
    let site = try await Site()
    for path in ["/setup", "/join", "/sign-in"] {
      let page = try await site.get(path, cookie: "", isProven: false)
      #expect(page.status == 200 && page.text.contains("data-passkey"), "\(path)")
      #expect(!page.text.contains("Orrery") && !page.text.contains("Ada"), "\(path)")
      #expect(try await site.get(path, cookie: "", isProven: false, authority: "192.168.1.4:8000").status == 403, "\(path)")
    }
    #expect(try await !site.get("/setup", cookie: "").text.contains("data-demo"))
  }

  static let rows = [
    "/live", "/live/rows?after=0", "/subjects?q=s_", "/subjects/s_\(String(repeating: "0", count: 31))3", "/account", "/staff/st_1",
  ]

  @Test("a copied cookie opens figures, and no row", arguments: rows)
  func aCopiedCookieOpensNoRow(path: String) async throws {
    let site = try await Site()
    #expect(try await site.get("/cohorts", isProven: false).status == 200)
    let page = try await site.get(path, isProven: false)
    #expect(page.status == 401 && page.text.contains("data-prove"), "\(page.text)")
    #expect(!page.text.contains("s_0") && !page.text.contains("ses_"))
    #expect(try await site.get(path).status != 401)
  }

  @Test("a form without a proof changes nothing", arguments: ["/settings/accounts", "/staff", "/account/phished", "/door/cohort"])
  func aFormWithoutAProofChangesNothing(path: String) async throws {
    let site = try await Site()
    let answer = try await site.post(
      path, [.init("name", "x"), .init("scope", "query"), .init("role", "viewer"), .init("to", "x")], isProven: false)
    #expect([400, 401].contains(answer.status), "\(answer.status)")
    #expect(site.services.control.serviceAccounts(of: nil).isEmpty)
    #expect(try await site.services.control.staff().count == 1)
    #expect(try await site.get("/account").status == 200)
  }

  @Test func anOwnerInvitesGivesRolesAndRemoves() async throws {
    let site = try await Site()
    let made = try await site.post("/staff", [.init("name", "Bea"), .init("role", "analyst"), .init("role", "developer")])
    #expect(made.status == 200 && made.text.contains("/join#slu_"))
    let bea = try #require(try await site.services.control.staff().first { $0.name == "Bea" })
    #expect(bea.roles.words == ["analyst@1", "developer@1"])
    #expect(try await site.post("/staff", [.init("name", "bea"), .init("role", "viewer")]).status == 400)
    #expect(try await site.post("/staff", [.init("name", "Cleo")]).status == 400)
    #expect(try await site.post("/staff/roles", [.init("staff", bea.id.rawValue), .init("role", "viewer")]).status == 200)
    #expect(try await site.services.control.staffMember(bea.id)?.roles.words == ["viewer@1"])
    #expect(try await site.post("/staff/roles", [.init("staff", bea.id.rawValue)]).status == 400)
    #expect(try await site.post("/staff/remove", [.init("staff", bea.id.rawValue)]).status == 200)
    #expect(try await site.services.control.staffMember(bea.id)?.suspension == .removed)
    let page = try await site.get("/staff")
    #expect(page.text.contains("Bea") && page.text.contains("removed"))
  }

  @Test func anAdminMakesNoOwnerAndTouchesNone() async throws {
    let site = try await Site(role: .admin)
    let owner = try #require(try await site.services.control.staff().first { $0.roles.isOwner })
    let me = try #require(try await site.services.control.staff().first { $0.name == "Bea" })
    #expect(try await site.post("/staff", [.init("name", "Mallory"), .init("role", "owner")]).status == 403)
    for path in ["/staff/roles", "/staff/remove", "/staff/recovery"] {
      #expect(try await site.post(path, [.init("staff", owner.id.rawValue), .init("role", "viewer")]).status == 403, "\(path)")
    }
    #expect(try await site.post("/staff/roles", [.init("staff", me.id.rawValue), .init("role", "analyst")]).status == 400)
    #expect(try await site.services.control.staffMember(me.id)?.roles.words == ["admin@1"])
    #expect(try await site.post("/staff", [.init("name", "Cleo"), .init("role", "viewer")]).status == 200)
  }

  @Test func theBadMomentEndsEverything() async throws {
    let site = try await Site()
    let answer = try await site.post("/account/phished", [])
    #expect(answer.status == 200 && answer.text.contains("cut off"))
    #expect(try await site.get("/").status == 401)
    #expect(try await site.services.control.sessions().isEmpty)
    #expect(try await !site.services.control.hasOwner())
  }

  @Test("pages are for those whose role they are", arguments: Role.allCases)
  func pagesByRole(role: Role) async throws {
    let site = try await Site(role: role)
    let open: [String: Set<Role>] = [
      "/": Set(Role.allCases), "/insights": Set(Role.allCases), "/funnels": Set(Role.allCases), "/account": Set(Role.allCases),
      "/cohorts": Set(Role.allCases), "/live": [.developer, .owner], "/subjects?q=s_": [.analyst, .privacyOfficer, .owner],
      "/settings": [.developer, .privacyOfficer, .admin, .owner], "/plan": [.developer, .privacyOfficer, .admin, .owner],
      "/staff": [.privacyOfficer, .admin, .owner],
    ]
    for (path, roles) in open {
      let status = try await site.get(path).status
      #expect(roles.contains(role) ? [200, 303].contains(status) : status == 403, "\(role) at \(path): \(status)")
    }
    let home = try await site.get("/").text
    for (link, roles) in [("/live", open["/live"]), ("/staff", open["/staff"]), ("/settings", open["/settings"])] {
      #expect(home.contains("<a href=\"\(link)\" data-go") == (roles?.contains(role) ?? false), "\(role): \(link)")
    }
  }
}
