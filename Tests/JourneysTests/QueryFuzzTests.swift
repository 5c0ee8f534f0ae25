import Journeys
import TestSupport
import Testing

/// Questions from anybody: one that is read has one form, everything else is an error that says what is wrong. Seeded;
/// `SEALANE_FUZZ_SECONDS` makes it last.
struct QueryFuzzTests {
  static let telling = Array("{}[]\",:0123456789eE.-\\utrfalsn\u{1}".utf8)

  @Test("altered queries of every report") func fuzz() throws {
    var random = Fuzzing.generator(1)
    var samples: [[UInt8]] = []
    for kind in RandomCase.Kind.allCases {
      for seed in 0..<UInt64(12) { samples.append(Array(try RandomCase(kind, seed: seed).query.canonicalJSON.utf8)) }
    }
    var read = 0
    let count = try Fuzzing.forAWhile { round in
      var bytes = try #require(samples.randomElement(using: &random))
      if Int.random(in: 0..<8, using: &random) == 0 {
        // A part of one in the middle of another.
        let other = try #require(samples.randomElement(using: &random))
        let start = Int.random(in: 0..<other.count, using: &random)
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes.replaceSubrange(place..<bytes.count, with: other[start...])
      }
      random.alter(&bytes, places: 0...3, telling: Self.telling)
      do throws(QueryError) {
        let query = try Query(json: bytes)
        read += 1
        let again = try Query(json: Array(query.canonicalJSON.utf8))
        // -0 and the like have one form after they were written once.
        #expect(again.canonicalJSON == query.canonicalJSON, "round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
      } catch {
        #expect(
          [.invalid, .tooLarge].contains(error.code) && error.message.hasSuffix(".") && error.message.utf8.count < 2_000,
          "round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription): \(error.code) \(error.message)")
      }
    }
    print("fuzz: \(count) queries, \(read) read")
    #expect(count > 100 && read > 0 && read < count)
  }
}
