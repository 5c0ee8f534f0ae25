import Access
import Events
import Intake
import Journeys

/// A list of grants as an admin console exports it: CSV with names in its first row, a JSON array, a JSON object around one, or a JSON object a
/// line. Read a row at a time; a bad one is named by its line and takes no other one down.
package struct GrantList {
  package enum Format: String, CaseIterable {
    case csv, json

    /// By its beginning, behind a byte order mark.
    init(of bytes: [UInt8]) {
      let first = bytes.first { $0 > 0x20 && ![0xEF, 0xBB, 0xBF].contains($0) }
      self = first == UInt8(ascii: "[") || first == UInt8(ascii: "{") ? .json : .csv
    }
  }

  package struct Refused: Sendable, Hashable {
    package let line: Int
    package let reason: String
  }

  static let mostBytes = 16 << 20
  static let longestRow = 65_536
  /// Refused rows that are named; beyond, they are counted.
  static let mostNamed = 100
  /// Members of an object under which consoles put their lists.
  private static let wrappers = ["items", "value", "grants", "tokens", "apps", "applications", "records", "data", "results"]

  package private(set) var refused: [Refused] = []
  package private(set) var refusedCount = 0
  package private(set) var rows = 0
  private var drafts: [VendorGrantDraft.Key: VendorGrantDraft] = [:]
  private var order: [VendorGrantDraft.Key] = []
  private let now: Timestamp

  /// In their order, each once.
  package var grants: [VendorGrantDraft] { order.compactMap { drafts[$0] } }

  /// - Throws: `APIError` where nothing of it can be read.
  package init(_ bytes: [UInt8], format: Format, at now: Timestamp) throws(APIError) {
    self.now = now
    switch format {
    case .csv: try readTable(bytes)
    case .json: readRecords(bytes)
    }
    guard rows > 0 || refusedCount > 0 else { throw APIError.badRequest("The list has no rows.") }
  }

  private mutating func refuse(_ line: Int, _ reason: String) {
    refusedCount += 1
    if refused.count < Self.mostNamed { refused.append(Refused(line: line, reason: reason)) }
  }

  private mutating func take(_ texts: [String: String], line: Int) {
    let draft: VendorGrantDraft
    do throws(GrantRow.Fault) { draft = try GrantRow(texts).draft(at: now) } catch { return refuse(line, error.reason) }
    rows += 1
    if drafts[draft.key] != nil {
      drafts[draft.key]?.join(draft)
    } else if order.count < ControlDatabase.mostGrants {
      order.append(draft.key)
      drafts[draft.key] = draft
    } else {
      rows -= 1
      refuse(line, "the list has more than \(ControlDatabase.mostGrants) grants")
    }
  }

  // MARK: CSV

  private mutating func readTable(_ bytes: [UInt8]) throws(APIError) {
    let delimiter = Self.delimiter(of: bytes)
    var cutter = RowCutter(delimiter: delimiter, maximumBytes: Self.longestRow)
    var fields = RowFields()
    var columns: [String] = []
    var fault: APIError?
    func judge(_ piece: RowCutter.Piece, _ list: inout GrantList) {
      guard fault == nil else { return }
      switch piece {
      case .reject(let line, let reason): list.refuse(line, reason)
      case .row(let row, let line):
        if let wrong = fields.read(row, delimiter: delimiter) { return list.refuse(line, wrong) }
        let texts = (0..<fields.count).map { String(decoding: fields[$0], as: UTF8.self) }
        guard !columns.isEmpty else {
          columns = texts.map(GrantRow.plain)
          if !GrantRow.namesGrant(columns) {
            fault = .badRequest(
              "The first row names no column for the application or its client, such as “name”, “app name” or “client id”: is this a list of grants?"
            )
          }
          return
        }
        guard texts.count == columns.count else {
          return list.refuse(line, "the row has \(texts.count) fields, the first row \(columns.count)")
        }
        // Of two columns of one name the first counts.
        let pairs = zip(columns, texts).filter { GrantRow.isKnown($0.0) }
        list.take(Dictionary(pairs, uniquingKeysWith: { first, _ in first }), line: line)
      }
    }
    bytes.withUnsafeBufferPointer { buffer in cutter.take(buffer) { judge($0, &self) } }
    cutter.finish { judge($0, &self) }
    if let fault { throw fault }
  }

  /// What stands most often in the first row.
  private static func delimiter(of bytes: [UInt8]) -> UInt8 {
    let first = bytes.prefix { $0 != 0x0A }
    let counts = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09].map { delimiter in (delimiter, first.count { $0 == delimiter }) }
    return counts.max { $0.1 < $1.1 }.flatMap { $0.1 > 0 ? $0.0 : nil } ?? UInt8(ascii: ",")
  }

  // MARK: JSON

  private mutating func readRecords(_ bytes: [UInt8]) {
    // One object around the list, as consoles' interfaces answer. Lines of objects are no JSON as a whole.
    if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"),
      case .object(let members)? = try? JSONValue(parsing: bytes, limit: Self.mostBytes)
    {
      for name in Self.wrappers {
        if case .list(let elements)? = members[name] {
          for (index, element) in elements.enumerated() { take(element, line: index + 1) }
          return
        }
      }
      return take(.object(members), line: 1)
    }
    var cutter = RecordCutter(maximumBytes: Self.longestRow)
    func judge(_ piece: RecordCutter.Piece, _ list: inout GrantList) {
      switch piece {
      case .reject(let line, let reason): list.refuse(line, reason)
      case .record(let record, let line):
        guard let value = try? JSONValue(parsing: record, limit: Self.longestRow + 1) else {
          return list.refuse(line, "it is not JSON")
        }
        list.take(value, line: line)
      }
    }
    bytes.withUnsafeBufferPointer { buffer in cutter.take(buffer) { judge($0, &self) } }
    cutter.finish { judge($0, &self) }
  }

  private mutating func take(_ value: JSONValue, line: Int) {
    guard case .object(let members) = value else { return refuse(line, "it is no JSON object") }
    take(Self.texts(members), line: line)
  }

  /// What stands under known names, as a table would have it.
  static func texts(_ members: [String: JSONValue]) -> [String: String] {
    var texts: [String: String] = [:]
    // Sorted, so that of two names that are the same without their marks always the same one counts.
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      let plain = GrantRow.plain(name)
      guard GrantRow.isKnown(plain), texts[plain] == nil else { continue }
      switch value {
      case .string(let text): texts[plain] = text
      case .number, .boolean: texts[plain] = value.text
      case .list(let elements):
        texts[plain] = elements.compactMap { if case .string(let text) = $0 { text } else { nil } }.joined(separator: "\n")
      case .null, .object: break
      }
    }
    return texts
  }
}
