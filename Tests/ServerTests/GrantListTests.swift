import Access
import Events
import Foundation
import Server
import TestSupport
import Testing

/// Lists of grants as consoles export them: every good row is read, every bad one named.
struct GrantListTests {
  static let now = Timestamp(milliseconds: 1_763_400_000_000)

  static func read(_ text: String, _ format: GrantList.Format = .csv) throws -> GrantList {
    try GrantList(Array(text.utf8), format: format, at: now)
  }

  @Test(
    arguments: [
      // Several consoles' first rows, one grant each.
      ("App name,ID,Requested services,Access\nPipes,123.apps.example,Drive,Unrestricted", "123.apps.example", "Pipes"),
      ("appDisplayName;clientId;scope;expiryTime\nPipes;cl-1;User.Read Mail.Read;2027-01-01T00:00:00Z", "cl-1", "Pipes"),
      ("application\tlast_used_at\nPipes\t2025-01-02 03:04", nil, "Pipes"),
      (
        "login,credential_id,credential_type,credential_authorized_at,authorized_credential_title\nada,7,personal access token,2025-01-01,ci",
        "7", "ci"
      ),
      ("\u{FEFF}\"Client ID\"\r\n\"a,b\"\"c\"", "a,b\"c", "a,b\"c"),
    ] as [(String, String?, String)])
  func namesOfConsolesAreKnown(text: String, client: String?, name: String) throws {
    let list = try Self.read(text)
    #expect(list.refusedCount == 0 && list.grants.count == 1)
    #expect(list.grants.first?.client == client && list.grants.first?.name == name)
  }

  @Test func whatIsSaidIsRead() throws {
    let list = try Self.read(
      """
      vendor,name,client id,kind,scopes,granted by,created,last used,expires,retired,revoked,note
      "Tallymark Analytics, Inc.",A,1,API key,"b a;a|c",ada@orrery.example,2025-01-02,1700000000,2026-01-01T00:00:00+01:00,yes,no,hello
      ,B,2,Webhook,,,,never,n/a,,2024-05-06,
      """)
    #expect(list.refusedCount == 0)
    let (a, b) = (list.grants[0], list.grants[1])
    #expect(a.vendor?.rawValue == "tallymark-analytics-inc" && a.kind == .apiKey && a.scopes == ["a", "b", "c"])
    #expect(a.grantedBy == "ada@orrery.example" && a.lastUsedAt == Timestamp(milliseconds: 1_700_000_000_000))
    #expect(a.expiresAt == Timestamp(milliseconds: 1_767_222_000_000) && a.retiredAt == Self.now && a.revokedAt == nil && a.note == "hello")
    #expect(b.vendor == nil && b.kind == .webhook && b.lastUsedAt == nil && b.expiresAt == nil)
    #expect(b.revokedAt == Timestamp(milliseconds: 1_714_953_600_000) && b.retiredAt == b.revokedAt)
  }

  @Test(arguments: [
    ("name,created\nA,soon", "createdAt"), ("name,scopes\nA,\(String(repeating: "x ", count: 201))", "scopes"),
    ("name\n\(String(repeating: "x", count: 201))", "name"), ("name,note\nA,\"two\nlines\"", "note"), ("name,vendor\nA", "fields"),
    ("name,vendor\n,x", "neither"), ("name\n\"open", "quotes"), ("name,created\nA,-5", "createdAt"),
  ])
  func aBadRowIsNamedAndTakesNoOtherDown(text: String, word: String) throws {
    // Before and behind a good one.
    let lines = text.split(separator: "\n", maxSplits: 1).map(String.init)
    let commas = String(repeating: ",", count: lines[0].split(separator: ",").count - 1)
    let list = try Self.read("\(lines[0])\nGood\(commas)\n\(lines[1])\(word == "quotes" ? "" : "\nFine\(commas)")")
    #expect(list.refused.count == 1 && list.refused.first?.line == 3, "\(list.refused)")
    #expect(list.refused.first?.reason.contains(word) == true, "\(list.refused)")
    #expect(list.grants.map(\.name) == (word == "quotes" ? ["Good"] : ["Good", "Fine"]))
  }

  @Test func oneGrantOfSeveralLinesIsOne() throws {
    let list = try Self.read(
      "client id,name,scopes,user,created,last used,expires\n1,A,x,ada,2025-01-02,2025-02-01,2026-01-01\n1,A,y,ben,2025-01-01,2025-03-01,\n"
    )
    #expect(list.rows == 2 && list.grants.count == 1)
    let grant = try #require(list.grants.first)
    #expect(grant.scopes == ["x", "y"] && grant.grantedBy == "ada" && grant.expiresAt == nil, "one of them never ends")
    #expect(grant.createdAt == Timestamp(milliseconds: 1_735_689_600_000) && grant.lastUsedAt == Timestamp(milliseconds: 1_740_787_200_000))
  }

  @Test(arguments: ["", "\n\n", "a,b\n1,2", "secret\nx"]) func whatIsNoListIsAnError(text: String) {
    #expect(throws: APIError.self) { try Self.read(text) }
  }

  @Test(arguments: [
    #"[{"name":"A"},{"name":"B","scopes":["x","y"]}]"#, #"{"value":[{"displayName":"A"},{"displayName":"B","scope":"x y"}]}"#,
    "{\"app_name\":\"A\"}\n{\"app_name\":\"B\",\"scopes\":\"y x\"}\n",
  ])
  func jsonInItsThreeForms(text: String) throws {
    let list = try Self.read(text, .json)
    #expect(list.grants.map(\.name) == ["A", "B"] && list.grants[1].scopes == ["x", "y"] && list.refusedCount == 0)
  }

  @Test func moreThanIsKeptIsRefusedByName() throws {
    let rows = (0..<ControlDatabase.mostGrants + 150).map { "g\($0)" }
    let list = try Self.read("name\n" + rows.joined(separator: "\n"))
    #expect(list.grants.count == ControlDatabase.mostGrants && list.refusedCount == 150 && list.refused.count == 100)
  }

  @Test func fuzzLists() throws {
    let table = "vendor,name,client id,scopes,created,status\nTallymark,\"A, b\",1,\"x y\",2025-01-02,Active\nQ,B,2,z,2025,Revoked\n"
    let json = #"{"items":[{"name":"A","clientId":"1","scopes":["x"],"created":"2025-01-02T03:04:05Z"},{"id":7,"revoked":true}]}"#
    var random = Fuzzing.generator(61)
    Fuzzing.forAWhile { round in
      let isTable = round % 2 == 0
      var bytes = Array((isTable ? table : json).utf8)
      random.alter(&bytes, telling: Array("\",;\n\r[]{}:\\".utf8) + SeededGenerator.edges)
      guard let list = try? GrantList(bytes, format: isTable ? .csv : .json, at: Self.now) else { return }
      #expect(list.grants.count <= list.rows)
      for grant in list.grants {
        #expect(!grant.name.isEmpty && grant.name.unicodeScalars.count <= VendorGrantDraft.longestText)
        #expect(grant.scopes.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
      }
    }
  }
}
