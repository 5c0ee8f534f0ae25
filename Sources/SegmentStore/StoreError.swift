/// Why the store did not do what was asked. Each says what to do.
package enum StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Too many bytes wait for the disk: send again later (HTTP 429).
  case overloaded(waitingBytes: Int)
  /// A documented limit of the store is reached (HTTP 503): what was sent is not kept.
  case full(String)
  /// An earlier write or sync failed; nothing more is accepted until the process is restarted (HTTP 503).
  case poisoned(String)
  case closed
  /// The files contradict themselves.
  case corrupt(file: String, reason: String)
  /// Written by a newer version of Sealane.
  case unsupported(file: String, version: UInt32)
  /// The file system refused.
  case disk(DiskError)

  package var description: String {
    switch self {
    case .overloaded(let bytes): "\(bytes) bytes wait for the disk already. Send the same request again in a few seconds."
    case .full(let reason): reason
    case .poisoned(let reason):
      "The event log could not be written (\(reason)) and takes nothing more. Check the disk, then restart Sealane: every acknowledged event is kept."
    case .closed: "The store is closed. Restart Sealane."
    case .corrupt(let file, let reason): "\(file) is damaged: \(reason). Restore it from a backup, then run `sealane doctor`."
    case .unsupported(let file, let version):
      "\(file) has format version \(version), which this Sealane does not know. Start the newer Sealane that wrote it."
    case .disk(let error): error.description
    }
  }
}
