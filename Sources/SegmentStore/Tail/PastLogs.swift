package import Events
import Synchronization

/// Log files that the store itself needs no more, and that somebody who follows it has not read: `past-` and the number, byte for byte what
/// `log-` was. They are no part of the store: without them it opens as ever, and no backup has them.
enum PastLogs {
  static let prefix = "past-"

  static func name(_ number: UInt64) -> String { prefix + LogFormat.hexadecimal(number) }

  static func number(ofName name: String) -> UInt64? {
    guard name.hasPrefix(prefix), name.utf8.count == prefix.utf8.count + 16 else { return nil }
    return UInt64(name.dropFirst(prefix.utf8.count), radix: 16)
  }

  /// Of all log files, those that are put aside too, ascending.
  static func numbers(disk: any Disk, directory: String) throws(DiskError) -> [UInt64] {
    Set(try disk.list(directory).compactMap { LogFormat.number(ofName: $0) ?? number(ofName: $0) }).sorted()
  }

  /// Under whichever name it has.
  static func open(_ number: UInt64, disk: any Disk, directory: String) throws(DiskError) -> any ReadableFile {
    do { return try disk.open(directory + "/" + LogFormat.name(number)) } catch {
      return try disk.open(directory + "/" + name(number))
    }
  }
}

extension SegmentStore {
  /// Whether log files stay behind for whoever follows the store, from now on.
  package func keepPastLogs(_ keeps: Bool) { keepsPastLogs.store(keeps, ordering: .sequentiallyConsistent) }

  /// How many ids ever came, of people, devices and organizations.
  package var idCount: Int { identities.count }

  /// How many deletions there were: it changes whenever something that was stored is to be forgotten.
  package var deletionVersion: UInt64 { state.withLock { $0.deletions.version } }

  /// Whether a number, or whoever it counts as, was ever deleted.
  package func isDeleted(_ number: SubjectNumber) -> Bool {
    state.withLock { $0.deletions.contains(number.rawValue) || $0.deletions.contains($0.journal.canonical(number.rawValue)) }
  }

  /// How many frames were committed: the position behind the last event is (this, `.max`).
  package var committed: UInt64 { state.withLock { $0.dataVersion } }

  /// The pseudonym of whoever a number counts as now; nil for one that was never given.
  package func canonicalPseudonym(of number: SubjectNumber) -> Pseudonym? {
    identities.pseudonym(of: state.withLock { $0.journal.canonical(number.rawValue) })
  }

  /// Puts a log file aside that the manifest does not name any more, or removes it where nobody follows.
  func retire(log number: UInt64) throws(DiskError) {
    let path = directory + "/" + LogFormat.name(number)
    guard keepsPastLogs.load(ordering: .sequentiallyConsistent) else { return try disk.remove(path) }
    // A crash here leaves it under its old name: the next start puts it aside. After it, under the new one, which nobody but followers reads.
    try disk.rename(path, to: directory + "/" + PastLogs.name(number))
  }

  /// Removes what was put aside and is before a commit, and the oldest of what is left beyond the bounds.
  ///
  /// - Parameters:
  ///   - commit: the first that somebody needs; nil: nobody needs any.
  ///   - bytes: how much may stay.
  package func dropPastLogs(before commit: UInt64?, keepingBytes bytes: Int) throws(StoreError) {
    do {
      let numbers = try disk.list(directory).compactMap(PastLogs.number(ofName:)).sorted()
      var total = 0
      let files = try numbers.map { number in
        let file = try disk.open(directory + "/" + PastLogs.name(number))
        total += Int(file.length)
        return (number: number, length: Int(file.length), first: Self.firstSequence(of: file))
      }
      for (index, file) in files.enumerated() {
        // Its frames end before the first of a later file; the last one's end is not known here, so that it stays while anybody follows. Where
        // the next header does not read, the one behind it tells.
        let end = files[(index + 1)...].lazy.compactMap(\.first).first
        let isRead = commit.map { commit in end.map { $0 <= commit } ?? false } ?? true
        guard isRead || total > bytes else { break }
        try disk.remove(directory + "/" + PastLogs.name(file.number))
        total -= file.length
      }
    } catch let error as DiskError {
      throw .disk(error)
    } catch {
      throw .corrupt(file: "a log file that was put aside", reason: "\(error)")
    }
  }

  /// Nil where its header does not read: it holds up nothing, and is told of to whoever reads on in it.
  private static func firstSequence(of file: any ReadableFile) -> UInt64? {
    guard file.length >= UInt64(LogFormat.headerLength), let bytes = try? file.bytes(at: 0, count: LogFormat.headerLength) else {
      return nil
    }
    return (try? LogFormat.Header(bytes))?.firstSequence
  }
}
