import Foundation

/// Looks through a whole log for the few entries of some kinds: those under the checkpoint, whose signature is not looked at, then those in
/// the journal. Reads files only; cheap, since other entries are not parsed.
struct EntryScan {
  private let files: any LedgerFiles

  init(_ files: any LedgerFiles) { self.files = files }

  /// In order. Empty for a directory without a readable checkpoint.
  func entries(ofKinds kinds: Set<String>) throws(LedgerError) -> [LedgerEntry] {
    guard let note = try files.read(TileLog.checkpointPath), let text = (try? SignedNote(note))?.text,
      let size = Checkpoint(text: text)?.size
    else { return [] }
    var found = try entries(ofKinds: kinds, inBundles: 0..<((size + TilePath.width - 1) / TilePath.width), of: size)
    let (records, _) = try JournalRecord.read(try files.read(JournalRecord.path) ?? [], publishedSize: size)
    for record in records {
      for (position, item) in record.items.enumerated() where record.first + UInt64(position) >= size {
        found += Self.entries(ofKinds: kinds, among: [item.entry], from: record.first + UInt64(position))
      }
    }
    return found
  }

  /// - Parameter size: entries under the checkpoint.
  func entries(ofKinds kinds: Set<String>, inBundles bundles: Range<UInt64>, of size: UInt64) throws(LedgerError) -> [LedgerEntry] {
    let reader = TileReader(files: files, size: size)
    var found: [LedgerEntry] = []
    for bundle in bundles { found += Self.entries(ofKinds: kinds, among: try reader.entries(index: bundle), from: bundle * TilePath.width) }
    return found
  }

  private static func entries(ofKinds kinds: Set<String>, among all: [[UInt8]], from first: UInt64) -> [LedgerEntry] {
    // Canonical JSON has one spelling, and a quotation mark inside a string is written otherwise.
    let needles = kinds.map { Array("\"kind\":\"\($0)\"".utf8) }
    var found: [LedgerEntry] = []
    for (position, bytes) in all.enumerated() where needles.contains(where: { contains(bytes, $0) }) {
      guard let entry = LedgerEntry(index: first + UInt64(position), bytes: bytes), kinds.contains(entry.kind) else { continue }
      found.append(entry)
    }
    return found
  }

  private static func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      needle.withUnsafeBytes { needle in
        guard bytes.count >= needle.count else { return false }
        return (0...(bytes.count - needle.count)).contains { start in
          bytes[start] == needle[0] && bytes[start..<(start + needle.count)].elementsEqual(needle)
        }
      }
    }
  }
}

extension Ledger {
  /// The entries of some kinds, of the whole ledger, in order. Reads full bundles without holding up those who write.
  package func entries(ofKinds kinds: Set<String>) async throws(LedgerError) -> [LedgerEntry] {
    let (files, size) = try await onQueue { log throws(LedgerError) in (log.files, log.published.size) }
    let full = size / TilePath.width
    var found: [LedgerEntry] = []
    for bundle in 0..<full {
      found += try EntryScan(files).entries(ofKinds: kinds, inBundles: bundle..<(bundle + 1), of: size)
      // A long ledger takes seconds: others need this thread too.
      await Task.yield()
    }
    var first = full * TilePath.width
    while true {
      let page = try await entries(from: first, limit: Self.maximumPage)
      found += page.filter { kinds.contains($0.kind) }
      if page.count < Self.maximumPage { return found }
      first += UInt64(page.count)
    }
  }

  /// The entries by which the ledger's keys begin and end, read from a directory that no server may be using; `AdministrativeEntry.keyKinds`.
  package static func keyEntries(directory: URL) throws(LedgerError) -> [LedgerEntry] {
    try keyEntries(files: DiskFiles(reading: directory))
  }

  package static func keyEntries(files: any LedgerFiles) throws(LedgerError) -> [LedgerEntry] {
    try EntryScan(files).entries(ofKinds: AdministrativeEntry.keyKinds)
  }
}
