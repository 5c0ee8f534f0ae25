/// What makes the next leak likely, beside the keys themselves.
package struct WeakPlace: Sendable, Codable, Hashable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case environmentTracked = "env_file_tracked"
    case environmentNotIgnored = "env_file_not_ignored"
    case keyFileTracked = "key_file_tracked"
    case keyFileReadable = "key_file_readable"
    case credentialsTracked = "credentials_file_tracked"
    case remotePassword = "remote_password"
    case pipelineEcho = "ci_prints_secret"

    /// The worst first.
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  package var kind: Kind
  package var path: String
  package var line: Int?
  package var sentence: String

  package init(_ kind: Kind, path: String, line: Int? = nil, _ sentence: String) {
    self.kind = kind
    self.path = path
    self.line = line
    self.sentence = sentence
  }
}

/// Files that are weak places by what they are called.
enum WeakFiles {
  enum Role { case environment, key, credentials }

  static func role(of path: TreePath, kind: FileKind) -> Role? {
    if kind.traits.contains(.environment) { return .environment }
    let name = path.name.lowercased()
    if ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"].contains(name) { return .key }
    if [".p12", ".pfx", ".jks", ".keystore", ".ppk", ".kdbx", ".p8"].contains(where: { name.hasSuffix($0) }) { return .key }
    if kind.traits.contains(.credentials) { return .credentials }
    return nil
  }
}

/// Lines of pipelines that print what should stay secret.
enum PipelineEcho {
  private static let printers: [StaticString] = ["echo ", "printf ", "cat <<", "write-host ", "console.log(", "print("]

  static func findings(in text: [UInt8]) -> [Int] {
    var found: [Int] = []
    text.withUnsafeBufferPointer { bytes in
      var start = 0
      var line = 1
      while start <= bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        if isPrinting(bytes, start..<min(end, start + 2000)) { found.append(line) }
        start = end + 1
        line += 1
      }
    }
    return found
  }

  private static func isPrinting(_ bytes: Bytes, _ line: Range<Int>) -> Bool {
    guard
      let printer = line.first(where: { place in printers.contains { bytes.holds($0, at: place) } && !bytes.byte(place - 1).isWordByte })
    else {
      // The whole environment.
      var first = line.lowerBound
      while first < line.upperBound, bytes[first].isBlank || bytes[first] == .of("-") { first += 1 }
      if bytes.holds("run:", at: first) { first += 4 }
      while first < line.upperBound, bytes[first].isBlank { first += 1 }
      let rest = bytes.text(first..<line.upperBound).trimmingBlanks
      return rest == "env" || rest == "printenv" || rest == "env | sort" || rest == "printenv | sort" || rest == "export -p"
    }
    let rest = printer..<line.upperBound
    // What goes into a file, another program, or a mask is not printed.
    if bytes.holds("::add-mask::", in: rest) || bytes[rest].contains(.of("|")) { return false }
    if let arrow = rest.first(where: { bytes[$0] == .of(">") }), bytes.byte(arrow - 1) != .of("="), !bytes.holds(">&2", at: arrow) {
      return false
    }
    if bytes.holds("${{ secrets.", in: rest) || bytes.holds("${{secrets.", in: rest) { return true }
    // `$API_TOKEN`, `${DB_PASSWORD}`.
    for index in rest where bytes[index] == .of("$") {
      var first = index + 1
      if bytes.byte(first) == .of("{") { first += 1 }
      if bytes.byte(first) == .of("#") || bytes.byte(first) == .of("(") { continue }
      var end = first
      while end < line.upperBound, bytes[end].isWordByte || bytes[end] == .of("_") { end += 1 }
      // `${TOKEN:+set}` says whether there is one.
      if bytes.byte(end) == .of(":"), bytes.byte(end + 1) == .of("+") { continue }
      if end > first, SecretName.meaning(of: bytes.piece(first..<end)) != nil { return true }
    }
    return false
  }
}

extension String {
  var trimmingBlanks: String {
    var text = self[...]
    while let last = text.last, last.isWhitespace { text.removeLast() }
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    return String(text)
  }
}

/// Addresses of remotes with a password or a token in them.
enum RemotePasswords {
  static func findings(in configuration: [UInt8]) -> [(remote: String, line: Int)] {
    var remote = ""
    var found: [(String, Int)] = []
    for (number, line) in String(decoding: configuration, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      let plain = String(line).trimmingBlanks
      if plain.hasPrefix("[") { remote = plain.split(separator: "\"").dropFirst().first.map(String.init) ?? "" }
      guard plain.lowercased().hasPrefix("url") || plain.lowercased().hasPrefix("pushurl"), plain.contains("://") else { continue }
      let hasOne = Array(plain.utf8).withUnsafeBufferPointer { bytes in
        KeyScanner(FileKind("config.txt")).scan(bytes).contains { $0.kind == .urlPassword || $0.kind == .providerKey }
      }
      if hasOne { found.append((Redactor.clean(remote), number + 1)) }
    }
    return found
  }
}
