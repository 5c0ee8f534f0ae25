import CSimdJSON

/// One value as simdjson's shim lays it out: entries in reading order, strings in an arena. Valid until the reader reads the next one.
struct JSONTape {
  let entries: UnsafePointer<slj_entry>
  let count: Int
  let arena: UnsafePointer<UInt8>

  enum Kind {
    static let null = UInt32(SLJ_NULL)
    static let `false` = UInt32(SLJ_FALSE)
    static let `true` = UInt32(SLJ_TRUE)
    static let integer = UInt32(SLJ_INTEGER)
    static let double = UInt32(SLJ_DOUBLE)
    static let string = UInt32(SLJ_STRING)
    static let array = UInt32(SLJ_ARRAY)
    static let object = UInt32(SLJ_OBJECT)
    static let tooDeep = UInt32(SLJ_TOO_DEEP)
  }

  @inline(__always) subscript(_ index: Int) -> slj_entry { entries[index] }

  /// Index of the entry after the value at `index`.
  @inline(__always) func end(of index: Int) -> Int {
    let entry = entries[index]
    return entry.kind == Kind.array || entry.kind == Kind.object ? Int(entry.payload) : index + 1
  }

  /// The bytes of the string entry at `index`.
  @inline(__always) func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    let entry = entries[index]
    return UnsafeBufferPointer(start: arena + Int(entry.payload), count: Int(entry.length))
  }

  /// The whole string at `index`, nil if it is none.
  func string(_ index: Int) -> String? {
    entries[index].kind == Kind.string ? String(decoding: bytes(index), as: UTF8.self) : nil
  }

  /// What the value weighs in bytes, a little below its JSON text: strings by their bytes and quotes, everything else by eight.
  func weight(of index: Int) -> Int {
    var total = 0
    for position in index..<end(of: index) {
      let entry = entries[position]
      total += entry.kind == Kind.string ? Int(entry.length) + 3 : 8
    }
    return total
  }
}

/// How a piece of text failed to be JSON.
struct JSONError: Error {
  enum Reason {
    case empty, invalid, invalidUTF8, trailing, truncated, outOfMemory
  }
  let reason: Reason
  /// Bytes from the start of the piece.
  let position: Int

  var message: String {
    switch reason {
    case .empty: "data, missing or empty"
    case .invalid: "invalid JSON at byte \(position)"
    case .invalidUTF8: "invalid UTF-8 at byte \(position); send JSON as UTF-8"
    case .trailing: "invalid JSON: more text after the value, at byte \(position)"
    case .truncated: "invalid JSON: the text ends in the middle of a value"
    case .outOfMemory: "out of memory while reading JSON"
    }
  }
}

/// Reads pieces of one text as JSON values. Owned by one request at a time; keeps its buffers between requests.
final class JSONReader {
  /// Containers within containers: far more than any record may have, so that the limit on records is the one that speaks.
  static let maximumDepth: UInt32 = 32

  private let reader: OpaquePointer?

  init() { reader = slj_create(Self.maximumDepth) }

  deinit { slj_destroy(reader) }

  var footprint: Int { reader.map { slj_footprint($0) } ?? 0 }

  func load(_ text: [UInt8]) throws(JSONError) {
    guard let reader, slj_load(reader, text, text.count) == SLJ_OK else { throw JSONError(reason: .outOfMemory, position: 0) }
  }

  /// The value in the bytes `range` of the loaded text.
  func parse(_ range: Range<Int>, slowly: Bool = false) throws(JSONError) -> JSONTape {
    guard let reader else { throw JSONError(reason: .outOfMemory, position: 0) }
    let document = slowly ? slj_parse_slowly(reader, range.lowerBound, range.count) : slj_parse(reader, range.lowerBound, range.count)
    let reason: JSONError.Reason
    switch Int(document.status) {
    case SLJ_OK:
      guard let entries = document.entries, let arena = document.arena ?? UnsafePointer(bitPattern: 1) else { fallthrough }
      return JSONTape(entries: entries, count: document.count, arena: arena)
    case SLJ_NO_MEMORY: reason = .outOfMemory
    case SLJ_EMPTY: reason = .empty
    case SLJ_INVALID_UTF8: reason = .invalidUTF8
    case SLJ_TRAILING: reason = .trailing
    case SLJ_TRUNCATED: reason = .truncated
    default: reason = .invalid
    }
    throw JSONError(reason: reason, position: document.position)
  }
}
