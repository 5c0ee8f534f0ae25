/// Turns rows of a table into records for `/import`, once its first row has named the columns.
struct TableReader {
  private enum Role {
    case event, time, distinctID, userID, deviceID, insertID
    case property(key: [UInt8], kind: TableMapping.Kind)
    case none
  }

  private let mapping: TableMapping
  private var roles: [Role] = []
  private var columns: [String] = []
  private var fields = RowFields()
  private var record: [UInt8] = []
  private let json = JSONReader()

  init(mapping: TableMapping) { self.mapping = mapping }

  var hasHeader: Bool { !columns.isEmpty }

  /// Reads the first row. Throws where the mapping and the table do not fit: nothing of such a file is read.
  mutating func readHeader(_ row: [UInt8]) throws(ImportFileError) {
    if let fault = fields.read(row, delimiter: mapping.delimiter) { throw ImportFileError("the first row cannot be read: \(fault)") }
    columns = (0..<fields.count).map { String(decoding: fields[$0], as: UTF8.self) }
    for (index, column) in columns.enumerated() where columns[..<index].contains(column) {
      throw ImportFileError("the first row names the column “\(column)” twice")
    }
    roles = columns.map { _ in .none }
    if case .column(let name) = mapping.event { try give(name, .event, "event") }
    try give(mapping.time, .time, "time")
    try give(mapping.distinctID, or: ["distinct_id", "$distinct_id"], .distinctID)
    try give(mapping.userID, or: ["$user_id"], .userID)
    try give(mapping.deviceID, or: ["$device_id"], .deviceID)
    try give(mapping.insertID, or: ["$insert_id", "insert_id"], .insertID)
    if let properties = mapping.properties {
      for property in properties { try give(property.column, .property(key: Self.key(property.name), kind: property.kind), property.name) }
    } else {
      for (index, column) in columns.enumerated() {
        if case .none = roles[index], !column.isEmpty { roles[index] = .property(key: Self.key(column), kind: .automatic) }
      }
    }
  }

  private mutating func give(_ column: String, _ role: Role, _ what: String) throws(ImportFileError) {
    guard let index = columns.firstIndex(of: column) else {
      throw ImportFileError(
        "the table has no column “\(column)” for \(what); it has \(columns.prefix(50).joined(separator: ", ")). Say with --mapping which column is what"
      )
    }
    roles[index] = role
  }

  private mutating func give(_ column: String?, or usual: [String], _ role: Role) throws(ImportFileError) {
    if let column { return try give(column, role, "it") }
    if let name = usual.first(where: { columns.contains($0) }) { try give(name, role, name) }
  }

  private static func key(_ name: String) -> [UInt8] {
    var key: [UInt8] = [UInt8(ascii: ",")]
    appendString(Array(name.utf8)[...], to: &key)
    key.append(UInt8(ascii: ":"))
    return key
  }

  /// What became of a row.
  enum Outcome {
    case record([UInt8])
    case refused(String)
  }

  mutating func read(_ row: [UInt8]) -> Outcome {
    if let fault = fields.read(row, delimiter: mapping.delimiter) { return .refused(fault) }
    guard fields.count == columns.count else {
      return .refused("the row has \(fields.count) fields, the first row \(columns.count)")
    }
    record.removeAll(keepingCapacity: true)
    record += Array(#"{"event":"#.utf8)
    var event: ArraySlice<UInt8> = []
    if case .constant(let name) = mapping.event { event = Array(name.utf8)[...] }
    for (index, role) in roles.enumerated() { if case .event = role { event = fields[index] } }
    guard !event.isEmpty else { return .refused("the row names no event") }
    Self.appendString(event, to: &record)
    record += Array(#","properties":{"distinct_id":"#.utf8)
    let actor = roles.firstIndex { if case .distinctID = $0 { true } else { false } }
    Self.appendString(actor.map { fields[$0] } ?? [], to: &record)
    for (index, role) in roles.enumerated() {
      let text = fields[index]
      switch role {
      case .event, .distinctID, .none: break
      case .time:
        guard let time = mapping.timeFormat.milliseconds(text, clock: mapping.clock) else { return .refused(fault(index, "a time")) }
        record += Array(#","time":"#.utf8) + RecordFitter.seconds(time)
      case .userID: appendID(#","$user_id":"#, text)
      case .deviceID: appendID(#","$device_id":"#, text)
      case .insertID: appendID(#","$insert_id":"#, text)
      case .property(let key, let kind):
        // An empty field: the event lacks the property.
        guard !text.isEmpty else { continue }
        record += key
        if let expected = append(text, kind) { return .refused(fault(index, expected)) }
      }
    }
    record += Array("}}".utf8)
    return .record(record)
  }

  /// Names the column, not what stands in it.
  private func fault(_ index: Int, _ expected: String) -> String { "column “\(columns[index])” does not hold \(expected)" }

  private mutating func appendID(_ name: StaticString, _ text: ArraySlice<UInt8>) {
    guard !text.isEmpty else { return }
    record.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    Self.appendString(text, to: &record)
  }

  /// Returns what the text should have been, nil if it is that.
  private mutating func append(_ text: ArraySlice<UInt8>, _ kind: TableMapping.Kind) -> String? {
    switch kind {
    case .string: Self.appendString(text, to: &record)
    case .number:
      guard Self.isNumber(text) else { return "a number" }
      record += text
    case .boolean:
      switch String(decoding: text.prefix(6), as: UTF8.self).lowercased() {
      case "true", "t", "yes", "1": record += Array("true".utf8)
      case "false", "f", "no", "0": record += Array("false".utf8)
      default: return "true or false"
      }
    case .time:
      guard let time = mapping.timeFormat.milliseconds(text, clock: mapping.clock) else { return "a time" }
      Self.appendString(Array(TimeFormat.text(time).utf8)[...], to: &record)
    case .json:
      guard isJSON(text) else { return "JSON" }
      // Line ends between tokens would end the record where it goes next.
      record += text.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
    case .automatic:
      if Self.isNumber(text) || text.elementsEqual("true".utf8) || text.elementsEqual("false".utf8) {
        record += text
      } else {
        Self.appendString(text, to: &record)
      }
    }
    return nil
  }

  private func isJSON(_ text: ArraySlice<UInt8>) -> Bool {
    do throws(JSONError) {
      try json.load(Array(text))
      _ = try json.parse(0..<text.count)
      return true
    } catch { return false }
  }

  /// A number as JSON writes it: `007` and `+1` are none, so that codes stay what they are.
  private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    func digits(_ rest: inout ArraySlice<UInt8>) -> Int {
      let count = rest.prefix { (0x30...0x39).contains($0) }.count
      rest.removeFirst(count)
      return count
    }
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    let isZero = rest.first == UInt8(ascii: "0")
    let whole = digits(&rest)
    guard whole > 0, whole < 18, !isZero || whole == 1 else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard digits(&rest) > 0 else { return false }
    }
    if let exponent = rest.first, exponent | 0x20 == UInt8(ascii: "e") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      let count = digits(&rest)
      guard count > 0, count < 4 else { return false }
    }
    return rest.isEmpty
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func appendString(_ text: ArraySlice<UInt8>, to record: inout [UInt8]) {
    record.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        record.append(UInt8(ascii: "\\"))
        record.append(byte)
      case 0..<0x20:
        record += Array("\\u00".utf8)
        record.append(digits[Int(byte >> 4)])
        record.append(digits[Int(byte & 15)])
      default: record.append(byte)
      }
    }
    record.append(UInt8(ascii: "\""))
  }
}
