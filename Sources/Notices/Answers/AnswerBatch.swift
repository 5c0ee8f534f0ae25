internal import Crypto
package import Events
internal import Foundation
package import Ledger

/// The answers that were given at one time, fixed before the first of them leaves. docs/FORMATS.md, “Answers”.
package struct AnswerBatch: Sendable, Hashable {
  /// SHA-256 of the text of each statement that was answered for, hexadecimal, in the order of their cases.
  package let statements: [String]
  package let madeAt: Timestamp
  /// Leaves, and the root of the sorted tree over them. There are more leaves than answers, so that nobody can count those.
  package let leaves: UInt64
  package let root: MerkleHash

  package init(statements: [String], madeAt: Timestamp, leaves: UInt64, root: MerkleHash) {
    self.statements = statements
    self.madeAt = madeAt
    self.leaves = leaves
    self.root = root
  }

  static let kind = "answers"
  /// Statements that one answer speaks of, at most.
  package static let mostStatements = 10
  /// The number of leaves is a multiple of it.
  package static let padding = 256

  package var text: String {
    let members: [String: CanonicalJSON] = [
      "v": .integer(1), "kind": .string(Self.kind), "statements": .list(statements.map { .string($0) }),
      "made_at": .integer(madeAt.milliseconds), "leaves": .integer(Int64(clamping: leaves)), "root": .string(root.description),
    ]
    return String(decoding: CanonicalJSON.object(members).bytes, as: UTF8.self) + "\n"
  }

  /// Nil for what is no batch in its one form.
  package init?(text: String) {
    guard text.utf8.last == 0x0A, let json = CanonicalJSON(canonical: Array(text.utf8.dropLast())), json["v"]?.integer == 1,
      json["kind"]?.string == Self.kind, let statements = json["statements"]?.list?.map(\.string), let madeAt = json["made_at"]?.integer,
      let leaves = json["leaves"]?.integer.flatMap({ UInt64(exactly: $0) }),
      let root = json["root"]?.string.flatMap({ Data(base64Encoded: $0) }).flatMap({ MerkleHash($0) })
    else { return nil }
    let digests = statements.compactMap(\.self)
    guard digests.count == statements.count, (1...Self.mostStatements).contains(digests.count),
      digests.allSatisfy({ Hexadecimal.bytes($0)?.count == 32 })
    else { return nil }
    self.init(statements: digests, madeAt: Timestamp(milliseconds: madeAt), leaves: leaves, root: root)
    guard self.text == text else { return nil }
  }

  /// What commits to one answer: SHA-256 over a random salt, the answer's kind and its text.
  ///
  /// - Parameter salt: 16 bytes.
  package static func leaf(of answer: Answer, salt: [UInt8]) -> [UInt8] {
    Array(SHA256.hash(data: salt + Array("\(answer.kind)\n\(answer.text)".utf8)))
  }

  /// With random leaves, of which nobody can tell that they are none.
  package static func padded(_ leaves: [[UInt8]]) -> [[UInt8]] {
    let wanted = max(1, (leaves.count + padding - 1) / padding) * padding
    return leaves
      + (leaves.count..<wanted).map { _ in SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) } }
  }
}
