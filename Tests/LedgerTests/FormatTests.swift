import Events
import Foundation
import Ledger
import Testing

struct FormatTests {
  @Test("canonical JSON is written as RFC 8785 says and read back")
  func canonicalJSON() {
    let value = CanonicalJSON.object([
      "b": .list([.integer(-1), .boolean(true), .boolean(false), .integer(9_007_199_254_740_991)]),
      "a": .string("\u{1F}\n\t\"\\/é\u{2028}"),
      "€": .object([:]), "\u{FB33}": .list([]), "😀": .string(""),
    ])
    let text = #"{"a":"\u001f\n\t\"\\/é\#u{2028}","b":[-1,true,false,9007199254740991],"€":{},"😀":"","\#u{FB33}":[]}"#
    #expect(String(decoding: value.bytes, as: UTF8.self) == text)
    #expect(CanonicalJSON(canonical: Array(text.utf8)) == value)
  }

  @Test(
    "other forms of JSON, and what is not JSON, are not read",
    arguments: [
      "", " 1", "1 ", "01", "-0", "1.0", "1e1", "9007199254740992", "99999999999999999999999", "null", "nul", "{\"b\":1,\"a\":1}",
      "{\"a\":1,\"a\":1}", "{\"a\":1,}",
      "[1, 2]", "[1,]", "[", "\"", "\"\\u0041\"", "\"\\/\"", "\"\\u001F\"", "\"\u{1}\"", "{a:1}", "-", "\"\\ud800\"", "truefalse",
      String(repeating: "[", count: 100_000),
    ])
  func notCanonical(text: String) { #expect(CanonicalJSON(canonical: Array(text.utf8)) == nil) }

  @Test func everyPrefixOfAnEntryIsRefused() {
    let entry = Array(
      #"{"commitment":"\#(String(repeating: "ab", count: 32))","facts":{"x":"y"},"kind":"k","project":1,"time":5,"v":1}"#.utf8)
    #expect(LedgerEntry(index: 0, bytes: entry) != nil)
    for end in 0..<entry.count { #expect(LedgerEntry(index: 0, bytes: Array(entry[..<end])) == nil) }
    for bad in [#"{"commitment":"ab","kind":"k","time":5,"v":1}"#, #"{"kind":"k","time":5,"v":1}"#, "[]"] {
      #expect(LedgerEntry(index: 0, bytes: Array(bad.utf8)) == nil)
    }
  }

  @Test func tilePaths() {
    #expect(TilePath.hashes(level: 0, index: 1_234_067) == "tile/0/x001/x234/067")
    #expect(TilePath.hashes(level: 2, index: 0, width: 17) == "tile/2/000.p/17")
    #expect(TilePath.entries(index: 1000, width: 1) == "tile/entries/x001/000.p/1")
    #expect(TilePath.entries(index: 999) == "tile/entries/999")
  }

  @Test func subjectSetsKeepEveryNumberOnce() {
    var numbers: [UInt32] = [0, 1, 1, 65_535, 65_536, .max, 7]
    numbers += (100_000..<140_000).map { $0 }
    let set = SubjectSet(numbers.shuffled().map { SubjectNumber($0) })
    #expect(set.numbers.map(\.rawValue) == Array(Set(numbers)).sorted())
    #expect(SubjectSet([]).numbers.isEmpty)
    #expect(set.roaring.count < 1000, "a run of numbers takes a run's space")
  }
}
