internal import Events

/// Profiles as they were when the file was written; a later file's image of a subject replaces an earlier one's.
///
/// | section | |
/// | `index` | varint count, then for each profile varint distance of its subject number from the one before (the first from 0); varint number of chunks, varint count of profiles in each |
/// | `c:0`, `c:1`, ... | profiles in the order of the index: byte (1: has a verified layer, 2: has an unverified one), then the layers' properties |
final class ProfileFile: Sendable {
  /// A chunk is closed once it has this many bytes.
  static let chunkBytes = 32 << 10

  let file: SectionFileReader
  let numbers: [UInt32]
  /// Index of the first profile of each chunk, and the count at the end.
  let chunkStarts: [Int]

  init(disk: any Disk, directory: String, reference: FileReference) throws(StoreError) {
    file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
    (numbers, chunkStarts) = try file.read("index") { reader in
      var numbers: [UInt32] = []
      var number = 0
      for index in 0..<(try reader.count()) {
        let distance = try reader.number(through: Int(UInt32.max))
        guard index == 0 || distance > 0 else { throw FormatError("a profile occurs twice") }
        number += distance
        guard number < UInt32.max else { throw FormatError("a subject number is out of range") }
        numbers.append(UInt32(number))
      }
      var starts = [0]
      for _ in 0..<(try reader.count()) { starts.append(starts[starts.count - 1] + (try reader.number(through: numbers.count))) }
      guard starts[starts.count - 1] == numbers.count else { throw FormatError("its chunks do not add up") }
      return (numbers, starts)
    }
  }

  func image(of number: UInt32, cache: BlockCache) throws(StoreError) -> ProfileImage? {
    let index = numbers.firstIndex(fromWhich: { $0 >= number })
    guard index < numbers.count, numbers[index] == number else { return nil }
    let chunk = chunkStarts.firstIndex(fromWhich: { $0 > index }) - 1
    let images: Cached<[ProfileImage]> = try cache.value(BlockCache.Key(file: file.reference.number, section: "c:\(chunk)")) {
      () throws(StoreError) in
      let images = try self.images(ofChunk: chunk)
      return (Cached(images), images.reduce(0) { $0 + 2 * $1.footprint })
    }
    return images.value[index - chunkStarts[chunk]]
  }

  func images(ofChunk chunk: Int) throws(StoreError) -> [ProfileImage] {
    let count = chunkStarts[chunk + 1] - chunkStarts[chunk]
    return try file.read("c:\(chunk)") { reader in
      var images: [ProfileImage] = []
      for _ in 0..<count {
        let flags = try reader.byte()
        guard flags < 4 else { throw FormatError("a profile has an unknown flag") }
        var image = ProfileImage()
        if flags & 1 != 0 { image.verified = ProfileImage.Layer(properties: try reader.properties()) }
        if flags & 2 != 0 { image.unverified = ProfileImage.Layer(properties: try reader.properties()) }
        images.append(image)
      }
      return images
    }
  }

  /// - Parameter image: asked once for each number, in order.
  static func write(
    disk: any Disk, directory: String, number: UInt64, numbers: [UInt32], image: (UInt32) throws -> ProfileImage
  ) throws -> FileReference {
    var file = try SectionFileWriter(disk: disk, directory: directory, kind: .profiles, number: number)
    var index = ByteWriter()
    index.varint(numbers.count)
    var previous: UInt32 = 0
    for number in numbers {
      index.varint(UInt64(number - previous))
      previous = number
    }
    var counts: [Int] = []
    var chunk = ByteWriter()
    var count = 0
    for (position, number) in numbers.enumerated() {
      let image = try image(number)
      chunk.byte((image.verified == nil ? 0 : 1) | (image.unverified == nil ? 0 : 2))
      if let layer = image.verified { chunk.properties(layer.properties) }
      if let layer = image.unverified { chunk.properties(layer.properties) }
      count += 1
      if chunk.count >= chunkBytes || position == numbers.count - 1 {
        try file.section("c:\(counts.count)", chunk)
        counts.append(count)
        chunk = ByteWriter()
        count = 0
      }
    }
    index.varint(counts.count)
    for count in counts { index.varint(count) }
    try file.section("index", index)
    return try file.finish()
  }
}
