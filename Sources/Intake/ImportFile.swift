/// A file of events in Mixpanel's import or export shape, one JSON record a line or one JSON array, plain or gzip, read as batches for
/// `/import`. Memory stays bounded by two batches whatever the file's size.
///
/// ```
/// let file = try ImportFile(path: "events.json.gz")
/// while let batch = file.next() {
///   report(batch.rejects)                                     // line number and reason
///   if batch.recordCount > 0 { post(batch.body, ImportFile.contentType) }   // record i began in line batch.lines[i]
///   progress(batch.offset, of: file.size)
/// }
/// ```
/// Used by one thread at a time.
package final class ImportFile {
  package static let contentType = "application/x-ndjson"

  /// Records for one request.
  package struct Batch: Sendable {
    /// One record a line.
    package fileprivate(set) var body: [UInt8] = []
    /// The line of the file, from 1, where each record begins: a refused record of the reply is found by its index.
    package fileprivate(set) var lines: [Int] = []
    /// What is no record at all.
    package fileprivate(set) var rejects: [Reject] = []
    /// Bytes of the file (as it lies on disk) that have been read when the batch is done.
    package fileprivate(set) var offset: UInt64 = 0

    package var recordCount: Int { lines.count }
  }

  package struct Reject: Sendable, Hashable {
    /// From 1; 0 for the file as a whole.
    package let line: Int
    package let reason: String

    package init(line: Int, reason: String) {
      self.line = line
      self.reason = reason
    }
  }

  /// Bytes of the file as it lies on disk.
  package let size: UInt64

  private let bytes: FileBytes
  private let maximumRecords: Int
  private let maximumBytes: Int
  private var cutter: RecordCutter
  private let json = JSONReader()
  private var chunk: [UInt8]
  private var done: [Batch] = []
  private var open = Batch()
  private var isAtEnd = false

  /// Opens the file. `maximumBytes`: of one batch's body; a record alone may be as large as the intake allows. `chunkBytes`: read at once.
  package init(
    path: String, maximumRecords: Int = 2000, maximumBytes: Int = 8_000_000, chunkBytes: Int = 1 << 18,
    limits: IntakeLimits = IntakeLimits()
  ) throws(ImportFileError) {
    bytes = try FileBytes(path: path)
    chunk = [UInt8](repeating: 0, count: max(1, chunkBytes))
    size = bytes.size
    self.maximumRecords = maximumRecords
    self.maximumBytes = maximumBytes
    cutter = RecordCutter(maximumBytes: min(maximumBytes, limits.recordBytes))
  }

  /// The next batch, nil at the end. A file that breaks off or is damaged ends there, with a reject that says so.
  package func next() -> Batch? {
    while done.isEmpty {
      if isAtEnd { return takeOpen() }
      var count = 0
      do throws(ImportFileError) {
        count = try readChunk()
      } catch {
        isAtEnd = true
        // What came before the damage is good; the damage is a reject of its own, so that nothing is passed over in silence.
        open.rejects.append(Reject(line: 0, reason: error.message))
        continue
      }
      if count == 0 {
        isAtEnd = true
        var cutter = self.cutter
        cutter.finish { add($0) }
      } else {
        take(count)
      }
    }
    return done.removeFirst()
  }

  private func readChunk() throws(ImportFileError) -> Int {
    var chunk = self.chunk
    self.chunk = []
    defer { self.chunk = chunk }
    var failure: ImportFileError?
    let count = chunk.withUnsafeMutableBufferPointer { room in
      do throws(ImportFileError) {
        return try bytes.read(into: room)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    return count
  }

  private func take(_ count: Int) {
    let chunk = self.chunk
    chunk.withUnsafeBufferPointer { room in
      var cutter = self.cutter
      cutter.take(UnsafeBufferPointer(rebasing: room[..<count])) { add($0) }
      self.cutter = cutter
    }
  }

  private func takeOpen() -> Batch? {
    guard open.recordCount > 0 || !open.rejects.isEmpty else { return nil }
    close()
    return done.removeFirst()
  }

  private func close() {
    open.offset = bytes.offset
    done.append(open)
    open = Batch()
  }

  private func add(_ piece: RecordCutter.Piece) {
    switch piece {
    case .reject(let line, let reason): reject(line, reason)
    case .record(let record, let line):
      guard record.first == UInt8(ascii: "{") else { return reject(line, "a record must be a JSON object") }
      do throws(JSONError) {
        try json.load(record)
        _ = try json.parse(0..<record.count)
      } catch {
        return reject(line, error.message)
      }
      if open.recordCount == maximumRecords || open.body.count + record.count + 1 > maximumBytes, open.recordCount > 0 { close() }
      open.body.append(contentsOf: record)
      open.body.append(0x0A)
      open.lines.append(line)
    }
  }

  private func reject(_ line: Int, _ reason: String) {
    open.rejects.append(Reject(line: line, reason: reason))
    if open.rejects.count >= 1000 { close() }
  }
}

/// Why a file cannot be read, as a sentence.
package struct ImportFileError: Error, CustomStringConvertible {
  package let message: String
  init(_ message: String) { self.message = message }
  package var description: String { message }
}
