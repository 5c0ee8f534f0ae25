import Delivery
import Foundation
import Outbound

/// Where a vendor's events go, and in whose form.
package enum Destination: Sendable, Hashable {
  /// Mixpanel's `/import`; another Sealane takes the same.
  case mixpanel(Mixpanel)
  /// Segment's HTTP tracking API, `/v1/batch`.
  case segment(Segment)
  /// Standard Webhooks 1.0.0.
  case webhook(Webhook)
  /// A line an event, appended.
  case file(URL)

  package struct Address: Sendable, Hashable {
    /// Without a slash at its end.
    package var url: String
    package var allowsInternal: Bool
    package var certificateAuthority: String?
  }

  package struct Mixpanel: Sendable, Hashable {
    package var address: Address
    package var project: String
    package var username: String
    package var secret: SecretReference
    /// Where deletions are asked for, if elsewhere.
    package var deletions: Address?
  }

  package struct Segment: Sendable, Hashable {
    package var address: Address
    package var writeKey: SecretReference
    /// For deletions: the workspace's API, with a token of its own.
    package var deletions: Deletions?

    package struct Deletions: Sendable, Hashable {
      package var address: Address
      package var source: String
      package var token: SecretReference
    }
  }

  package struct Webhook: Sendable, Hashable {
    package var address: Address
    package var secrets: SecretReference
  }

  package var word: String {
    switch self {
    case .mixpanel: "mixpanel"
    case .segment: "segment"
    case .webhook: "webhook"
    case .file: "file"
    }
  }

  /// Where it goes, for people: a host or a path, never a credential.
  package var place: String {
    switch self {
    case .mixpanel(let it): it.address.url
    case .segment(let it): it.address.url
    case .webhook(let it): it.address.url
    case .file(let file): file.path
    }
  }

  /// Ids that one request for deletion may name: Mixpanel's tasks and Segment's regulations are bounded.
  package var mostIDsOfDeletion: Int {
    switch self {
    case .mixpanel: 1_999
    case .segment, .webhook, .file: 5_000
    }
  }

  /// What it needs at every delivery.
  var secrets: [SecretReference] {
    switch self {
    case .mixpanel(let it): [it.secret]
    case .segment(let it): [it.writeKey] + (it.deletions.map { [$0.token] } ?? [])
    case .webhook(let it): [it.secrets]
    case .file: []
    }
  }

  init(_ given: ChannelFields) throws(ChannelError) {
    var fields = given
    fields.place = "destination"
    switch try fields.text("type") {
    case "mixpanel":
      guard let secret = try fields.secret("secret") else { throw fields.error("“secret_file” or “secret_env” is missing") }
      var it = Mixpanel(
        address: try fields.webAddress(), project: try fields.line("project_id", longest: 20),
        username: try fields.line("username", longest: 100), secret: secret)
      if var inner = try fields.optionalMapping("deletions") {
        it.deletions = try inner.webAddress()
        try inner.finish()
      }
      self = .mixpanel(it)
    case "segment":
      guard let key = try fields.secret("write_key") else { throw fields.error("“write_key_file” or “write_key_env” is missing") }
      let address = try fields.webAddress()
      var deletions: Segment.Deletions?
      if var inner = try fields.optionalMapping("deletions") {
        guard let token = try inner.secret("token") else { throw inner.error("“token_file” or “token_env” is missing") }
        deletions = Segment.Deletions(address: try inner.webAddress(), source: try inner.line("source_id", longest: 100), token: token)
        try inner.finish()
      }
      self = .segment(Segment(address: address, writeKey: key, deletions: deletions))
    case "webhook":
      guard let secrets = try fields.secret("secrets") else {
        throw fields.error("“secrets_file” or “secrets_env” is missing: whsec_… secrets")
      }
      self = .webhook(Webhook(address: try fields.webAddress(), secrets: secrets))
    case "file":
      let path = try fields.text("path")
      guard path.hasPrefix("/") else { throw fields.error("“path” must be absolute") }
      self = .file(URL(fileURLWithPath: path))
    default: throw fields.error("“type” is one of mixpanel, segment, webhook and file")
    }
    try fields.finish()
  }

  /// What can be told to be wrong without sending anything. Sentences.
  package var faults: [String] {
    secrets.compactMap { secret in
      do throws(ChannelError) {
        let text = try secret.read()
        if case .webhook = self { _ = try StandardWebhook(secrets: text) }
        return nil
      } catch {
        return error.description
      }
    }
  }
}

extension ChannelFields {
  /// `url`, `allow_internal`, `certificate_authority`.
  mutating func webAddress() throws(ChannelError) -> Destination.Address {
    let url = try text("url")
    let allowsInternal = try word("allow_internal", ["true", "false"], default: "false") { $0 } == "true"
    guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil,
      parts.fragment == nil, parts.query == nil, url.utf8.count <= 500
    else { throw error("“url” must be an https address without user, query or fragment") }
    guard parts.scheme == "https" || (parts.scheme == "http" && allowsInternal && ChannelFile.isLoopback(host)) else {
      throw error("“url” must begin with https://; http is for this machine only, with “allow_internal: true”")
    }
    return Destination.Address(
      url: url.hasSuffix("/") ? String(url.dropLast()) : url, allowsInternal: allowsInternal,
      certificateAuthority: try optional("certificate_authority"))
  }
}
