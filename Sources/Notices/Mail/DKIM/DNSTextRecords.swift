/// What DNS says about a name's TXT records.
package enum DNSTextAnswer: Sendable, Hashable {
  /// Each record's character strings put together.
  case found([[UInt8]])
  /// The name or the record does not exist.
  case none
  /// Nobody answered, or not with an answer: to be asked again later.
  case silent
}

/// Where TXT records are looked up.
package protocol DNSTextRecords: Sendable {
  func records(of name: String) async -> DNSTextAnswer
}
