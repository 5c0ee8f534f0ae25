/// A file of events, read as batches for `/import`: JSON records (one a line, or one array) of Mixpanel's import or export shape, or a table
/// (CSV); plain, gzip or zstd. Memory stays bounded by two batches whatever the file's size.
///
/// ```
/// let file = try ImportFile(path: "events.json.gz")
/// while let batch = file.next() {
///   report(batch.rejects)                                     // line number and reason
///   if batch.recordCount > 0 { post(batch.body, ImportFile.contentType) }   // record i began in line batch.lines[i]
///   progress(batch.offset, of: file.size)
/// }
/// ```
/// Every record leaves with an `$insert_id` (`ContentID`), so that a file that is sent twice counts once. Used by one thread at a time.
package final class ImportFile {
  package static let contentType = "application/x-ndjson"

  package enum Format: Sendable {
    /// - Parameter clock: the zone whose wall clock the numbers in `time` follow; nil: UTC, as they should.
    case json(clock: WallClock? = nil)
    case table(TableMapping)
  }

  /// Records for one request.
  package struct Batch: Sendable {
    /// One record a line.
    package fileprivate(set) var body: [UInt8] = []
    /// The line of the file, from 1, where each record begins: a refused record of the reply is found by its index.
    package fileprivate(set) var lines: [Int] = []
    /// Where each record's line ends in `body`.
    private var ends: [Int] = []
    /// What is no record at all.
    package fileprivate(set) var rejects: [Reject] = []
    /// Bytes of the file (as it lies on disk) that have been read when the batch is done.
    package fileprivate(set) var offset: UInt64 = 0
    /// Records and rejects of the file up to the end of this batch.
    package fileprivate(set) var end = 0

    package var recordCount: Int { lines.count }

    /// The lines of some of the records.
    package func body(_ records: Range<Int>) -> ArraySlice<UInt8> {
      let start = records.lowerBound == 0 ? 0 : ends[records.lowerBound - 1]
      return body[start..<(records.isEmpty ? start : ends[records.upperBound - 1])]
    }

    fileprivate mutating func add(_ record: [UInt8], line: Int) {
      body.append(contentsOf: record)
      body.append(0x0A)
      lines.append(line)
      ends.append(body.count)
    }
  }

  package struct Reject: Sendable, Hashable {
    /// From 1; 0 for the file as a whole.
    package let line: Int
    package let reason: String
    /// As it stands in the file; empty where it is too long to keep, or nothing.
    package let text: [UInt8]

    package init(line: Int, reason: String, text: [UInt8] = []) {
      self.line = line
      self.reason = reason
      self.text = text
    }
  }

  private enum Cutter {
    case records(RecordCutter)
    case rows(RowCutter)
  }

  /// Bytes of the file as it lies on disk; 0 where nobody can say (a pipe).
  package let size: UInt64

  private let bytes: FileBytes
  private let maximumRecords: Int
  private let maximumBytes: Int
  private let skipped: Int
  private var cutter: Cutter
  private var table: TableReader?
  private var fitter: RecordFitter
  private let json = JSONReader()
  private var chunk: [UInt8]
  private var done: [Batch] = []
  private var open = Batch()
  /// Records and rejects so far, the skipped ones too.
  private var count = 0
  private var rejectBytes = 0
  private var isAtEnd = false
  private var failure: ImportFileError?

  /// Opens the file, and reads the first row of a table.
  ///
  /// - Parameters:
  ///   - skipping: records and rejects at the beginning that an earlier run has dealt with (`Batch.end`): they are read and not given.
  ///   - maximumBytes: of one batch's body; a record alone may be as large as the intake allows.
  ///   - chunkBytes: read at once.
  package init(
    path: String, format: Format = .json(), skipping: Int = 0, maximumRecords: Int = 2000, maximumBytes: Int = 8_000_000,
    chunkBytes: Int = 1 << 18, limits: IntakeLimits = IntakeLimits()
  ) throws(ImportFileError) {
    bytes = try FileBytes(path: path)
    chunk = [UInt8](repeating: 0, count: max(1, chunkBytes))
    size = bytes.size
    skipped = skipping
    self.maximumRecords = maximumRecords
    self.maximumBytes = maximumBytes
    let recordBytes = min(maximumBytes, limits.recordBytes)
    switch format {
    case .json(let clock):
      cutter = .records(RecordCutter(maximumBytes: recordBytes))
      fitter = RecordFitter(wallClock: clock, limits: limits)
    case .table(let mapping):
      cutter = .rows(RowCutter(delimiter: mapping.delimiter, maximumBytes: recordBytes))
      table = TableReader(mapping: mapping)
      fitter = RecordFitter(wallClock: nil, limits: limits)
      // What does not fit is said before anything is sent.
      while table?.hasHeader == false, failure == nil, !isAtEnd { advance() }
      if let failure { throw ImportFileError("\(path): \(failure.message)") }
    }
  }

  /// The next batch, nil at the end. A file that breaks off or is damaged ends there, with a reject that says so.
  package func next() -> Batch? {
    while done.isEmpty {
      if isAtEnd { return takeOpen() }
      advance()
    }
    return done.removeFirst()
  }

  private func advance() {
    var read = 0
    do throws(ImportFileError) {
      read = try readChunk()
    } catch {
      isAtEnd = true
      // What came before the damage is good; the damage is a reject of its own, so that nothing is passed over in silence.
      reject(0, error.message)
      return
    }
    if read == 0 {
      isAtEnd = true
      finish()
    } else {
      take(read)
    }
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
      let room = UnsafeBufferPointer(rebasing: room[..<count])
      switch cutter {
      case .records(var cutter):
        cutter.take(room) { add($0) }
        self.cutter = .records(cutter)
      case .rows(var cutter):
        cutter.take(room) { add($0) }
        self.cutter = .rows(cutter)
      }
    }
  }

  private func finish() {
    switch cutter {
    case .records(var cutter): cutter.finish { add($0) }
    case .rows(var cutter): cutter.finish { add($0) }
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
    rejectBytes = 0
  }

  private func add(_ piece: RecordCutter.Piece) {
    switch piece {
    case .reject(let line, let reason): reject(line, reason)
    case .record(let record, let line): add(record, line: line)
    }
  }

  private func add(_ piece: RowCutter.Piece) {
    guard failure == nil else { return }
    switch piece {
    case .reject(let line, let reason):
      // Without its first row a table says nothing.
      if table?.hasHeader == true { reject(line, reason) } else { failure = ImportFileError(reason) }
    case .row(let row, let line):
      guard table?.hasHeader == true else {
        do throws(ImportFileError) { try table?.readHeader(row) } catch { failure = error }
        return
      }
      switch table?.read(row) {
      case .record(let record): add(record, line: line)
      case .refused(let reason): reject(line, reason, row)
      case nil: break
      }
    }
  }

  private func add(_ record: [UInt8], line: Int) {
    guard record.first == UInt8(ascii: "{") else { return reject(line, "a record must be a JSON object", record) }
    var record = record
    do throws(JSONError) {
      try json.load(record)
      fitter.fit(&record, try json.parse(0..<record.count))
    } catch {
      return reject(line, error.message, record)
    }
    count += 1
    guard count > skipped else { return }
    if open.recordCount == maximumRecords || open.body.count + record.count + 1 > maximumBytes, open.recordCount > 0 { close() }
    open.add(record, line: line)
    open.end = count
  }

  private func reject(_ line: Int, _ reason: String, _ text: [UInt8] = []) {
    count += 1
    guard count > skipped else { return }
    open.rejects.append(Reject(line: line, reason: reason, text: text))
    open.end = count
    rejectBytes += text.count
    if open.rejects.count >= 1000 || rejectBytes > maximumBytes { close() }
  }
}
