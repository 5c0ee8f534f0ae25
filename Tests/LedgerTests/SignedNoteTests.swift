import Crypto
import Foundation
import Ledger
import Testing

struct SignedNoteTests {
  static let exampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
  static let exampleNote = """
    This is an example message.

    \u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

    """
  static let logKey = "log.example/audit+76556a48+AYOo/LeM7oLJPOn7gTPePsSSCY+/YMe+mbe7IQl3MtZ8"
  static let witnessKey = "witness.example/w1+2910711b+BM+nWY40HPr+0GNpFVQQfpATmW1VMHwIxXO1zBklDz+1"
  static let cosigned = """
    log.example/audit
    8
    XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

    \u{2014} log.example/audit dlVqSA9osdXRYGC5tExeUhLV226NgyICv/9r5uzb4ILrsOd5PrjuKKMv41+UO+O3TD9ZwIQYkaVPD1mZT3QlmIaK0AM=
    \u{2014} witness.example/w1 KRBxGwAAAABpG1lAZwpzBJ2HFfDPnHg2c3Sg4mgj0Gb0Sobzmi2KqWkbEaGywmOrhZvcv7u4hMvsCkM41VYimFoT7dFzhLkhg6lDDA==

    """

  @Test func specificationsExampleVerifies() throws {
    let key = try #require(NoteKey(Self.exampleKey))
    #expect(key.description == Self.exampleKey)
    let note = try SignedNote(Array(Self.exampleNote.utf8))
    #expect(note.text == "This is an example message.\n")
    #expect(try note.verify([key]) == [key])
  }

  @Test func cosignedCheckpointVerifiesAndIsSignedAlike() throws {
    let log = try #require(NoteKey(Self.logKey))
    let witness = try #require(NoteKey(Self.witnessKey))
    let checkpoint = try VerifiedCheckpoint(note: Array(Self.cosigned.utf8), key: log, witnesses: [witness])
    #expect(checkpoint.size == 8)
    #expect(checkpoint.root.bytes == hex(MerkleTests.roots[8]))
    #expect(checkpoint.witnesses == [witness])

    let logSigner = try #require(NoteSigner(name: log.name, seed: Array(SHA256.hash(data: Array("demo log key 1".utf8)))))
    let witnessSigner = try #require(
      NoteSigner(name: witness.name, kind: .cosignature, seed: Array(SHA256.hash(data: Array("demo witness key 1".utf8)))))
    #expect(logSigner.key == log)
    #expect(witnessSigner.key == witness)
    let text = checkpoint.checkpoint.text
    // Ed25519 as BoringSSL and libsodium sign is deterministic, so that whole lines compare.
    let made = try text + "\n" + logSigner.line(for: text) + witnessSigner.line(for: text, time: 1_763_400_000)
    #expect(made == Self.cosigned)
  }

  @Test func unknownKeysAreIgnoredAndFailingKnownOnesReject() throws {
    let log = try #require(NoteKey(Self.logKey))
    let witness = try #require(NoteKey(Self.witnessKey))
    let example = try #require(NoteKey(Self.exampleKey))
    #expect(try VerifiedCheckpoint(note: Array(Self.cosigned.utf8), key: log).witnesses.isEmpty)
    #expect(throws: SignedNote.Failure.noKnownSignature) { try VerifiedCheckpoint(note: Array(Self.cosigned.utf8), key: example) }
    #expect(throws: SignedNote.Failure.noKnownSignature, "a witness alone does not make a checkpoint of the log") {
      try VerifiedCheckpoint(
        note: Array(
          Self.cosigned.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated().filter { $0.offset != 4 }.map(\.element)
            .joined(separator: [0x0A])), key: log, witnesses: [witness])
    }
    let broken = Self.cosigned.replacingOccurrences(of: "g6lDDA==", with: "g6lDDQ==")
    #expect(throws: SignedNote.Failure.invalidSignature(name: witness.name)) {
      try VerifiedCheckpoint(note: Array(broken.utf8), key: log, witnesses: [witness])
    }
    #expect(try VerifiedCheckpoint(note: Array(broken.utf8), key: log).size == 8, "a failing signature of an unknown key is ignored")
    for altered in ["\n8\n": "\n9\n", "XcnaeacG": "XcnaeacH", "log.example/audit\n8": "log.example/audi\n8"] {
      let note = Self.cosigned.replacingOccurrences(of: altered.key, with: altered.value)
      #expect(throws: SignedNote.Failure.self) { try VerifiedCheckpoint(note: Array(note.utf8), key: log) }
    }
  }

  @Test(
    "malformed notes are refused",
    arguments: [
      "", "\n", "\n\n", "text\n", "text\n\n", "text\n\n\u{2014} name Uw2QOkn8\n\n", "text\n\nname Uw2QOkn8\n",
      "text\n\n- name Uw2QOkn8srV1\n",
      "text\n\n\u{2014} name Uw2Q\n", "text\n\n\u{2014} name Uw2QOkn8srV1", "text\n\n\u{2014} na+me Uw2QOkn8srV1\n",
      "text\n\n\u{2014}  Uw2QOkn8srV1\n",
      "te\u{1}xt\n\n\u{2014} name Uw2QOkn8srV1\n", "te\rxt\n\n\u{2014} name Uw2QOkn8srV1\n", "text\n\n\u{2014} name Uw2QOkn8srV1 x\n",
    ])
  func malformed(note: String) {
    #expect(throws: SignedNote.Failure.self) { try SignedNote(Array(note.utf8)) }
  }

  @Test func notUTF8IsRefused() {
    #expect(throws: SignedNote.Failure.self) { try SignedNote([0xFF, 0x0A, 0x0A] + Array("\u{2014} name Uw2QOkn8srV1\n".utf8)) }
  }

  @Test func textMayHoldEmptyLinesAndManySignatures() throws {
    let lines = (0..<16).map { _ in "\u{2014} name Uw2QOkn8srV1\n" }.joined()
    let note = try SignedNote(Array("one\n\ntwo\n\n\(lines)".utf8))
    #expect(note.text == "one\n\ntwo\n")
    #expect(note.signatures.count == 16)
    #expect(throws: SignedNote.Failure.self) {
      try SignedNote(Array(("x\n\n" + (0..<101).map { _ in "\u{2014} name Uw2QOkn8srV1\n" }.joined()).utf8))
    }
  }

  @Test(
    "keys with a wrong id, name or length are not read",
    arguments: [
      "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "example.com/fo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
      "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", "example.com/foo+530d903a", "+530d903a+AA==", "",
    ])
  func malformedKeys(text: String) { #expect(NoteKey(text) == nil) }

  @Test(
    "checkpoint texts that are not in form are not read",
    arguments: [
      "log\n08\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "log\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
      "log\n8\n47DEQpj8HBSa\n", "log\n8\n", "\n8\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
      "log\n8\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "log\n18446744073709551616\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    ])
  func malformedCheckpoints(text: String) { #expect(Checkpoint(text: text) == nil) }
}
