internal import Events
import Glibc

/// Distinct values in their byte form, numbered from 0 in the order of their first appearance.
///
/// One arena for all bytes and an open-addressing table of codes: no object and no reference count for a value.
struct ValueDictionary: Sendable {
  /// Drawn once a process: values come from strangers, who could otherwise choose ones that collide.
  private static let seed = UInt64.random(in: 0 ... .max)

  private(set) var arena = ByteWriter()
  /// End of each value in the arena.
  private(set) var ends: [UInt32] = []
  private var hashes: [UInt64] = []
  private var table: [UInt32] = []

  var count: Int { ends.count }
  /// Bytes of memory, about.
  var footprint: Int { arena.count + ends.count * 12 + table.count * 4 }

  @inline(__always) static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 { Checksum.of(bytes, seed: seed) }

  func start(of code: Int) -> Int { code == 0 ? 0 : Int(ends[code - 1]) }

  /// The code of the value whose bytes `write` puts at the end of the arena; they are taken back if it is there already.
  mutating func code(writing write: (inout ByteWriter) -> Void) -> UInt32 {
    let start = arena.count
    write(&arena)
    let end = arena.count
    let hash = arena.bytes.withUnsafeBytes { Self.hash(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    let (slot, known) = find(start: start, end: end, hash: hash)
    if let known {
      arena.cut(to: start)
      return known
    }
    return insert(end: end, hash: hash, slot: slot)
  }

  /// The values, without the means to find one.
  var values: ValueBytes { ValueBytes(bytes: arena.bytes, ends: ends) }

  func value(of code: Int) throws(FormatError) -> StoredValue {
    var failure: FormatError?
    let value = arena.bytes.withUnsafeBytes { bytes -> StoredValue in
      do throws(FormatError) {
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[start(of: code)..<Int(ends[code])]))
        return try reader.value()
      } catch {
        failure = error
        return .null
      }
    }
    if let failure { throw failure }
    return value
  }

  /// The code here of a value.
  mutating func code(of code: Int, in values: ValueBytes) -> UInt32 {
    let start = arena.count
    let hash = values.bytes.withUnsafeBytes { bytes in
      let value = UnsafeRawBufferPointer(rebasing: bytes[values.range(of: code)])
      arena.raw(value)
      return Self.hash(value)
    }
    let (slot, known) = find(start: start, end: arena.count, hash: hash)
    if let known {
      arena.cut(to: start)
      return known
    }
    return insert(end: arena.count, hash: hash, slot: slot)
  }

  /// The code here of value `code` of another dictionary.
  mutating func code(of code: Int, in other: ValueDictionary) -> UInt32 {
    let start = arena.count
    let range = other.start(of: code)..<Int(other.ends[code])
    let hash = other.hashes[code]
    other.arena.bytes.withUnsafeBytes { arena.raw(UnsafeRawBufferPointer(rebasing: $0[range])) }
    let (slot, known) = find(start: start, end: arena.count, hash: hash)
    if let known {
      arena.cut(to: start)
      return known
    }
    return insert(end: arena.count, hash: hash, slot: slot)
  }

  private func find(start: Int, end: Int, hash: UInt64) -> (slot: Int, known: UInt32?) {
    guard !table.isEmpty else { return (0, nil) }
    let mask = table.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    let length = end - start
    return arena.bytes.withUnsafeBytes { bytes in
      while true {
        let entry = table[slot]
        if entry == 0 { return (slot, nil) }
        let code = Int(entry) - 1
        if hashes[code] == hash {
          let other = self.start(of: code)
          if Int(ends[code]) - other == length, let base = bytes.baseAddress, memcmp(base + other, base + start, length) == 0 {
            return (slot, UInt32(code))
          }
        }
        slot = (slot + 1) & mask
      }
    }
  }

  private mutating func insert(end: Int, hash: UInt64, slot: Int) -> UInt32 {
    let code = UInt32(ends.count)
    ends.append(UInt32(end))
    hashes.append(hash)
    if ends.count * 2 > table.count {
      grow()
    } else {
      table[slot] = code + 1
    }
    return code
  }

  private mutating func grow() {
    let size = max(16, table.count * 2)
    table = [UInt32](repeating: 0, count: size)
    for (code, hash) in hashes.enumerated() {
      var slot = Int(truncatingIfNeeded: hash) & (size - 1)
      while table[slot] != 0 { slot = (slot + 1) & (size - 1) }
      table[slot] = UInt32(code + 1)
    }
  }
}

extension ValueDictionary {
  /// - Throws: also where a value stands there twice.
  init(reading reader: inout ByteReader) throws(FormatError) {
    let values = try ValueBytes(reading: &reader)
    for code in 0..<values.count {
      guard Int(self.code(of: code, in: values)) == code else { throw FormatError("a dictionary holds a value twice") }
    }
  }
}
