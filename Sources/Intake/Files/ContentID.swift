import Crypto

/// Insert ids for records that come without one, so that a file that is sent again changes nothing.
///
/// Each is a digest of the record and of all such records before it in the file: the same file gives the same ids, equal records at
/// different places give different ones, and a file that has grown since gives its old records their old ids. A file that was changed in
/// the middle counts as new from there on.
struct ContentID {
  private var state = [UInt8](repeating: 0, count: SHA256.byteCount)

  /// The id of the next record without one.
  mutating func next(_ record: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: state)
    hash.update(data: record)
    state = Array(hash.finalize())
    return Self.text(state)
  }

  /// For an id that the intake does not take as it is (`1234`, `order_17`): a digest of it, which keeps equal ids equal.
  static func id(for sent: some Sequence<UInt8>) -> [UInt8] { text(Array(SHA256.hash(data: Array("insert id:".utf8) + sent))) }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func text(_ digest: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(32)
    for byte in digest.prefix(16) {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }
}
