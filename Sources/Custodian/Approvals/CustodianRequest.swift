internal import Crypto
package import Events
internal import Foundation
internal import Ledger
internal import Vault

/// What an approver asks for, as the bytes that everybody signs. docs/FORMATS.md, "Requests to the custodian".
///
/// The page shows what these bytes say and nothing else, so whoever signs them signs what was read.
package struct CustodianRequest: Sendable, Hashable {
  package enum Wish: Sendable, Hashable {
    /// Shows these fields of these subjects to the requester, once.
    case open(project: ProjectID, subjects: [String], fields: [String])
    /// Makes somebody a further approver.
    case admit(name: String)
    /// Changes how many subjects are opened in a day.
    case dailyLimit(subjects: Int)
    /// Gives whoever asks another passkey.
    case passkey
    /// Makes an approver, by its id, one no more; the name that it had then is for those who read.
    case remove(approver: String, name: String)
    /// Goes on witnessing from a checkpoint that was refused: a ledger that had to be set back.
    case acceptLedger(LedgerReset)
    /// Fixes whom an incident affects in a statement.
    case state(ScopeToState)
    /// Writes to the people of a statement.
    case notify(LettersToSend)
  }

  /// Two checkpoints: the one that was cosigned last and the one that is to count from now on. Roots are base64.
  package struct LedgerReset: Sendable, Hashable {
    /// The log's key that signed the second one, as signed notes have keys.
    package let key: String
    package let cosignedSize: UInt64
    package let cosignedRoot: String
    package let size: UInt64
    package let root: String
  }

  /// What a passkey's signature means; the challenge says which.
  package enum Act: String, Sendable, Hashable, CaseIterable {
    case request, approval
    /// That the requester carries out now what was approved: a stolen session cannot.
    case completion
  }

  package let wish: Wish
  package let purpose: String
  /// The requester's id, hexadecimal, and the name that it had then.
  package let requester: String
  package let requesterName: String
  package let created: Timestamp
  package let expires: Timestamp
  /// 32 random bytes, hexadecimal: no request is like another, and no challenge can be known before.
  package let nonce: String
  package let canonical: [UInt8]

  package static let lifetime: Int64 = 86_400_000
  /// Within this a request must be signed by whoever wrote it.
  package static let draftLifetime: Int64 = 300_000
  /// A link for a further passkey is for somebody who is there.
  package static let passkeyLinkLifetime: Int64 = 86_400_000
  package static let mostSubjects = 10
  package static let mostFields = 10
  package static let longestPurpose = 500
  package static let largestDailyLimit = 1_000
  private static let version: Int64 = 1

  /// Writes a request. Subjects and fields are put into order, each once.
  package init(
    _ wish: Wish, purpose: String, by approver: Approver, at time: Timestamp, nonce: [UInt8]? = nil
  ) throws(ApprovalError) {
    var wish = wish
    if case .open(let project, let subjects, let fields) = wish {
      wish = .open(project: project, subjects: Self.ordered(subjects), fields: Self.ordered(fields))
    }
    let random = nonce ?? SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    try self.init(
      wish: wish, purpose: purpose, requester: approver.text, requesterName: approver.name, created: time,
      expires: Timestamp(milliseconds: time.milliseconds + Self.lifetime), nonce: random.hexadecimal)
  }

  /// Reads the bytes of a request; nil for all that this program would not have written.
  package init?(canonical bytes: [UInt8]) {
    guard bytes.count <= 16_384, let value = CanonicalJSON(canonical: bytes), value["v"]?.integer == Self.version,
      let purpose = value["purpose"]?.string, let requester = value["requester"]?.string, let name = value["requester_name"]?.string,
      let created = value["created"]?.integer, let expires = value["expires"]?.integer, let nonce = value["nonce"]?.string,
      [UInt8](hexadecimal: nonce)?.count == 32, [UInt8](hexadecimal: requester)?.count == 16
    else { return nil }
    let wish: Wish
    switch value["kind"]?.string {
    case "open":
      let (subjects, fields) = (value["subjects"]?.list?.compactMap(\.string), value["fields"]?.list?.compactMap(\.string))
      guard let project = value["project"]?.integer, let subjects, let fields else { return nil }
      wish = .open(project: ProjectID(project), subjects: subjects, fields: fields)
    case "admit":
      guard let name = value["name"]?.string else { return nil }
      wish = .admit(name: name)
    case "daily_limit":
      guard let subjects = value["subjects_a_day"]?.integer else { return nil }
      wish = .dailyLimit(subjects: Int(subjects))
    case "passkey": wish = .passkey
    case "remove":
      guard let approver = value["approver"]?.string, let name = value["name"]?.string else { return nil }
      wish = .remove(approver: approver, name: name)
    case "accept_ledger":
      guard let key = value["log_key"]?.string, let cosignedRoot = value["cosigned_root"]?.string, let root = value["root"]?.string,
        let cosignedSize = value["cosigned_size"]?.integer.flatMap({ UInt64(exactly: $0) }),
        let size = value["size"]?.integer.flatMap({ UInt64(exactly: $0) })
      else { return nil }
      wish = .acceptLedger(
        LedgerReset(key: key, cosignedSize: cosignedSize, cosignedRoot: cosignedRoot, size: size, root: root))
    case "state":
      guard let scope = Self.scope(of: value) else { return nil }
      wish = .state(scope)
    case "notify":
      guard let letters = Self.letters(of: value) else { return nil }
      wish = .notify(letters)
    default: return nil
    }
    let read = try? CustodianRequest(
      wish: wish, purpose: purpose, requester: requester, requesterName: name, created: Timestamp(milliseconds: created),
      expires: Timestamp(milliseconds: expires), nonce: nonce)
    guard let read, read.canonical == bytes else { return nil }
    self = read
  }

  private init(
    wish: Wish, purpose: String, requester: String, requesterName: String, created: Timestamp, expires: Timestamp, nonce: String
  ) throws(ApprovalError) {
    try Self.check(wish)
    guard purpose.utf8.count >= 10, PlainText.isShown(purpose, limit: Self.longestPurpose) else {
      throw .badInput("Say what for in 10 to \(Self.longestPurpose) bytes, in one line, so that the others can judge it.")
    }
    guard PlainText.isShown(requesterName, limit: Approver.longestName) else { throw .badInput("The requester has no name.") }
    self.wish = wish
    self.purpose = purpose
    self.requester = requester
    self.requesterName = requesterName
    self.created = created
    self.expires = expires
    self.nonce = nonce
    var members: [String: CanonicalJSON] = [
      "v": .integer(Self.version), "purpose": .string(purpose), "requester": .string(requester),
      "requester_name": .string(requesterName), "created": .integer(created.milliseconds), "expires": .integer(expires.milliseconds),
      "nonce": .string(nonce), "kind": .string(Self.kind(wish)),
    ]
    switch wish {
    case .open(let project, let subjects, let fields):
      members["project"] = .integer(project.rawValue)
      members["subjects"] = .list(subjects.map { .string($0) })
      members["fields"] = .list(fields.map { .string($0) })
    case .admit(let name): members["name"] = .string(name)
    case .dailyLimit(let subjects): members["subjects_a_day"] = .integer(Int64(subjects))
    case .passkey: break
    case .remove(let approver, let name):
      members["approver"] = .string(approver)
      members["name"] = .string(name)
    case .acceptLedger(let reset):
      members["log_key"] = .string(reset.key)
      members["cosigned_size"] = .integer(Int64(clamping: reset.cosignedSize))
      members["cosigned_root"] = .string(reset.cosignedRoot)
      members["size"] = .integer(Int64(clamping: reset.size))
      members["root"] = .string(reset.root)
    case .state(let scope): members.merge(Self.members(of: scope)) { $1 }
    case .notify(let letters): members.merge(Self.members(of: letters)) { $1 }
    }
    canonical = CanonicalJSON.object(members).bytes
  }

  /// `open`, `admit`, `daily_limit`, `passkey`, `remove`, `accept_ledger`, `state` or `notify`.
  package var kind: String { Self.kind(wish) }

  /// SHA-256 of the canonical bytes: the request's name everywhere, the ledger included.
  package var digest: [UInt8] { Array(SHA256.hash(data: canonical)) }

  /// What a passkey signs: SHA-256 over the act's line and the digest, so that a signature of one act is none of the other.
  package func challenge(for act: Act) -> [UInt8] {
    Array(SHA256.hash(data: Array("sealane custodian \(act.rawValue) v1\n".utf8) + digest))
  }

  package var subjectCount: Int { if case .open(_, let subjects, _) = wish { subjects.count } else { 0 } }

  private static func kind(_ wish: Wish) -> String {
    switch wish {
    case .open: "open"
    case .admit: "admit"
    case .dailyLimit: "daily_limit"
    case .passkey: "passkey"
    case .remove: "remove"
    case .acceptLedger: "accept_ledger"
    case .state: "state"
    case .notify: "notify"
    }
  }

  private static func ordered(_ texts: [String]) -> [String] {
    Set(texts).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func check(_ wish: Wish) throws(ApprovalError) {
    switch wish {
    case .open(let project, let subjects, let fields):
      guard project.rawValue > 0 else { throw .badInput("Name the project by its number.") }
      guard (1...mostSubjects).contains(subjects.count), subjects == ordered(subjects) else {
        throw .badInput("Name 1 to \(mostSubjects) subjects.")
      }
      guard subjects.allSatisfy({ ($0.hasPrefix("s_") || $0.hasPrefix("g_")) && Pseudonym($0) != nil }) else {
        throw .badInput("A subject is written as s_ and 32 hexadecimal digits, an organization with g_, as the console shows them.")
      }
      guard (1...mostFields).contains(fields.count), fields == ordered(fields), fields.allSatisfy({ PlainText.isShown($0, limit: 255) })
      else {
        throw .badInput("Choose 1 to \(mostFields) fields.")
      }
    case .admit(let name):
      guard PlainText.isShown(name, limit: Approver.longestName) else {
        throw .badInput("A name is 1 to \(Approver.longestName) bytes in one line.")
      }
    case .dailyLimit(let subjects):
      guard (1...largestDailyLimit).contains(subjects) else { throw .badInput("A daily limit is 1 to \(largestDailyLimit) subjects.") }
    case .passkey: break
    case .remove(let approver, let name):
      guard [UInt8](hexadecimal: approver)?.count == 16, approver == approver.lowercased(),
        PlainText.isShown(name, limit: Approver.longestName)
      else { throw .badInput("Name the approver by its id.") }
    case .acceptLedger(let reset):
      guard NoteKey(reset.key) != nil, reset.size > 0, reset.size < 1 << 53, reset.cosignedSize < 1 << 53,
        [reset.root, reset.cosignedRoot].allSatisfy({ MerkleHash(Data(base64Encoded: $0) ?? Data())?.description == $0 })
      else { throw .badInput("Name both checkpoints by size and root, and the ledger's key.") }
    case .state(let scope): try check(scope)
    case .notify(let letters): try check(letters)
    }
  }
}
