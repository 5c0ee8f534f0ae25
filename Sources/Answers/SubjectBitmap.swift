import CRoaring
import Events

/// A set of subject numbers, small in memory and quick to compare.
///
/// `@unchecked Sendable`: the bitmap belongs to this object alone and never changes after `init`; CRoaring's reading functions share nothing.
final class SubjectBitmap: @unchecked Sendable {
  private let bitmap: UnsafeMutablePointer<roaring_bitmap_t>
  let count: Int

  init(_ numbers: some Collection<SubjectNumber>) {
    let values = numbers.map(\.rawValue)
    bitmap = roaring_bitmap_of_ptr(values.count, values)
    roaring_bitmap_run_optimize(bitmap)
    count = Int(roaring_bitmap_get_cardinality(bitmap))
  }

  private init(_ bitmap: UnsafeMutablePointer<roaring_bitmap_t>) {
    self.bitmap = bitmap
    count = Int(roaring_bitmap_get_cardinality(bitmap))
  }

  deinit { roaring_bitmap_free(bitmap) }

  /// About.
  var bytes: Int { Int(roaring_bitmap_size_in_bytes(bitmap)) + 64 }

  var numbers: [SubjectNumber] {
    let values = [UInt32](unsafeUninitializedCapacity: count) { buffer, filled in
      if count > 0 { roaring_bitmap_to_uint32_array(bitmap, buffer.baseAddress) }
      filled = count
    }
    return values.map { SubjectNumber($0) }
  }

  /// How many are in both.
  func shared(_ other: SubjectBitmap) -> Int { Int(roaring_bitmap_and_cardinality(bitmap, other.bitmap)) }
  func isSubset(of other: SubjectBitmap) -> Bool { count <= other.count && roaring_bitmap_is_subset(bitmap, other.bitmap) }
  func isDisjoint(with other: SubjectBitmap) -> Bool { !roaring_bitmap_intersect(bitmap, other.bitmap) }
  func symmetricDifference(_ other: SubjectBitmap) -> SubjectBitmap { SubjectBitmap(roaring_bitmap_xor(bitmap, other.bitmap)) }
  func intersection(_ other: SubjectBitmap) -> SubjectBitmap { SubjectBitmap(roaring_bitmap_and(bitmap, other.bitmap)) }
  func union(_ other: SubjectBitmap) -> SubjectBitmap { SubjectBitmap(roaring_bitmap_or(bitmap, other.bitmap)) }
  func subtracting(_ other: SubjectBitmap) -> SubjectBitmap { SubjectBitmap(roaring_bitmap_andnot(bitmap, other.bitmap)) }
}
