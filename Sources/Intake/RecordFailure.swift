/// A record of a request that was refused, and why. The others of the request are kept.
package struct RecordFailure: Sendable, Hashable {
  /// Position in the array, or among the lines that are not blank, from 0.
  package let index: Int
  /// `$insert_id` as sent; empty where none could be read.
  package let insertID: String
  /// The field at fault, such as `properties.time`; empty where the whole record is.
  package let field: String
  /// What is wrong, without the value: it may be personal.
  package let message: String

  package init(index: Int, insertID: String, field: String, message: String) {
    self.index = index
    self.insertID = insertID
    self.field = field
    self.message = message
  }
}
