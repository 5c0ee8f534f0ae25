import CSimdJSON

/// Makes a record of a file fit for `/import` by adding to its properties; nothing that stands there is changed, and of a name that is given
/// twice the last value counts.
///
/// - `$insert_id`, where there is none or one of another shape than the intake takes.
/// - `token` becomes null: whoever imports says into which project, the file does not.
/// - `time` in UTC, where the file's times are a zone's (Mixpanel's exports of projects made before 2023).
struct RecordFitter {
  private let wallClock: WallClock?
  private let limits: IntakeLimits
  private var contentID = ContentID()

  init(wallClock: WallClock?, limits: IntakeLimits) {
    self.wallClock = wallClock
    self.limits = limits
  }

  /// - Parameters:
  ///   - record: one JSON object.
  ///   - tape: the same, read.
  mutating func fit(_ record: inout [UInt8], _ tape: JSONTape) {
    guard let properties = Self.last("properties", in: 0, tape), tape[properties].kind == JSONTape.Kind.object else { return }
    var additions: [UInt8] = []
    if let id = insertID(record, Self.last("$insert_id", in: properties, tape), tape) {
      additions += Array(#","$insert_id":""#.utf8) + id + Array(#"""#.utf8)
    }
    if let token = Self.last("token", in: properties, tape), tape[token].kind != JSONTape.Kind.null {
      additions += Array(#","token":null"#.utf8)
    }
    if let wallClock, let time = Self.last("time", in: properties, tape),
      case .milliseconds(let wall) = SentTime(tape, time, strings: false)
    {
      additions += Array(#","time":"#.utf8) + Self.seconds(wallClock.instant(wall))
    }
    guard !additions.isEmpty, let end = Self.endOfProperties(record) else { return }
    record.insert(contentsOf: tape[properties].length == 0 ? additions.dropFirst() : additions[...], at: end)
  }

  /// The id to add, nil if the record has a fit one.
  private mutating func insertID(_ record: [UInt8], _ at: Int?, _ tape: JSONTape) -> [UInt8]? {
    guard let at, SentID.form(tape, at) == .id else { return contentID.next(record) }
    if tape[at].kind == JSONTape.Kind.string {
      let bytes = tape.bytes(at).cut(to: limits.recordBytes)
      return bytes.count <= limits.insertIDBytes && bytes.mayBeInsertID ? nil : ContentID.id(for: bytes)
    }
    return SentID(tape, at, maximumBytes: limits.recordBytes).text.map { ContentID.id(for: $0.utf8) } ?? contentID.next(record)
  }

  /// Where the value of the last member of that name stands.
  private static func last(_ name: StaticString, in object: Int, _ tape: JSONTape) -> Int? {
    var found: Int?
    var at = object + 1
    for _ in 0..<tape[object].length {
      if tape.bytes(at).isEqual(name) { found = at + 1 }
      at = tape.end(of: at + 1)
    }
    return found
  }

  /// Seconds since 1970 as JSON, with the milliseconds where there are any.
  static func seconds(_ milliseconds: Int64) -> [UInt8] {
    let rest = abs(milliseconds % 1000)
    let sign = milliseconds < 0 ? "-" : ""
    let whole = "\(sign)\(abs(milliseconds / 1000))"
    return Array((rest == 0 ? whole : whole + "." + String(String(1000 + rest).dropFirst())).utf8)
  }

  /// Where the last `properties` of the record closes. Nil if its name is written with escapes: then the record goes as it is.
  private static func endOfProperties(_ record: [UInt8]) -> Int? {
    record.withUnsafeBufferPointer { bytes in
      var depth = 0
      var isKeyNext = false
      var isProperties = false
      var found: Int?
      var at = 0
      while at < bytes.count {
        switch bytes[at] {
        case UInt8(ascii: "\""):
          let start = at + 1
          at = start
          while at < bytes.count, bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
          if depth == 1, isKeyNext, at <= bytes.count {
            isProperties = UnsafeBufferPointer(rebasing: bytes[start..<at]).isEqual("properties")
            isKeyNext = false
          }
        case UInt8(ascii: "{"), UInt8(ascii: "["):
          depth += 1
          isKeyNext = depth == 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
          if depth == 1, isProperties { found = at }
        case UInt8(ascii: ","): if depth == 1 { isKeyNext = true }
        default: break
        }
        at += 1
      }
      return found
    }
  }
}
