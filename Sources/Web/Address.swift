/// A path on this origin with query parameters in a fixed order: what a link or a redirect points to.
package struct Address: Sendable, Hashable {
  package var path: String
  package var parameters: [Parameter]

  package struct Parameter: Sendable, Hashable {
    package var name: String
    package var value: String
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(_ path: String, _ parameters: [Parameter] = []) {
    self.path = path
    self.parameters = parameters
  }

  /// What every address of a page carries besides its own parameters, such as which project it is about. One that names the same itself
  /// keeps its own.
  @TaskLocal package static var everywhere: [Parameter] = []

  /// The same for a form, whose fields take the place of its address's query.
  package static var hiddenFields: HTML {
    everywhere.map { "<input type=\"hidden\" name=\"\(value: $0.name)\" value=\"\(value: $0.value)\">" as HTML }.joined()
  }

  /// Percent-encoded, ready for a `Location` header or an `href`.
  package var text: String {
    let all = parameters + Self.everywhere.filter { own in !parameters.contains { $0.name == own.name } }
    guard !all.isEmpty else { return path }
    let query = all.map { Self.encoded($0.name) + "=" + Self.encoded($0.value) }.joined(separator: "&")
    guard let fragment = path.firstIndex(of: "#") else { return "\(path)?\(query)" }
    return "\(path[..<fragment])?\(query)\(path[fragment...])"
  }

  package func adding(_ name: String, _ value: String) -> Address {
    Address(path, parameters + [Parameter(name, value)])
  }

  /// Unreserved characters of RFC 3986 and `*,:/`, which a query may hold, stay readable.
  package static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "*"), UInt8(ascii: ","),
        UInt8(ascii: ":"), UInt8(ascii: "/"):
        bytes.append(byte)
      default:
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
