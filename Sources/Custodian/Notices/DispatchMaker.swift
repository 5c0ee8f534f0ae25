internal import Crypto
internal import Events
internal import Foundation
internal import Ledger
internal import Logging
internal import Notices
internal import Vault

/// Writes every letter of a dispatch that approvers agreed to, and commits to all of them before the first one leaves.
struct DispatchMaker: Sendable {
  let store: CustodianStore
  /// Of the sender's mail, for message ids.
  let domain: String
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  private static let page = 500

  /// - Throws: `StatementBuilder.Impossible` where what was approved is not what is there.
  func make(_ stored: StoredDispatch) throws {
    guard let statement = try store.statement(stored.statement), statement.state == .witnessed, let made = statement.statement,
      CommittedText.digest(of: made.text) == stored.order.statement, made.root.description == stored.order.root
    else { throw StatementBuilder.Impossible(description: "The statement is not the one that was approved.") }
    guard try !store.isSuperseded(statement) else {
      throw StatementBuilder.Impossible(description: "A later statement took this one's place. Write to its people.")
    }
    try store.renewNewness(of: statement)
    guard try store.recipients(of: stored.statement) == stored.order.recipients else {
      throw StatementBuilder.Impossible(
        description: "The recipients are not as many as were approved: others were told meanwhile. Ask again.")
    }
    try store.clearMessages(of: stored.request)
    let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
    let writer: LetterWriter
    do { writer = try LetterWriter(store: store, dispatch: stored, statement: made, secret: secret) } catch ApprovalError.changedBytes {
      throw StatementBuilder.Impossible(
        description: "A text is not the one that was approved. Find out who changed the custodian's database.")
    }
    var leaves: [[UInt8]] = []
    var after: (audience: String, key: Data)?
    while true {
      let recipients = try store.recipients(of: stored.statement, after: after, limit: Self.page)
      guard let last = recipients.last else { break }
      var messages: [CustodianStore.PreparedMessage] = []
      for (audience, key, record) in recipients {
        let written = try writer.write(audience, key, record)
        leaves.append(written.leaf)
        messages.append(
          CustodianStore.PreparedMessage(
            audience: audience, key: key, language: written.letter.kind.language, code: written.code,
            messageID: writer.messageID(audience, key, domain: domain)))
      }
      // A crash here leaves messages of a dispatch that is prepared anew: they are cleared first.
      try store.put(messages, of: stored.request, at: clock())
      after = (last.audience.rawValue, last.key)
    }
    let tree = SortedTree(leaves)
    guard tree.size == UInt64(stored.order.count) else {
      throw StatementBuilder.Impossible(description: "Addresses are gone since it was approved, or two letters are the same. Ask again.")
    }
    let dispatch = Dispatch(
      project: stored.order.project, incident: stored.order.incident, statement: stored.order.statement, texts: stored.order.texts,
      madeAt: clock(), messages: tree.size, root: try tree.root, request: stored.request.hexadecimal)
    let text = dispatch.text
    try store.put(
      CustodianStore.MadeDispatch(
        secret: secret, leaves: Data(tree.leaves.joined()), text: text, note: text + "\n" + store.secrets.noticeSigner().line(for: text),
        digest: CommittedText.digest(of: text)), of: stored, at: clock())
    logger.notice("letters are written and committed to", metadata: ["messages": "\(tree.size)"])
  }
}
