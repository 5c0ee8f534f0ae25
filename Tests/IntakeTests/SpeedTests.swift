import Events
import Foundation
import Intake
import TestSupport
import Testing

/// From bytes to received events. The bound is a tenth of what one quiet core does, so that a busy machine passes; the figure is printed.
@Suite(.serialized) struct SpeedTests {
  /// An event of some 480 bytes with 17 properties, as web SDKs send them.
  static func typicalEvent(_ random: inout SeededGenerator) -> String {
    func hex(_ count: Int) -> String { (0..<count).map { _ in String(UInt8.random(in: 0...15, using: &random), radix: 16) }.joined() }
    func pick(_ words: [String]) -> String { words.randomElement(using: &random) ?? "" }
    let user = "user-\(Int.random(in: 0..<100_000, using: &random))"
    return
      #"{"event":"\#(pick(["Page Viewed", "API Key Created", "Completion Requested", "Invoice Paid"]))","properties":{"token":"0123456789abcdef0123456789abcdef","#
      + #""distinct_id":"\#(user)","$user_id":"\#(user)","$device_id":"\#(hex(16))","$insert_id":"\#(hex(16))","time":\#(nowSeconds - Int.random(in: 0...80_000, using: &random)).\#(Int.random(in: 100...999, using: &random)),"#
      + #""$os":"\#(pick(["Windows", "Mac OS X", "Linux"]))","$browser":"\#(pick(["Chrome", "Firefox", "Safari"]))","$browser_version":\#(Int.random(in: 90...156, using: &random)),"#
      + #""$current_url":"https://platform.example.com/\#(pick(["keys", "usage", "billing/overview", "docs/quickstart"]))?ref=\#(hex(6))","#
      + #""$screen_width":1920,"$screen_height":1080,"org_id":"org-\#(Int.random(in: 0..<5000, using: &random))","plan":"\#(pick(["free", "pro", "enterprise"]))","#
      + #""tokens":\#(Int.random(in: 1...20_000, using: &random)),"cached":\#(pick(["true", "false"])),"mp_lib":"web"}}"#
  }

  @Test("reads events fast", arguments: ["application/json", "application/x-ndjson"])
  func readsFast(type: String) throws {
    let intake = Intake()
    var random = SeededGenerator(seed: 1)
    let records = (0..<2000).map { _ in Self.typicalEvent(&random) }
    let body = type == "application/json" ? "[" + records.joined(separator: ",") + "]" : records.joined(separator: "\n")
    let request = IntakeRequest.json(.track, body, type: type)
    #expect(intake.read(request).events.count == 2000)
    var best = 0.0
    for _ in 0..<10 {
      let begin = ContinuousClock.now
      for _ in 0..<5 {
        guard let result = intake.read(request).result, result.acceptedCount == 2000 else {
          Issue.record("not all were accepted")
          return
        }
      }
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      best = max(best, 10_000 / seconds)
    }
    print("\(type): \(Int(best)) events/s, \(body.utf8.count / 2000) bytes each, \(Int(best * Double(body.utf8.count) / 2000 / 1e6)) MB/s")
  }
}
