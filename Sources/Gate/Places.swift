internal import CMaxMindDB
internal import Glibc

/// A MaxMind DB file of cities or countries, mapped into memory: turns an address into a place. Look-ups are safe from any thread.
package final class Places: Sendable {
  package struct Place: Sendable, Hashable {
    package var city: String?
    package var region: String?
    /// ISO 3166-1, two letters.
    package var country: String?
    /// A name of the IANA time zone database.
    package var timeZone: String?

    var isEmpty: Bool { city == nil && region == nil && country == nil && timeZone == nil }
  }

  package enum PlacesError: Error, Sendable, Hashable, CustomStringConvertible {
    case unreadable(path: String, reason: String)

    package var description: String {
      switch self {
      case .unreadable(let path, let reason):
        "The places database \(path) cannot be read: \(reason) Give the path of a MaxMind DB (.mmdb) file of cities, or none."
      }
    }
  }

  /// Written in `init` only and read-only from then on; the library's look-ups do not change it.
  private nonisolated(unsafe) let database: UnsafeMutablePointer<MMDB_s>

  package init(database path: String) throws(PlacesError) {
    let database = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
    database.initialize(to: MMDB_s())
    let status = MMDB_open(path, UInt32(MMDB_MODE_MMAP), database)
    guard status == MMDB_SUCCESS else {
      let reason = MMDB_strerror(status).map { String(cString: $0) } ?? "error \(status)."
      database.deallocate()
      throw .unreadable(path: path, reason: reason)
    }
    self.database = database
  }

  deinit {
    MMDB_close(database)
    database.deallocate()
  }

  /// The place of an address in text; nil if the text is no address or the database does not know it.
  package func place(of address: String) -> Place? {
    var failure: Int32 = 0
    var status: Int32 = 0
    let result = MMDB_lookup_string(database, Self.bare(address), &failure, &status)
    guard failure == 0, status == MMDB_SUCCESS, result.found_entry else { return nil }
    let place = Place(
      city: text(result, ["city", "names", "en"]), region: text(result, ["subdivisions", "0", "names", "en"]),
      country: text(result, ["country", "iso_code"]), timeZone: text(result, ["location", "time_zone"]))
    return place.isEmpty ? nil : place
  }

  /// Without brackets, port, zone and spaces.
  static func bare(_ address: String) -> String {
    var text = address.utf8.drop { $0.isSpace }
    if text.first == .ascii("[") { text = text.dropFirst().prefix { $0 != .ascii("]") } }
    let colons = text.filter { $0 == .ascii(":") }.count
    let end = text.firstIndex { $0.isSpace || $0 == .ascii("%") || $0 == .ascii("/") || ($0 == .ascii(":") && colons == 1) }
    return String(decoding: text[..<(end ?? text.endIndex)], as: UTF8.self)
  }

  private func text(_ result: MMDB_lookup_result_s, _ path: [StaticString]) -> String? {
    var pointers: [UnsafePointer<CChar>?] = path.map { UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) }
    pointers.append(nil)
    var entry = result.entry
    var data = MMDB_entry_data_s()
    guard MMDB_aget_value(&entry, &data, &pointers) == MMDB_SUCCESS, data.has_data, data.type == UInt32(MMDB_DATA_TYPE_UTF8_STRING),
      let start = data.utf8_string
    else { return nil }
    let bytes = UnsafeRawBufferPointer(start: start, count: Int(data.data_size))
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }
}
