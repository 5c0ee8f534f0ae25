/// `cosigned/<key id>`: the newest checkpoint that a witness cosigned, as a signed note. The log's signature is on it, and those of other
/// witnesses that cosigned the same.
enum CosignedFile {
  static let directory = "cosigned"

  static func path(_ witness: NoteKey) -> String { "\(directory)/\(witness.idText)" }

  /// Eight hexadecimal digits: drafts of a replacement are others.
  static func isName(_ name: String) -> Bool { name.utf8.count == 8 && Hexadecimal.bytes(name) != nil }

  /// All that are there and can be read as notes with a checkpoint; nothing is verified.
  static func all(_ files: any LedgerFiles) throws(LedgerError) -> [(name: String, note: SignedNote, checkpoint: Checkpoint)] {
    var found: [(String, SignedNote, Checkpoint)] = []
    for name in try files.names(in: directory).sorted() where isName(name) {
      guard let bytes = try files.read("\(directory)/\(name)"), let note = try? SignedNote(bytes),
        let checkpoint = Checkpoint(text: note.text)
      else { continue }
      found.append((name, note, checkpoint))
    }
    return found
  }
}
