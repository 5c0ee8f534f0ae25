/// The sealed details of up to 256 entries: `details/<bundle number>`, frames in the order of their entries.
///
/// ```
/// offset size
///      0    8  index of the entry
///      8    4  length n; 0 marks details that were erased
///     12    n  sealed details (see `DetailSealer`)
/// ```
struct DetailFile: Sendable {
  struct Frame: Sendable {
    let index: UInt64
    /// Nil once erased.
    let sealed: [UInt8]?
  }

  var frames: [Frame] = []
  init(frames: [Frame]) { self.frames = frames }

  /// Reads the frames of bundle `bundle` and stops before what is none: a torn frame, zeros, anything out of place.
  init(_ bytes: [UInt8], bundle: UInt64) {
    var reader = ByteReader(bytes)
    while let index = reader.integer(UInt64.self), let length = reader.integer(UInt32.self), let sealed = reader.run(Int(length)),
      index / TilePath.width == bundle, frames.last.map({ $0.index < index }) ?? true
    {
      frames.append(Frame(index: index, sealed: length == 0 ? nil : Array(sealed)))
    }
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for frame in frames {
      bytes.append(littleEndian: frame.index)
      bytes.append(littleEndian: UInt32(frame.sealed?.count ?? 0))
      bytes += frame.sealed ?? []
    }
    return bytes
  }
}
