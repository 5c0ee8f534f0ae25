/// How much one request and one record may hold. The defaults are Mixpanel's; the replies name the limit that was passed.
package struct IntakeLimits: Sendable {
  /// Records in one request; more, and the whole request is refused with 413.
  package var records = 2000
  /// Bytes of JSON in one request, after content and transfer encodings are undone. More: 413.
  package var decodedBytes = 10_485_760
  /// Bytes of body that a server should read before it refuses: base64 and percent-encoding make the JSON longer. Also the hard bound
  /// for what a compressed body may grow to.
  package var encodedBytes = 33_554_432
  /// Bytes of one record.
  package var recordBytes = 1_048_576
  /// Bytes of an event's or property's name and of a string value; longer ones are cut at a character's border.
  package var stringBytes = 255
  /// Properties of an event, keys of an object, elements of a list: fewer than this.
  package var members = 255
  /// Objects within objects.
  package var depth = 3
  /// Bytes of one list or object, on an event and on a profile.
  package var eventValueBytes = 8192
  package var profileValueBytes = 262_144
  /// Bytes of an `$insert_id` in strict requests.
  package var insertIDBytes = 36
  /// `/track` takes events at most this old, milliseconds.
  package var trackAgeMilliseconds: Int64 = 5 * 86_400_000
  /// Strict requests refuse events later than this after the receipt, milliseconds; all others move them to the receipt.
  package var futureMilliseconds: Int64 = 3_600_000
  /// The earliest time an event may have: 1971-01-01, milliseconds.
  package var earliestMilliseconds: Int64 = 31_536_000_000

  /// Bytes of an OTLP request without its compression, and spans or log records in it. More: 413.
  package var otlpBytes = 10_485_760
  package var otlpRecords = 10_000

  package init() {}
}
