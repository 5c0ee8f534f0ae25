import Access
import Foundation
import Outbound
import Yams

/// The channels' file: YAML, a list of channels (docs/OPERATIONS.md, "Alerts"). What it does not know is an error, so that no misspelt key is ignored.
package enum ChannelFile {
  static let mostBytes = 1 << 20
  static let mostChannels = 50

  /// - Parameter data: the data directory, in which no secret may lie.
  package static func read(_ file: URL, data: URL? = nil) throws(ChannelError) -> [Channel] {
    guard let handle = FileHandle(forReadingAtPath: file.path), let bytes = try? handle.read(upToCount: mostBytes + 1),
      bytes.count <= mostBytes, let text = String(validating: bytes, as: UTF8.self)
    else { throw ChannelError("The channels' file \(file.path) cannot be read as text. Is the path right, and may this user read it?") }
    let channels: [Channel]
    do { channels = try parse(text) } catch { throw ChannelError("\(file.path): \(error.description)") }
    if let data {
      let inside = data.standardizedFileURL.path + "/"
      for case .file(let path) in channels.flatMap(\.secrets)
      where URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path.hasPrefix(inside) {
        throw ChannelError("\(file.path): the secret \(path) lies in the data directory, and would be in its backups. Put it elsewhere.")
      }
    }
    return channels
  }

  package static func parse(_ text: String) throws(ChannelError) -> [Channel] {
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch { throw ChannelError("it is not valid YAML: \(error)") }
    guard let members = root?.mapping, let list = members["channels"]?.sequence, members.count == 1 else {
      throw ChannelError("it must have the one key “channels”, a list.")
    }
    guard list.count <= mostChannels else { throw ChannelError("it has more than \(mostChannels) channels.") }
    var channels: [Channel] = []
    for (index, node) in list.enumerated() {
      var fields = try ChannelFields(node, place: "channel \(index + 1)")
      let channel = try channel(&fields)
      try fields.finish()
      guard !channels.contains(where: { $0.name == channel.name }) else { throw ChannelError("two channels are called “\(channel.name)”.") }
      channels.append(channel)
    }
    return channels
  }

  private static func channel(_ fields: inout ChannelFields) throws(ChannelError) -> Channel {
    let name = try fields.text("name")
    guard !name.isEmpty, name.utf8.count <= 40,
      name.utf8.allSatisfy({
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || $0 == UInt8(ascii: "-")
      })
    else { throw ChannelError("a channel's name has lower-case letters, digits and -, at most 40 of them.") }
    fields.place = "channel “\(name)”"
    let severity = try fields.word("minimum_severity", Alert.Severity.allCases, default: .low) { $0.rawValue }
    switch try fields.text("type") {
    case "mail":
      return Channel(name: name, minimumSeverity: severity, target: .mail(try mail(&fields)), stream: nil)
    case "webhook":
      let isOCSF = try fields.word("format", ["alert", "ocsf"], default: "alert") { $0 } == "ocsf"
      return Channel(
        name: name, minimumSeverity: severity, target: .webhook(try webhook(&fields)), stream: isOCSF ? try stream(&fields) : nil)
    case "syslog":
      let (host, port) = try fields.address("server", defaultPort: 6514)
      let syslog = Channel.Syslog(
        host: host, port: port, certificateAuthority: try fields.optional("certificate_authority"),
        clientCertificate: try fields.optional("client_certificate"), clientKey: try fields.optional("client_key"))
      guard (syslog.clientCertificate == nil) == (syslog.clientKey == nil) else {
        throw fields.error("“client_certificate” and “client_key” are needed together")
      }
      return Channel(name: name, minimumSeverity: severity, target: .syslog(syslog), stream: try stream(&fields))
    case "file":
      let path = try fields.text("path")
      guard path.hasPrefix("/") else { throw fields.error("“path” must be absolute") }
      return Channel(name: name, minimumSeverity: severity, target: .file(URL(fileURLWithPath: path)), stream: try stream(&fields))
    default: throw fields.error("“type” is one of mail, webhook, syslog and file")
    }
  }

  private static func stream(_ fields: inout ChannelFields) throws(ChannelError) -> Channel.Stream {
    let takesEvents = try fields.word("events", ["all", "alerts"], default: "all") { $0 } == "all"
    let takesAggregates = try fields.word("disclosures", ["subjects", "all"], default: "subjects") { $0 } == "all"
    let backlog = try fields.number("backlog", default: 1_000_000, in: 1_000...1_000_000_000)
    return Channel.Stream(takesEvents: takesEvents, takesAggregates: takesAggregates, backlog: UInt64(backlog))
  }

  private static func mail(_ fields: inout ChannelFields) throws(ChannelError) -> Channel.Mail {
    let security = try fields.word("security", OutboundMail.Security.allCases, default: .startTLS) { $0.rawValue }
    let (host, port) = try fields.address("server", defaultPort: security == .tls ? 465 : 587)
    guard security != .none || isLoopback(host) else {
      throw fields.error("“security: none” is for a relay on this machine only; use starttls or tls")
    }
    let mail = Channel.Mail(
      host: host, port: port, security: security, username: try fields.optional("username"), password: try fields.secret("password"),
      from: try fields.text("from"), to: try fields.list("to"), certificateAuthority: try fields.optional("certificate_authority"))
    guard (mail.username == nil) == (mail.password == nil) else { throw fields.error("“username” needs “password_file” or “password_env”") }
    guard (1...20).contains(mail.to.count), (mail.to + [mail.from]).allSatisfy({ MailClient.isAddress($0) }) else {
      throw fields.error("“from” and “to” must be mail addresses, at most 20 of them")
    }
    return mail
  }

  private static func webhook(_ fields: inout ChannelFields) throws(ChannelError) -> Channel.Webhook {
    let url = try fields.text("url")
    let allowsInternal = try fields.word("allow_internal", ["true", "false"], default: "false") { $0 } == "true"
    guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil,
      parts.fragment == nil
    else { throw fields.error("“url” must be an https address without user or fragment") }
    guard parts.scheme == "https" || (parts.scheme == "http" && allowsInternal && isLoopback(host)) else {
      throw fields.error("“url” must begin with https://; http is for this machine only, with “allow_internal: true”")
    }
    guard let secrets = try fields.secret("secrets") else {
      throw fields.error("“secrets_file” or “secrets_env” is missing: whsec_… secrets, one a line")
    }
    return Channel.Webhook(
      url: url, secrets: secrets, allowsInternal: allowsInternal, certificateAuthority: try fields.optional("certificate_authority"))
  }

  package static func isLoopback(_ host: String) -> Bool {
    let host = host.trimmingCharacters(in: ["[", "]"])
    return host == "localhost" || host == "::1" || (host.hasPrefix("127.") && isInternalAddress(host) == true)
  }
}

/// The members of one mapping of a configuration in YAML, such as a channel, each taken once.
package struct ChannelFields {
  package var place: String
  private var members: [String: Node] = [:]

  package init(_ node: Node, place: String) throws(ChannelError) {
    self.place = place
    guard let mapping = node.mapping else { throw ChannelError("\(place) is not a mapping.") }
    for (key, value) in mapping { members[key.string ?? "?"] = value }
  }

  /// Whether it is there and not taken yet.
  package func has(_ name: String) -> Bool { members[name] != nil }

  package mutating func optionalMapping(_ name: String) throws(ChannelError) -> ChannelFields? {
    guard let node = members.removeValue(forKey: name) else { return nil }
    return try ChannelFields(node, place: "“\(name)”")
  }

  package mutating func mapping(_ name: String) throws(ChannelError) -> ChannelFields {
    guard let fields = try optionalMapping(name) else { throw error("“\(name)” is missing") }
    return fields
  }

  /// A list of mappings; none where it is left out.
  package mutating func mappings(_ name: String, most: Int) throws(ChannelError) -> [ChannelFields] {
    guard let node = members.removeValue(forKey: name) else { return [] }
    guard let nodes = node.sequence, nodes.count <= most else { throw error("“\(name)” is a list of at most \(most)") }
    var found: [ChannelFields] = []
    for (index, node) in nodes.enumerated() { found.append(try ChannelFields(node, place: "“\(name)” \(index + 1)")) }
    return found
  }

  package func error(_ text: String) -> ChannelError { ChannelError("\(place): \(text).") }

  package mutating func optional(_ name: String) throws(ChannelError) -> String? {
    guard let node = members.removeValue(forKey: name) else { return nil }
    guard let scalar = node.scalar else { throw error("“\(name)” must be one value") }
    return scalar.string
  }

  package mutating func text(_ name: String) throws(ChannelError) -> String {
    guard let text = try optional(name), !text.isEmpty else { throw error("“\(name)” is missing") }
    return text
  }

  package mutating func list(_ name: String) throws(ChannelError) -> [String] {
    guard let node = members.removeValue(forKey: name) else { throw error("“\(name)” is missing") }
    if let scalar = node.scalar { return [scalar.string] }
    guard let texts = node.sequence?.map({ $0.scalar?.string }), !texts.contains(nil) else {
      throw error("“\(name)” must be a list of texts")
    }
    return texts.compactMap(\.self)
  }

  package mutating func word<Word>(_ name: String, _ words: [Word], default otherwise: Word, _ text: (Word) -> String) throws(ChannelError)
    -> Word
  {
    guard let chosen = try optional(name) else { return otherwise }
    guard let word = words.first(where: { text($0) == chosen }) else {
      throw error("“\(name)” is one of \(words.map(text).joined(separator: ", "))")
    }
    return word
  }

  package mutating func number(_ name: String, default otherwise: Int, in range: ClosedRange<Int>) throws(ChannelError) -> Int {
    guard let text = try optional(name) else { return otherwise }
    guard let number = Int(text), range.contains(number) else {
      throw error("“\(name)” is a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// `host`, `host:port` or `[address]:port`.
  package mutating func address(_ name: String, defaultPort: Int) throws(ChannelError) -> (host: String, port: Int) {
    let text = try text(name)
    guard let parts = URLComponents(string: "x://\(text)"), let host = parts.host, !host.isEmpty, parts.path.isEmpty, parts.query == nil,
      parts.user == nil, (1...65535).contains(parts.port ?? defaultPort)
    else { throw error("“\(name)” must be a host, or host:port") }
    return (host.trimmingCharacters(in: ["[", "]"]), parts.port ?? defaultPort)
  }

  /// `NAME_file` or `NAME_env`. Secrets do not stand in the file itself.
  package mutating func secret(_ name: String) throws(ChannelError) -> SecretReference? {
    guard members[name] == nil else { throw error("secrets do not stand in this file: write “\(name)_file” or “\(name)_env”") }
    switch (try optional("\(name)_file"), try optional("\(name)_env")) {
    case (let path?, nil):
      guard path.hasPrefix("/") else { throw error("“\(name)_file” must be absolute") }
      return .file(path)
    case (nil, let variable?): return .environment(variable)
    case (nil, nil): return nil
    default: throw error("give “\(name)_file” or “\(name)_env”, not both")
    }
  }

  package func finish() throws(ChannelError) {
    if let unknown = members.keys.sorted().first { throw error("there is no such key as “\(unknown.prefix(100))” for this type") }
  }
}
