package import Events
package import Foundation
internal import Vault

/// Makes the tags by which a query compares sealed values, so that the plaintext need not stand in the query: queries are in addresses,
/// saved reports and the ledger. Nothing leaves this host.
package struct SealedValueTags: Sendable {
  private let pseudonymizer: Pseudonymizer

  package init(directory: URL, project: ProjectID) throws {
    self.init(pseudonymizer: try LookUpKeys.read(in: directory, project: project))
  }

  init(pseudonymizer: Pseudonymizer) { self.pseudonymizer = pseudonymizer }

  /// - Parameter value: as it was sent. The gate seals texts as they come, so upper and lower case are different values, and so are
  ///   blanks at either end.
  /// - Returns: the text form, `t_` and 32 digits.
  package func tag(field: String, value: String) -> String { SealedValue.text(ofTag: pseudonymizer.tag(field: field, value: value)) }
}
