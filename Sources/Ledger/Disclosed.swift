import Events

/// An answer that may leave: it stands in the ledger, durably. Only `Ledger.disclose` makes one.
package struct Disclosed<Value: Sendable>: Sendable {
  package let value: Value
  package let receipt: LedgerReceipt

  init(value: Value, receipt: LedgerReceipt) {
    self.value = value
    self.receipt = receipt
  }

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

  init(index: UInt64, treeSize: UInt64, time: Timestamp, leaf: MerkleHash) {
    self.index = index
    self.treeSize = treeSize
    self.time = time
    self.leaf = leaf
  }
}
