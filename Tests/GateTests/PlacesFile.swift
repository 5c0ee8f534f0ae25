/// Writes small MaxMind DB files (format 2.0, 24-bit records, IPv6 tree with IPv4 under ::/96) for tests.
/// Source: MaxMind DB File Format Specification, sections "Binary Search Tree", "Output Data Section", "Metadata".
struct PlacesFile {
  indirect enum Datum {
    case text(String)
    case number(UInt64, type: UInt8)
    case map([(String, Datum)])
    case list([Datum])
  }

  private struct Node {
    var children: [Int?] = [nil, nil]
    var data: [Int?] = [nil, nil]
  }

  private var nodes = [Node()]
  private var data: [UInt8] = []

  /// A network of IPv4 (4 bytes) or IPv6 (16 bytes) and what is known of it.
  mutating func insert(_ address: [UInt8], prefix: Int, _ datum: Datum) {
    let full = address.count == 4 ? [UInt8](repeating: 0, count: 12) + address : address
    let length = address.count == 4 ? prefix + 96 : prefix
    let offset = data.count
    Self.write(datum, to: &data)
    var node = 0
    for bit in 0..<length {
      let side = Int(full[bit / 8] >> (7 - bit % 8) & 1)
      if bit == length - 1 {
        nodes[node].data[side] = offset
      } else if let next = nodes[node].children[side] {
        node = next
      } else {
        nodes.append(Node())
        nodes[node].children[side] = nodes.count - 1
        node = nodes.count - 1
      }
    }
  }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    for node in nodes {
      for side in 0...1 {
        let record = node.data[side].map { nodes.count + 16 + $0 } ?? node.children[side] ?? nodes.count
        file += [UInt8(record >> 16 & 0xFF), UInt8(record >> 8 & 0xFF), UInt8(record & 0xFF)]
      }
    }
    file += [UInt8](repeating: 0, count: 16) + data + [0xAB, 0xCD, 0xEF] + Array("MaxMind.com".utf8)
    let metadata = Datum.map([
      ("node_count", .number(UInt64(nodes.count), type: 6)), ("record_size", .number(24, type: 5)), ("ip_version", .number(6, type: 5)),
      ("database_type", .text("Test-City")), ("languages", .list([.text("en")])), ("binary_format_major_version", .number(2, type: 5)),
      ("binary_format_minor_version", .number(0, type: 5)), ("build_epoch", .number(1_763_400_000, type: 9)),
      ("description", .map([("en", .text("Places for tests"))])),
    ])
    Self.write(metadata, to: &file)
    return file
  }

  private static func write(_ datum: Datum, to bytes: inout [UInt8]) {
    switch datum {
    case .text(let text):
      control(2, text.utf8.count, to: &bytes)
      bytes += Array(text.utf8)
    case .number(let number, let type):
      var digits: [UInt8] = []
      var rest = number
      while rest > 0 {
        digits.insert(UInt8(rest & 0xFF), at: 0)
        rest >>= 8
      }
      control(type, digits.count, to: &bytes)
      bytes += digits
    case .map(let members):
      control(7, members.count, to: &bytes)
      for (name, value) in members {
        write(.text(name), to: &bytes)
        write(value, to: &bytes)
      }
    case .list(let elements):
      control(11, elements.count, to: &bytes)
      for element in elements { write(element, to: &bytes) }
    }
  }

  /// Sizes here stay below 29, which needs no further bytes; longer texts do not occur.
  private static func control(_ type: UInt8, _ size: Int, to bytes: inout [UInt8]) {
    precondition(size < 29)
    if type > 7 {
      bytes += [UInt8(size), type - 7]
    } else {
      bytes.append(type << 5 | UInt8(size))
    }
  }
}
