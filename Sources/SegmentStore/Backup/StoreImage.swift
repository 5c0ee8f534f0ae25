package import Events
import Synchronization

/// A store as of one moment, as files that can be copied while it goes on: its manifest and the immutable files that this names. There is no
/// log among them, since everything up to that moment was written to files first.
package struct StoreImage: Sendable {
  package struct File: Sendable {
    package let name: String
    package let length: Int
    /// Of an immutable file: tells it from every other of its name; nil for the manifest.
    package let identity: String?
    private let reader: any ReadableFile

    init(name: String, identity: String?, reader: any ReadableFile) {
      self.name = name
      self.identity = identity
      self.reader = reader
      length = Int(reader.length)
    }

    /// Works also after the store replaced and deleted the file.
    package func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] { try reader.bytes(at: UInt64(offset), count: count) }
  }

  /// The manifest is the last.
  package let files: [File]
}

/// The manifest of an image, which on disk may be a newer one already.
private final class ManifestBytes: ReadableFile {
  let bytes: [UInt8]
  init(_ bytes: [UInt8]) { self.bytes = bytes }
  var length: UInt64 { UInt64(bytes.count) }
  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DiskError) {
    guard offset <= length, buffer.count <= bytes.count - Int(offset) else {
      throw DiskError(operation: "read", file: Manifest.name, reason: "the file ends too early")
    }
    buffer.copyBytes(from: bytes[Int(offset)..<Int(offset) + buffer.count])
  }
}

extension SegmentStore {
  /// Everything that was acknowledged before the call is in it. Its files stay readable as long as the value lives.
  package func image() async throws(StoreError) -> StoreImage {
    try await flush()
    // While the manifest is held no file that it names is deleted; open files stay readable afterwards.
    let result = manifest.withLock { manifest -> Result<StoreImage, StoreError> in
      var files: [StoreImage.File] = []
      do throws(DiskError) {
        for reference in manifest.files {
          let reader = try disk.open(directory + "/" + reference.name)
          files.append(
            StoreImage.File(
              name: reference.name, identity: "\(reference.length)-\(LogFormat.hexadecimal(reference.checksum))", reader: reader))
        }
      } catch {
        return .failure(.disk(error))
      }
      files.append(StoreImage.File(name: Manifest.name, identity: nil, reader: ManifestBytes(manifest.bytes)))
      return .success(StoreImage(files: files))
    }
    return try result.get()
  }

  /// The number of a subject's id; nil for one that never came, and for organizations.
  package func subjectNumber(of pseudonym: Pseudonym) -> SubjectNumber? {
    guard let number = identities.number(of: pseudonym), !identities.isGroup(number) else { return nil }
    return SubjectNumber(number)
  }

  /// The id of a number; nil for one that was never given.
  package func pseudonym(of number: UInt32) -> Pseudonym? { identities.pseudonym(of: number) }
}
