import Custodian
import Foundation
import TestSupport
import Testing

/// What a person types is the share that was printed, or a refusal that says where to look.
struct BackupShareTests {
  private let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")

  private func share(_ generator: inout SeededGenerator) -> BackupShare {
    BackupShare(backup: generator.bytes(6), index: UInt8.random(in: 1...3, using: &generator), values: generator.bytes(32))
  }

  private func isSame(_ one: BackupShare, _ other: BackupShare) -> Bool {
    one.backup == other.backup && one.index == other.index && one.values == other.values
  }

  @Test func `shares come back as they were printed`() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<300 {
      let share = share(&generator)
      #expect(isSame(try BackupShare(text: share.text), share))
      let groups = share.text.split(separator: "-").map(String.init)
      #expect(share.text.utf8.count == 111 && groups.count == 19 && groups.dropFirst().allSatisfy { $0.count == 5 })
    }
  }

  @Test func `people type capitals, spaces or nothing between, and letters that look like digits`() throws {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<50 {
      let share = share(&generator)
      let text = share.text
      let body = text.dropFirst(4)
      let spellings = [
        text.uppercased(), "  \(text)\r\n", text.replacingOccurrences(of: "-", with: " "), text.replacingOccurrences(of: "-", with: ""),
        "slb-" + body.replacingOccurrences(of: "0", with: "o").replacingOccurrences(of: "1", with: "l"),
        "SLB-" + body.uppercased().replacingOccurrences(of: "0", with: "O").replacingOccurrences(of: "1", with: "I"),
      ]
      for spelling in spellings { #expect(isSame(try BackupShare(text: spelling), share), "\(spelling)") }
    }
  }

  @Test("every wrong character is noticed, and nearly always in its own group")
  func everyTypingError() throws {
    var generator = SeededGenerator(seed: 3)
    let text = Array(share(&generator).text)
    var (found, named) = (0, 0)
    for place in text.indices.dropFirst(4) where text[place] != "-" {
      for digit in digits + ["u", "!"] where digit != text[place] {
        var typed = text
        typed[place] = digit
        do throws(BackupShareError) {
          _ = try BackupShare(text: String(typed))
          Issue.record("place \(place), \(digit) was taken")
        } catch {
          found += 1
          if error == .mistyped(group: (place - 4) / 6 + 1) { named += 1 }
        }
      }
    }
    #expect(found == 90 * 33)
    // One of 32 check digits fits by accident; the checksum at the end tells those.
    #expect(named > found * 9 / 10)
  }

  @Test func `swapped neighbours, swapped groups, omissions and repetitions are noticed`() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<20 {
      let text = Array(share(&generator).text)
      for place in text.indices.dropFirst(5) where text[place] != text[place - 1] && text[place] != "-" && text[place - 1] != "-" {
        var typed = text
        typed.swapAt(place, place - 1)
        #expect(throws: BackupShareError.self) { try BackupShare(text: String(typed)) }
      }
      let groups = String(text).split(separator: "-").map(String.init)
      for one in 1..<18 where groups[one] != groups[one + 1] {
        var typed = groups
        typed.swapAt(one, one + 1)
        #expect(throws: BackupShareError.self) { try BackupShare(text: typed.joined(separator: "-")) }
      }
      for place in text.indices where text[place] != "-" {
        var (less, more) = (text, text)
        less.remove(at: place)
        more.insert(text[place], at: place)
        #expect(throws: BackupShareError.self) { try BackupShare(text: String(less)) }
        #expect(throws: BackupShareError.self) { try BackupShare(text: String(more)) }
      }
    }
  }

  @Test("what is no share says so", arguments: ["", "slb", "slb-", "sla_0123", "hello", "slb-00000", "\u{0}", "🦕", "SLB🦕"])
  func refused(text: String) {
    #expect(throws: BackupShareError.self) { try BackupShare(text: text) }
  }

  @Test func `a share does not print`() {
    var generator = SeededGenerator(seed: 5)
    let share = share(&generator)
    var dumped = ""
    dump(share, to: &dumped)
    for shown in ["\(share)", String(reflecting: share), dumped, "\([share])"] {
      #expect(!shown.contains(share.text) && !shown.contains(share.text.split(separator: "-")[9]) && !shown.contains("\(share.values[3]),"))
    }
  }

  @Test func `fuzzed shares neither crash nor pass as others`() {
    let seconds = ProcessInfo.processInfo.environment["SEALANE_FUZZ_SECONDS"].flatMap(Double.init) ?? 0
    let end = ContinuousClock.now + .seconds(seconds)
    var seed: UInt64 = 6
    repeat {
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<2_000 {
        let share = share(&generator)
        var bytes = Array(share.text.utf8)
        generator.alter(&bytes, places: 1...5)
        if let read = try? BackupShare(text: String(decoding: bytes, as: UTF8.self)) { #expect(isSame(read, share), "seed \(seed)") }
      }
      seed += 1
    } while ContinuousClock.now < end
  }
}
