import Events

/// What a request came to: the good records by project token, the refused ones by name, and how the sender wants to be answered.
///
/// `reply()` may be sent only when the good records are durable. Holds values in the clear, as `ReceivedEvent` does.
package struct IntakeResult: Sendable {
  /// The records that carry one token. Where a token is unknown, drop and count them: the sender is answered as if all was well.
  package struct Batch: Sendable {
    /// The project token as sent in the records or as Basic user name; nil where none was sent (a service account's project counts).
    package let token: String?
    package internal(set) var events = ReceivedEvents()
    package internal(set) var profileUpdates: [ReceivedProfileUpdate] = []
  }

  package internal(set) var batches: [Batch] = []
  package internal(set) var failures: [RecordFailure] = []
  /// Records in the request.
  package internal(set) var recordCount = 0
  /// Events with `$ignore`, dropped without a word.
  package internal(set) var ignoredCount = 0
  /// Property values left out of records that were kept, because they passed a limit.
  package internal(set) var droppedValueCount = 0
  package internal(set) var options: ReplyOptions

  /// Records that the sender may take as accepted.
  package var acceptedCount: Int { recordCount - failures.count }

  init(options: ReplyOptions) { self.options = options }

  mutating func append(_ update: ReceivedProfileUpdate, token: String?) {
    batches[indexOfBatch(token)].profileUpdates.append(update)
  }

  mutating func indexOfBatch(_ token: String?) -> Int {
    // Nearly always all records carry the same token.
    if let last = batches.indices.last, batches[last].token == token { return last }
    if let known = batches.firstIndex(where: { $0.token == token }) { return known }
    batches.append(Batch(token: token))
    return batches.count - 1
  }
}

/// What to do with a request.
package enum IntakeOutcome: Sendable {
  /// Answer so; nothing of it is stored.
  case refused(IntakeReply)
  /// Store what is good, then answer with `result.reply()`.
  case judged(IntakeResult)
}
