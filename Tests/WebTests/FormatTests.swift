import Events
import TestSupport
import Testing
import Web

struct FormatTests {
  @Test(arguments: [
    (0, "0"), (7, "7"), (999, "999"), (1_000, "1k"), (1_234, "1.23k"), (9_994, "9.99k"), (12_431, "12.4k"), (99_949, "99.9k"),
    (124_310, "124k"),
    (999_499, "999k"), (999_500, "1M"), (1_200_000, "1.2M"), (-12_431, "−12.4k"), (5_000_000_000, "5G"),
  ])
  func compactNumbersHaveThreeDigitsAndALetter(_ number: Int, _ text: String) { #expect(NumberFormat.compact(number) == text) }

  @Test(arguments: [
    (0.0, "0"), (0.5, "0.5"), (12.34, "12.34"), (12.3, "12.3"), (1_234.5, "1,234.5"), (-0.25, "−0.25"), (0.0012, "1.2e-3"),
    (-0.001, "−1e-3"),
  ])
  func exactNumbersHaveAtMostTwoDecimals(_ number: Double, _ text: String) { #expect(NumberFormat.exact(number) == text) }

  @Test func noNumberTraps() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<20_000 {
      let number = Double(bitPattern: generator.next())
      #expect(!NumberFormat.compact(number).isEmpty)
      #expect(!NumberFormat.exact(number).isEmpty)
      #expect(!NumberFormat.duration(seconds: number).isEmpty)
      _ = Scale([number])
    }
    for number in [Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 9e15, 1e18, -1e18] {
      #expect(!NumberFormat.compact(number).isEmpty)
      #expect(!NumberFormat.exact(number).isEmpty)
    }
    #expect(NumberFormat.exact(Int.min).hasPrefix("−9,223"))
  }

  @Test func percentagesDoNotClaimAllOrNothing() {
    #expect(NumberFormat.percent(0.3471) == "34.7%")
    #expect(NumberFormat.percent(1, of: 1_000_000) == "<0.1%")
    #expect(NumberFormat.percent(999_999, of: 1_000_000) == ">99.9%")
    #expect(NumberFormat.percent(0.74) == "74.0%", "a column of them lines up")
    #expect(NumberFormat.percent(1) == "100%")
    #expect(NumberFormat.percent(0) == "0%")
    #expect(NumberFormat.percent(3, of: 0) == "–")
  }

  @Test(arguments: [(0.25, "0.3 s"), (45, "45 s"), (134, "2 min 14 s"), (8_040, "2 h 14 min"), (86_400, "1 d"), (273_600, "3 d 4 h")])
  func durationsHaveTwoUnits(_ seconds: Double, _ text: String) { #expect(NumberFormat.duration(seconds: seconds) == text) }

  @Test func timesFollowTheZoneAndItsClockChange() {
    let berlin = LocalTime(zone: "Europe/Berlin")
    // 2026-03-29: the hour from 2:00 to 3:00 does not exist.
    #expect(berlin.second(Timestamp(milliseconds: 1_774_745_999_000)) == "29 Mar 2026, 01:59:59")
    #expect(berlin.second(Timestamp(milliseconds: 1_774_746_000_000)) == "29 Mar 2026, 03:00:00")
    #expect(LocalTime(zone: "Nowhere/Land").zoneName == "UTC")
    #expect(LocalTime.iso(Timestamp(milliseconds: -1)) == "1969-12-31T23:59:59Z")
  }

  @Test func dayNumbersGoThereAndBack() {
    for day in stride(from: Int64(-200_000), through: 400_000, by: 37) {
      let date = LocalTime.civil(day)
      #expect(LocalTime.dayNumber(year: date.year, month: date.month, day: date.day) == day)
    }
  }

  @Test func formFieldsGoThroughAnAddress() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<500 {
      let fields = (0..<5).map { _ in Address.Parameter(generator.text(limit: 12), generator.text(limit: 30)) }
      let text = Address("/x", fields).text
      #expect(FormFields(encoded: text.dropFirst(3)).fields == fields)
    }
    #expect(FormFields(encoded: "a=1+2&b=%zz&c&=d&a=%41")["a"] == "1 2")
    #expect(FormFields(encoded: "b=%zz%4").fields == [.init("b", "%zz%4")])
  }
}
