import Events
import Foundation
import Gate
import TestSupport
import Testing

/// Addresses become places and are forgotten.
struct PlacesTests {
  static func berlin(city: String = "Berlin") -> PlacesFile.Datum {
    .map([
      ("city", .map([("names", .map([("en", .text(city))]))])), ("country", .map([("iso_code", .text("DE"))])),
      ("location", .map([("time_zone", .text("Europe/Berlin"))])),
      ("subdivisions", .list([.map([("names", .map([("en", .text("State of Berlin"))]))])])),
    ])
  }

  static func places() throws -> Places {
    var file = PlacesFile()
    file.insert([203, 0, 113, 0], prefix: 24, berlin())
    file.insert([198, 51, 100, 0], prefix: 24, .map([("country", .map([("iso_code", .text("FR"))]))]))
    file.insert([0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 12), prefix: 32, berlin(city: "Potsdam"))
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("places-\(UInt64.random(in: .min ... .max)).mmdb")
    try Data(file.bytes).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    return try Places(database: path.path)
  }

  @Test("events get city, region and country, never the address", arguments: ["203.0.113.9", "203.0.113.9:51820", " 203.0.113.9 "])
  func events(address: String) throws {
    let fixture = GateFixture(places: try Self.places())
    let event = fixture.pass([Property("plan", .string("pro"))], address: address)
    #expect(
      event.properties == [
        StoredProperty("plan", .string("pro")), StoredProperty("$city", .string("Berlin")),
        StoredProperty("$region", .string("State of Berlin")),
        StoredProperty("mp_country_code", .string("DE")),
      ])
    #expect(event.decision("ip") == Decision(property: "ip", treatment: .coarsened, reason: "place"))
    #expect(event.rows.count == 5)
    #expect(!event.rows.contains { $0.shown?.contains("203") == true })
  }

  @Test("what the sender says about the place wins")
  func explicit() throws {
    let event = GateFixture(places: try Self.places()).pass([Property("$city", .string("Hamburg"))], address: "203.0.113.9")
    #expect(event.value("$city") == .string("Hamburg"))
    #expect(event.value("mp_country_code") == .string("DE"))
  }

  @Test("an IPv6 address has a place too", arguments: ["2001:db8::17", "[2001:db8::17]:443", "2001:db8::17%eth0"])
  func version6(address: String) throws {
    #expect(GateFixture(places: try Self.places()).pass([], address: address).value("$city") == .string("Potsdam"))
  }

  @Test("profiles get country and time zone under their own names")
  func profiles() throws {
    let update = GateFixture(places: try Self.places()).profile(.set([.init("plan", .string("pro"))]), address: "203.0.113.9")
      .profileUpdates[0]
    #expect(update.value("$country_code") == .string("DE"))
    #expect(update.value("$timezone") == .string("Europe/Berlin"))
    #expect(update.value("mp_country_code") == nil)
  }

  @Test("what the database does not know is forgotten all the same", arguments: ["192.0.2.1", "not an address", "", "::"])
  func unknown(address: String) throws {
    let event = GateFixture(places: try Self.places()).pass([], address: address)
    #expect(event.properties.isEmpty)
    #expect(event.decisions == [Decision(property: "ip", treatment: .dropped, reason: "address_forgotten")])
    #expect(GateFixture().pass([], address: address).properties.isEmpty)
  }

  @Test("a country without a city is a place")
  func countryOnly() throws {
    let event = GateFixture(places: try Self.places()).pass([], address: "198.51.100.7")
    #expect(event.properties == [StoredProperty("mp_country_code", .string("FR"))])
  }

  @Test("a database that is none is refused with its path")
  func unreadable() {
    #expect(throws: Places.PlacesError.self) { try Places(database: "/nowhere/places.mmdb") }
    #expect(throws: Places.PlacesError.self) { try Places(database: "/etc/hostname") }
  }

  @Test("damaged databases do no harm", arguments: [1, 2, 3] as [UInt64])
  func damaged(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var file = PlacesFile()
    file.insert([203, 0, 113, 0], prefix: 24, Self.berlin())
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("damaged-\(seed)-\(UInt64.random(in: .min ... .max)).mmdb")
    defer { try? FileManager.default.removeItem(at: path) }
    for _ in 0..<60 {
      var bytes = file.bytes
      for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator) }
      try Data(bytes).write(to: path)
      guard let places = try? Places(database: path.path) else { continue }
      _ = places.place(of: "203.0.113.9")
    }
  }
}
