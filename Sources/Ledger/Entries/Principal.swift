/// Who asks. Stands in the encrypted details of every entry; the log itself does not name anybody.
package struct Principal: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable {
    /// A person of the staff, by id.
    case staff
    /// The one owner of versions that knew no staff; in entries of then.
    case owner
    case serviceAccount = "service_account"
    case operatingSystemUser = "operating_system_user"
    case custodian
    /// Somebody outside of the company whom events are delivered to; `id` as declared, `credential` the kind of destination.
    case vendor
    /// Sealane itself, without anybody asking (retention, start, alarms).
    case system
  }

  package let kind: Kind
  /// Which one: an account's username, a numeric user id; never a person's name or address.
  package let id: String
  /// Which session or key it came with: an opaque public id, never the secret.
  package let credential: String

  package init(kind: Kind, id: String, credential: String) {
    self.kind = kind
    self.id = id
    self.credential = credential
  }
}
