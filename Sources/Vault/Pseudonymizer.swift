internal import Crypto
package import Events

/// Makes pseudonyms: HMAC-SHA-256 under a key of the project's own, cut to 128 bits (docs/FORMATS.md, "Pseudonyms").
///
/// What is hashed is a kind byte and then each part after its length, so that neither kinds nor parts can be confused. The keyed state
/// is computed once and copied for each call. Whoever holds neither key cannot even tell whether a guess is right.
package struct Pseudonymizer: Sendable {
  /// What a fingerprint of a duplicate is taken for: events are duplicates if they agree within a second, or within a UTC day.
  package enum DuplicateSlot: Sendable, Hashable {
    /// Seconds since 1970.
    case second(Int64)
    /// Days since 1970-01-01, UTC.
    case day(Int32)
  }

  private let pseudonyms: KeyedHash
  private let tags: KeyedHash

  /// Derives the project's keys from those of the key directory.
  package init(pseudonymKey: SecretKey, tagKey: SecretKey, project: ProjectID) {
    pseudonyms = Self.keyedState(pseudonymKey, label: "sealane pseudonym v1", project: project)
    tags = Self.keyedState(tagKey, label: "sealane tag v1", project: project)
  }

  package init(keys: KeyDirectory, project: ProjectID) {
    self.init(pseudonymKey: keys.pseudonym, tagKey: keys.tag, project: project)
  }

  /// Both keys out of one: the labels keep them apart.
  package init(key: SecretKey, project: ProjectID) {
    self.init(pseudonymKey: key, tagKey: key, project: project)
  }

  /// A person, account or device, by the id exactly as sent.
  package func subject(_ idAsSent: String) -> Pseudonym {
    Self.compute(pseudonyms, .subject, idAsSent)
  }

  /// The same of an id's bytes.
  package func subject(_ idAsSent: UnsafeBufferPointer<UInt8>) -> Pseudonym {
    Self.compute(pseudonyms, .subject, idAsSent)
  }

  /// An organization: the group key (a property name) and its id exactly as sent.
  package func group(key: String, id: String) -> Pseudonym {
    Self.compute(pseudonyms, .group, key, id)
  }

  /// The equality tag of a value that is sealed: equal values of one field have equal tags, whosever they are.
  package func tag(field: String, value: String) -> Pseudonym {
    Self.compute(tags, .tag, field, value)
  }

  /// The fingerprint by which an event that is sent twice is recognised.
  package func duplicate(id: String, event: String, insertID: String, slot: DuplicateSlot) -> Pseudonym {
    switch slot {
    case .second(let second): Self.compute(pseudonyms, .duplicateInSecond, id, event, insertID, number: second)
    case .day(let day): Self.compute(pseudonyms, .duplicateInDay, id, event, insertID, number: Int64(day))
    }
  }

  /// The same within a day, of the bytes.
  package func duplicate(
    id: UnsafeBufferPointer<UInt8>, event: UnsafeBufferPointer<UInt8>, insertID: UnsafeBufferPointer<UInt8>, day: Int32
  ) -> Pseudonym {
    Self.compute(pseudonyms, .duplicateInDay, id, event, insertID, number: Int64(day))
  }

  private enum Kind: UInt8 {
    case subject = 1
    case group = 2
    case tag = 3
    case duplicateInSecond = 4
    case duplicateInDay = 5
  }

  private static func keyedState(_ key: SecretKey, label: String, project: ProjectID) -> KeyedHash {
    var info = Array(label.utf8)
    info.append(littleEndian: project.rawValue)
    let derived = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: key.symmetricKey, salt: [UInt8](), info: info, outputByteCount: SecretKey.byteCount)
    return KeyedHash(derived)
  }

  private static func compute(
    _ state: KeyedHash, _ kind: Kind, _ first: String, _ second: String? = nil, _ third: String? = nil, number: Int64? = nil
  ) -> Pseudonym {
    var (first, second, third) = (first, second, third)
    return first.withUTF8 { first in
      guard var text = second else { return compute(state, kind, first, nil, nil, number: number) }
      second = nil
      return text.withUTF8 { second in
        guard var text = third else { return compute(state, kind, first, second, nil, number: number) }
        third = nil
        return text.withUTF8 { compute(state, kind, first, second, $0, number: number) }
      }
    }
  }

  private static func compute(
    _ state: KeyedHash, _ kind: Kind, _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>? = nil,
    _ third: UnsafeBufferPointer<UInt8>? = nil, number: Int64? = nil
  ) -> Pseudonym {
    let size = 1 + 4 + first.count + (second.map { 4 + $0.count } ?? 0) + (third.map { 4 + $0.count } ?? 0) + 8
    // One buffer, mostly on the stack, and one update: each call into the hash costs more than copying a short id.
    return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
      var end = 1
      func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        buffer.storeBytes(of: UInt32(truncatingIfNeeded: bytes.count).littleEndian, toByteOffset: end, as: UInt32.self)
        UnsafeMutableRawBufferPointer(rebasing: buffer[(end + 4)...]).copyMemory(from: UnsafeRawBufferPointer(bytes))
        end += 4 + bytes.count
      }
      buffer[0] = kind.rawValue
      put(first)
      if let second { put(second) }
      if let third { put(third) }
      if let number {
        buffer.storeBytes(of: number.littleEndian, toByteOffset: end, as: Int64.self)
        end += 8
      }
      return state.pseudonym(UnsafeRawBufferPointer(rebasing: buffer[0..<end]))
    }
  }
}

extension Pseudonymizer: Silent {
  package var description: String { "<pseudonymizer>" }
}
