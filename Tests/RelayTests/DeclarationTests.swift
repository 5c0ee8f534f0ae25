import Access
import Delivery
import Journeys
import Relay
import TestSupport
import Testing

struct DeclarationTests {
  static let whole = """
    vendor: tallymark
    name: Tallymark
    purpose: Product analytics
    legal_basis: legitimate interests
    contract: {reference: C-1, provider: LEI, signed: 2026-01-01, ends: 2027-12-31, notice_hours: 24}
    contacts: {breach: security@tallymark.example, privacy: privacy@tallymark.example}
    countries: {storage: [US], processing: [US, IE]}
    subprocessors: [{name: Cloudhost, country: US, rank: 2}]
    events: [Request]
    fields: [plan, model]
    review: 2027-01-31
    canaries: 3
    destination: {type: mixpanel, url: "https://api.tallymark.example/", project_id: 7, username: u, secret_env: TALLYMARK}
    """

  @Test func reads() throws {
    let it = try VendorDeclaration(yaml: Self.whole)
    #expect(it.id.rawValue == "tallymark" && it.fields == ["plan", "model"] && it.events == ["Request"] && it.canaries == 3)
    #expect(it.contract.noticeHours == 24 && it.subprocessors.map(\.rank) == [2] && it.review.description == "2027-01-31")
    guard case .mixpanel(let destination)? = it.destination else {
      Issue.record("no destination")
      return
    }
    #expect(destination.address.url == "https://api.tallymark.example" && !destination.address.allowsInternal)
    #expect(destination.secret == .environment("TALLYMARK"))
    // Nothing but event, time and pseudonym; and to nobody.
    let bare = Self.whole.split(separator: "\n").filter {
      !$0.hasPrefix("fields") && !$0.hasPrefix("destination") && !$0.hasPrefix("canaries")
    }
    let least = try VendorDeclaration(yaml: bare.joined(separator: "\n"))
    #expect(least.fields.isEmpty && least.destination == nil && least.canaries == 0)
  }

  @Test(
    "what is wrong is said, and nothing is guessed",
    arguments: [
      ("vendor: tallymark", "vendor: Tally Mark", "lower-case"), ("review: 2027-01-31", "review: 2027-02-30", "review"),
      ("review: 2027-01-31", "", "review"), ("fields: [plan, model]", "fields: [plan, plan]", "twice"),
      ("fields: [plan, model]", "feilds: [plan]", "feilds"), ("secret_env: TALLYMARK", "secret: hunter2", "secrets do not stand"),
      ("\"https://api.tallymark.example/\"", "\"http://api.tallymark.example/\"", "https://"),
      ("\"https://api.tallymark.example/\"", "\"http://api.tallymark.example/\", allow_internal: true", "https://"),
      ("\"https://api.tallymark.example/\"", "\"https://u:p@api.tallymark.example/\"", "without user"),
      ("storage: [US]", "storage: [usa]", "capital letters"), ("notice_hours: 24", "notice_hours: 0", "notice_hours"),
      ("type: mixpanel", "type: ftp", "one of"), ("name: Tallymark\n", "name: \"a\\nb\"\n", "one line"),
      ("canaries: 3", "canaries: 1000", "canaries"),
    ])
  func refuses(old: String, new: String, words: String) throws {
    let text = Self.whole.replacing(old, with: new)
    #expect(text != Self.whole)
    let error = #expect(throws: ChannelError.self) { try VendorDeclaration(yaml: text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("hunter2") != true)
  }

  @Test func anythingAtAllIsReadOrRefused() throws {
    var random = SeededGenerator(seed: UInt64.random(in: 0 ... .max))
    let sound = Array(Self.whole.utf8)
    for _ in 0..<3_000 {
      var bytes = sound
      random.alter(&bytes, telling: [])
      do throws(ChannelError) { _ = try VendorDeclaration(yaml: String(decoding: bytes, as: UTF8.self)) } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }
}
