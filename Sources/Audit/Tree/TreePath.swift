internal import Events

/// A path as the file system or git has it: bytes, which need not be text.
struct TreePath: Sendable, Hashable {
  var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(_ text: String) { bytes = Array(text.utf8) }

  /// To be shown: harmless to terminals, and without what looks like a key in a file's name.
  var shown: String { Redactor.clean(String(decoding: bytes, as: UTF8.self)) }
  var text: String { String(decoding: bytes, as: UTF8.self) }
  var name: String { String(decoding: bytes.split(separator: 0x2F).last ?? [], as: UTF8.self) }

  func appending(_ name: [UInt8]) -> TreePath { bytes.isEmpty ? TreePath(name) : TreePath(bytes + [0x2F] + name) }
}

/// Takes what looks like a secret out of texts that come from a repository or a platform and are shown: names of files, branches and people.
enum Redactor {
  static func clean(_ text: String) -> String {
    let bounded = text.utf8.count > 1000 ? String(decoding: text.utf8.prefix(1000), as: UTF8.self) + "…" : text
    var bytes = Array(bounded.utf8)
    let found = bytes.withUnsafeBufferPointer { KeyScanner(FileKind("name.txt")).scan($0) }
    for candidate in found.reversed() { bytes.replaceSubrange(candidate.range, with: Array("[secret]".utf8)) }
    return TerminalText(String(decoding: bytes, as: UTF8.self)).description
  }
}
