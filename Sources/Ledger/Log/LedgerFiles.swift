/// The disk as the ledger sees it: paths relative to its directory, slashes between names.
///
/// The ledger relies on nothing but what is promised here; `DiskFiles` keeps it on a POSIX file system, and tests keep it in memory
/// with power cuts at every step.
package protocol LedgerFiles: Sendable {
  /// Nil if there is no such file.
  func read(_ path: String) throws(LedgerError) -> [UInt8]?
  /// Makes or replaces a file. Nothing is durable before `synchronize` of it and of its directory.
  func write(_ bytes: [UInt8], to path: String) throws(LedgerError)
  /// Adds to the end of a file, made if there is none. A power cut before `synchronize` may leave any part of it.
  func append(_ bytes: [UInt8], to path: String) throws(LedgerError)
  /// Everything written to the file is durable when this returns.
  func synchronize(_ path: String) throws(LedgerError)
  /// The names in the directory, new, renamed and removed ones, are durable when this returns. `""` is the ledger's own.
  func synchronizeDirectory(_ path: String) throws(LedgerError)
  /// Puts a synchronized file in the place of another, at once or not at all.
  func rename(_ path: String, to target: String) throws(LedgerError)
  func truncate(_ path: String, to length: Int) throws(LedgerError)
  /// It is no error if there is no such file.
  func remove(_ path: String) throws(LedgerError)
  /// Makes the directory and those above it; durable when this returns.
  func makeDirectory(_ path: String) throws(LedgerError)
  /// The names in a directory, in no order; empty if there is none.
  func names(in directory: String) throws(LedgerError) -> [String]
}

extension LedgerFiles {
  /// A file that is whole or, after a crash, as it was before.
  func replace(_ path: String, with bytes: [UInt8]) throws(LedgerError) {
    let draft = path + ".new"
    try write(bytes, to: draft)
    try synchronize(draft)
    // A crash here leaves the draft, which the next replacement overwrites and no reader looks at.
    try rename(draft, to: path)
    try synchronizeDirectory(DirectoryName.of(path))
  }
}

enum DirectoryName {
  /// The part before the last slash; the ledger's own directory is `""`.
  static func of(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return String(path[..<slash])
  }
}
