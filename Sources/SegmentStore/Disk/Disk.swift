/// The file operations that the store needs, and the promises that it relies on.
///
/// What the store assumes of an implementation: after `synchronize` returned, the file's content and length survive a power loss; after
/// `synchronizeDirectory`, so do the names in it; `rename` replaces the target in one step; everything else may be lost or half there.
/// The tests run the store on an implementation that breaks each operation in turn.
package protocol Disk: Sendable {
  /// Makes it if it is not there already; its name is durable when this returns.
  func createDirectory(_ path: String) throws(DiskError)
  /// Names (not paths) of the files in a directory, in no particular order.
  func list(_ directory: String) throws(DiskError) -> [String]
  func exists(_ path: String) throws(DiskError) -> Bool
  /// Creates an empty file, or empties the one that is there.
  func create(_ path: String) throws(DiskError) -> any WritableFile
  func open(_ path: String) throws(DiskError) -> any ReadableFile
  func rename(_ path: String, to target: String) throws(DiskError)
  /// Open files stay readable.
  func remove(_ path: String) throws(DiskError)
  /// Cuts a file to a length and makes that durable.
  func truncate(_ path: String, to length: UInt64) throws(DiskError)
  func synchronizeDirectory(_ path: String) throws(DiskError)
  /// Takes the directory for this process until the returned value is released; fails if another holds it.
  func lock(_ path: String) throws(DiskError) -> any AnyObject & Sendable
}

/// A file that only grows. Used by one thread at a time.
package protocol WritableFile: AnyObject, Sendable {
  func append(_ bytes: UnsafeRawBufferPointer) throws(DiskError)
  func synchronize() throws(DiskError)
  func close()
}

/// A file that no one changes any more. Used by any thread.
package protocol ReadableFile: AnyObject, Sendable {
  var length: UInt64 { get }
  /// Fills the buffer from `offset` on; an end of file before that is an error.
  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DiskError)
}

/// An operation of the file system that failed.
package struct DiskError: Error, Sendable, Hashable, CustomStringConvertible {
  package let operation: String
  package let file: String
  /// What the system said, in words.
  package let reason: String

  package init(operation: String, file: String, reason: String) {
    self.operation = operation
    self.file = file
    self.reason = reason
  }

  package var description: String { "Cannot \(operation) \(file): \(reason)." }
}

extension ReadableFile {
  func bytes(at offset: UInt64, count: Int) throws(DiskError) -> [UInt8] {
    var failure: DiskError?
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(DiskError) {
        try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
    return result
  }
}

extension WritableFile {
  func append(_ bytes: [UInt8]) throws(DiskError) {
    var failure: DiskError?
    bytes.withUnsafeBytes { bytes in
      do throws(DiskError) { try append(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
