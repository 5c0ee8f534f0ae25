import Intake

/// How the files of one import are read.
package struct ImportFormats: Sendable {
  package enum Choice: String, Sendable, CaseIterable {
    /// By the name: `.csv` and `.tsv`, packed or not, are tables; everything else is JSON.
    case auto
    case json, csv
  }

  package var choice = Choice.auto
  package var mapping = TableMapping()
  /// Whether something was said about columns: then the files are tables.
  package var isMapped = false
  /// Whether the delimiter was said; else a `.tsv` has tabs.
  package var hasDelimiter = false
  /// The zone in which the numbers of `time` in JSON count.
  package var clock: WallClock?
  /// Tells runs apart that read the same file otherwise.
  package var digestText = ""

  package init() {}

  func format(of path: String) -> ImportFile.Format {
    var name = path.lowercased()
    for ending in [".gz", ".zst", ".zstd"] where name.hasSuffix(ending) { name.removeLast(ending.count) }
    let isTabs = name.hasSuffix(".tsv")
    let isTable = choice == .csv || (choice == .auto && (isMapped || isTabs || name.hasSuffix(".csv")))
    guard isTable else { return .json(clock: clock) }
    var mapping = mapping
    if isTabs, !hasDelimiter { mapping.delimiter = 0x09 }
    return .table(mapping)
  }
}
