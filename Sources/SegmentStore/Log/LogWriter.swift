/// The file of the log that grows. Used by the committing thread only.
final class LogWriter {
  let header: LogFormat.Header
  private let file: any WritableFile
  private(set) var length: Int
  private var nextSequence: UInt64

  /// Creates the file and makes it durable before anything is written to it.
  init(disk: any Disk, directory: String, number: UInt64, firstSequence: UInt64, salt: UInt64) throws(DiskError) {
    header = LogFormat.Header(number: number, firstSequence: firstSequence, salt: salt)
    nextSequence = firstSequence
    file = try disk.create(directory + "/" + LogFormat.name(number))
    let bytes = header.bytes
    try file.append(bytes)
    // A crash here leaves a file with less than a header at the end of the series: recovery takes it as empty.
    try file.synchronize()
    // A crash here may leave no name for the file; nothing was written to it yet.
    try disk.synchronizeDirectory(directory)
    // A crash from here on leaves an empty log file, which recovery reads as such.
    length = bytes.count
  }

  /// Writes one frame and waits until it is durable. `frame` has room for the frame's header at its beginning.
  func commit(_ frame: inout [UInt8]) throws(DiskError) -> UInt64 {
    let sequence = nextSequence
    LogFormat.finish(frame: &frame, sequence: sequence, salt: header.salt)
    try file.append(frame)
    // A crash here leaves any part of the frame: if all of it, recovery takes it in; if not, it is a torn tail and is cut off.
    // Nobody has been told that it was kept.
    try file.synchronize()
    // A crash from here on keeps the frame.
    nextSequence += 1
    length += frame.count
    return sequence
  }

  func close() { file.close() }
}
