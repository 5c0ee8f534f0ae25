import Access
import Events

/// The company's register of vendors: what was declared of each, and what was really seen to leave for it.
package struct VendorRegister: Sendable {
  package struct Entry: Sendable {
    package let vendor: Vendor
    package let version: VendorVersion
    package let declaration: VendorDeclaration
    /// Different subject numbers of which something was delivered, by the ledger.
    package let subjects: Int
    package let liveGrants: Int

    package init(vendor: Vendor, version: VendorVersion, declaration: VendorDeclaration, subjects: Int, liveGrants: Int) {
      self.vendor = vendor
      self.version = version
      self.declaration = declaration
      self.subjects = subjects
      self.liveGrants = liveGrants
    }

    /// What the vendor gets of an event beside the properties that are listed.
    package var categories: [String] { declaration.destination == nil ? declaration.fields : ["event", "time"] + declaration.fields }
  }

  package let project: ProjectID
  package let projectName: String
  /// By id.
  package let entries: [Entry]
  package let at: Timestamp
  /// False where the ledger is longer than was looked at: the subjects are at least so many.
  package let isComplete: Bool

  package init(project: ProjectID, projectName: String, entries: [Entry], at: Timestamp, isComplete: Bool) {
    self.project = project
    self.projectName = projectName
    self.entries = entries
    self.at = at
    self.isComplete = isComplete
  }
}
