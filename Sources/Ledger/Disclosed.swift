import Events

/// An answer that may leave: it stands in the ledger, durably. Only `Ledger.disclose` makes one: the initializer that Swift
/// provides is internal, so no other room can call it.
package struct Disclosed<Value: Sendable>: Sendable {
  package let value: Value
  package let receipt: LedgerReceipt

  /// Another form of the same answer. It must not show more than was entered.
  package func map<Form: Sendable>(_ form: (Value) throws -> Form) rethrows -> Disclosed<Form> {
    Disclosed<Form>(value: try form(value), receipt: receipt)
  }
}

/// Where something was entered.
package struct LedgerReceipt: Sendable, Hashable {
  /// The entry's number, from 0.
  package let index: UInt64
  /// The size of the log with this entry's group commit; a checkpoint of at least this size covers it.
  package let treeSize: UInt64
  package let time: Timestamp
  package let leaf: MerkleHash
}
