internal import Events

/// Ids in the order of their arrival, from one ordinal on, and sealed ids in chunks.
///
/// | section | |
/// | `ids` | u64 first ordinal, u64 count, then for each: pseudonym (high, low), byte 1 for a group, else 0 |
/// | `sealed` | varint number of sealed ids, then varint distance of each one's ordinal from the one before (the first from 0) |
/// | `s:0`, `s:1`, ... | 1,024 sealed ids each (the last: the rest), in the order of `sealed`: tag (high, low), varint length, bytes |
final class IdentityFile: Sendable {
  static let chunk = 1024

  let file: SectionFileReader
  let firstOrdinal: Int
  let count: Int
  private let sealedOrdinals: [UInt32]

  /// - Parameter visit: takes each id, in order.
  init(disk: any Disk, directory: String, reference: FileReference, visit: (Pseudonym, _ isGroup: Bool) throws(FormatError) -> Void)
    throws(StoreError)
  {
    file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
    (firstOrdinal, count) = try file.read("ids") { reader in
      let first: UInt64 = try reader.integer()
      let count: UInt64 = try reader.integer()
      guard count <= UInt64(reader.remaining / 17), first <= UInt64(UInt32.max) else { throw FormatError("its count is wrong") }
      for _ in 0..<count {
        let pseudonym = try reader.pseudonym()
        let flag = try reader.byte()
        guard flag < 2 else { throw FormatError("an id has an unknown flag") }
        try visit(pseudonym, flag == 1)
      }
      return (Int(first), Int(count))
    }
    sealedOrdinals = try file.read("sealed") { reader in
      var list: [UInt32] = []
      var ordinal = 0
      for index in 0..<(try reader.count()) {
        let distance = try reader.number(through: Int(UInt32.max))
        guard index == 0 || distance > 0 else { throw FormatError("an id is sealed twice") }
        ordinal += distance
        guard ordinal < UInt32.max else { throw FormatError("an ordinal is out of range") }
        list.append(UInt32(ordinal))
      }
      return list
    }
  }

  var sealed: [UInt32] { sealedOrdinals }

  func sealedID(ofOrdinal ordinal: UInt32, cache: BlockCache) throws(StoreError) -> SealedValue? {
    let index = sealedOrdinals.firstIndex(fromWhich: { $0 >= ordinal })
    guard index < sealedOrdinals.count, sealedOrdinals[index] == ordinal else { return nil }
    let number = index / Self.chunk
    let chunk: Cached<[SealedValue]> = try cache.value(BlockCache.Key(file: file.reference.number, section: "s:\(number)")) {
      () throws(StoreError) in
      let values = try self.chunk(number)
      return (Cached(values), values.reduce(0) { $0 + 80 + $1.bytes.count })
    }
    return chunk.value[index % Self.chunk]
  }

  func chunk(_ number: Int) throws(StoreError) -> [SealedValue] {
    let expected = min(Self.chunk, sealedOrdinals.count - number * Self.chunk)
    return try file.read("s:\(number)") { reader in
      var values: [SealedValue] = []
      for _ in 0..<expected { values.append(try reader.sealed()) }
      return values
    }
  }

  /// - Parameter sealed: ordinals ascending, and how to get each one's sealed id; asked once each, in order.
  static func write(
    disk: any Disk, directory: String, number: UInt64, firstOrdinal: Int, ids: [(pseudonym: Pseudonym, isGroup: Bool)], sealed: [UInt32],
    value: (UInt32) throws -> SealedValue
  ) throws -> FileReference {
    var file = try SectionFileWriter(disk: disk, directory: directory, kind: .identities, number: number)
    var section = ByteWriter()
    section.integer(UInt64(firstOrdinal))
    section.integer(UInt64(ids.count))
    for id in ids {
      section.pseudonym(id.pseudonym)
      section.byte(id.isGroup ? 1 : 0)
    }
    try file.section("ids", section)
    section = ByteWriter()
    section.varint(sealed.count)
    var previous: UInt32 = 0
    for ordinal in sealed {
      section.varint(UInt64(ordinal - previous))
      previous = ordinal
    }
    try file.section("sealed", section)
    for start in stride(from: 0, to: sealed.count, by: chunk) {
      section = ByteWriter()
      for ordinal in sealed[start..<min(start + chunk, sealed.count)] { section.sealed(try value(ordinal)) }
      try file.section("s:\(start / chunk)", section)
    }
    return try file.finish()
  }
}

extension Array {
  /// The first index whose element satisfies a condition that, once true, stays true; `count` if none does.
  func firstIndex(fromWhich condition: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
