import Foundation
import Intake
import Yams

/// A mapping file (docs/INTAKE.md, "Tables"), and the same on the command line.
extension TableMapping {
  /// Reads `text`; what is not said stays as it is in the default mapping. Throws `CommandError` that names the key.
  package init(yaml text: String, file: String) throws {
    self.init()
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch { throw CommandError("The mapping \(file) is not valid YAML: \(error)") }
    guard let root else { return }
    guard let members = root.mapping else { throw CommandError("The mapping \(file) must have lines such as “time: created_at”.") }
    for (key, node) in members {
      let name = key.string ?? "?"
      do throws(MappingFault) { try set(name, node) } catch {
        throw CommandError("“\(name)” in the mapping \(file) \(error.sentence)")
      }
    }
  }

  private mutating func set(_ name: String, _ node: Node) throws(MappingFault) {
    switch name {
    case "event":
      if let constant = node.mapping?["constant"]?.string { event = .constant(constant) } else { event = .column(try text(node)) }
    case "time":
      guard let members = node.mapping else {
        time = try text(node)
        return
      }
      for (key, value) in members {
        switch key.string {
        case "column": time = try text(value)
        case "format": try setTimeFormat(try text(value))
        case "zone": try setZone(try text(value))
        default: throw MappingFault("knows column, format and zone.")
        }
      }
    case "distinct_id": distinctID = try text(node)
    case "user_id": userID = try text(node)
    case "device_id": deviceID = try text(node)
    case "insert_id": insertID = try text(node)
    case "delimiter": try setDelimiter(try text(node))
    case "properties":
      guard let members = node.mapping else { throw MappingFault("must name columns, each with a type.") }
      var columns: [PropertyColumn] = []
      for (key, value) in members {
        let column = try text(key)
        if let details = value.mapping {
          for (member, _) in details where !["name", "type"].contains(member.string) { throw MappingFault("knows name and type.") }
          columns.append(
            PropertyColumn(column: column, name: details["name"]?.string, kind: try Self.kind(details["type"]?.string ?? "auto")))
        } else {
          columns.append(PropertyColumn(column: column, kind: try Self.kind(try text(value))))
        }
      }
      properties = columns
    default:
      throw MappingFault("means nothing; known are event, time, distinct_id, user_id, device_id, insert_id, delimiter, properties.")
    }
  }

  private func text(_ node: Node) throws(MappingFault) -> String {
    guard let text = node.scalar?.string, !text.isEmpty else { throw MappingFault("must be one value.") }
    return text
  }

  package mutating func setTimeFormat(_ text: String) throws(MappingFault) {
    guard let format = TimeFormat(text) else {
      throw MappingFault("must be auto, seconds, milliseconds, or a pattern such as “%d.%m.%Y %H:%M:%S”.")
    }
    timeFormat = format
  }

  package mutating func setZone(_ text: String) throws(MappingFault) { clock = try WallClock(zone: text) }

  package mutating func setDelimiter(_ text: String) throws(MappingFault) {
    let bytes = Array((["tab": "\t", "\\t": "\t"][text] ?? text).utf8)
    guard bytes.count == 1, bytes[0] < 0x80, ![0x0A, 0x0D, 0x22].contains(bytes[0]) else {
      throw MappingFault("must be one character, or “tab”.")
    }
    delimiter = bytes[0]
  }

  package static func kind(_ text: String) throws(MappingFault) -> Kind {
    guard let kind = Kind(rawValue: text) else {
      throw MappingFault("has the type “\(text)”; known are \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return kind
  }

  /// `COLUMN`, `COLUMN:TYPE` or `COLUMN:TYPE:NAME`.
  package static func column(_ text: String) throws(MappingFault) -> PropertyColumn {
    let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    return PropertyColumn(column: parts[0], name: parts.count > 2 ? parts[2] : nil, kind: parts.count > 1 ? try kind(parts[1]) : .automatic)
  }
}

/// What is wrong with a key of a mapping: the rest of a sentence that begins with the key.
package struct MappingFault: Error, CustomStringConvertible {
  package let sentence: String
  package init(_ sentence: String) { self.sentence = sentence }
  package var description: String { sentence }
}

extension WallClock {
  package init(zone name: String) throws(MappingFault) {
    guard let zone = TimeZone(identifier: name) else { throw MappingFault("must be a time zone such as Europe/Berlin.") }
    self.init { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval($0)))) }
  }
}
