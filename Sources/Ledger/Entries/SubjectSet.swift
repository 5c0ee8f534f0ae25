import CRoaring
import Events

/// A set of subject numbers as a Roaring bitmap in the portable format (RoaringFormatSpec), which other languages read.
package struct SubjectSet: Sendable, Hashable {
  /// Ascending, each once.
  package let numbers: [SubjectNumber]

  package init(_ numbers: some Sequence<SubjectNumber>) {
    let sorted = numbers.sorted()
    var distinct: [SubjectNumber] = []
    distinct.reserveCapacity(sorted.count)
    for number in sorted where number != distinct.last { distinct.append(number) }
    self.numbers = distinct
  }

  /// - Parameter numbers: ascending, each once.
  package init(ascending numbers: [SubjectNumber]) { self.numbers = numbers }

  /// Nil if the bytes are not one whole bitmap. They are trusted in so far as they come out of an authenticated ciphertext.
  init?(roaring bytes: [UInt8]) {
    let bitmap = bytes.withUnsafeBytes { roaring_bitmap_portable_deserialize_safe($0.bindMemory(to: CChar.self).baseAddress, $0.count) }
    guard let bitmap else { return nil }
    defer { roaring_bitmap_free(bitmap) }
    guard roaring_bitmap_portable_size_in_bytes(bitmap) == bytes.count else { return nil }
    let count = Int(roaring_bitmap_get_cardinality(bitmap))
    let values = [UInt32](unsafeUninitializedCapacity: count) { buffer, filled in
      if count > 0 { roaring_bitmap_to_uint32_array(bitmap, buffer.baseAddress) }
      filled = count
    }
    numbers = values.map { SubjectNumber($0) }
  }

  package var roaring: [UInt8] {
    let values = numbers.map(\.rawValue)
    guard let bitmap = roaring_bitmap_of_ptr(values.count, values) else { return [] }
    defer { roaring_bitmap_free(bitmap) }
    roaring_bitmap_run_optimize(bitmap)
    let size = roaring_bitmap_portable_size_in_bytes(bitmap)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      filled = roaring_bitmap_portable_serialize(bitmap, UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self))
    }
  }
}
