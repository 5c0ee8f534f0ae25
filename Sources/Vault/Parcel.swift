package import Events

/// Wrapped keys of one epoch on their way from the server to the custodian.
package struct Parcel: Sendable, Hashable {
  package let project: ProjectID
  package let epoch: EpochHeader
  /// In ascending order of `cursor`. A key may come twice, under two cursors, with the same bytes.
  package let keys: [Key]

  package struct Key: Sendable, Hashable {
    /// The number under which the server keeps it until it is acknowledged; ascending within a project.
    package let cursor: UInt64
    package let sequence: UInt32
    /// 64 bytes.
    package let ciphertext: [UInt8]

    package init(cursor: UInt64, sequence: UInt32, ciphertext: [UInt8]) {
      self.cursor = cursor
      self.sequence = sequence
      self.ciphertext = ciphertext
    }
  }

  package init(project: ProjectID, epoch: EpochHeader, keys: [Key]) {
    self.project = project
    self.epoch = epoch
    self.keys = keys
  }

  /// Groups a project's undelivered keys, which may belong to several epochs, into parcels.
  package static func grouping(_ keys: [(cursor: UInt64, key: WrappedKey)], project: ProjectID) -> [Parcel] {
    var order: [EpochHeader] = []
    var groups: [EpochHeader: [Key]] = [:]
    for (cursor, key) in keys {
      if groups[key.epoch] == nil { order.append(key.epoch) }
      groups[key.epoch, default: []].append(Key(cursor: cursor, sequence: key.sequence, ciphertext: key.ciphertext))
    }
    return order.map { Parcel(project: project, epoch: $0, keys: groups[$0] ?? []) }
  }
}

extension EpochHeader {
  static let byteCount = 1 + 8 + 8 + 8 + 8 + 32
  static let version: UInt8 = 1

  /// 65 bytes: the front of a parcel, and what every wrapped key of the epoch authenticates.
  package func bytes(project: ProjectID) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    bytes.append(Self.version)
    bytes.append(littleEndian: project.rawValue)
    bytes.append(littleEndian: id)
    bytes.append(bigEndian: recipientKeyID)
    bytes.append(littleEndian: startedAt)
    bytes.append(contentsOf: encapsulatedKey)
    return bytes
  }
}

/// Parcels as they travel, and a bundle of them as one HTTP body. docs/FORMATS.md, "Key parcel".
package enum ParcelCodec {
  /// `SLPB` and the version.
  static let magic: [UInt8] = [0x53, 0x4c, 0x50, 0x42, 0x01]
  static let keyByteCount = 8 + 4 + Sealing.wrappedByteCount

  package static func encode(_ parcel: Parcel) -> [UInt8] {
    var bytes = parcel.epoch.bytes(project: parcel.project)
    bytes.reserveCapacity(bytes.count + 4 + parcel.keys.count * keyByteCount)
    bytes.append(littleEndian: UInt32(parcel.keys.count))
    for key in parcel.keys {
      bytes.append(littleEndian: key.cursor)
      bytes.append(littleEndian: key.sequence)
      bytes.append(contentsOf: key.ciphertext)
    }
    return bytes
  }

  package static func encode(bundle parcels: [Parcel]) -> [UInt8] {
    var bytes = magic
    bytes.append(littleEndian: UInt32(parcels.count))
    for parcel in parcels {
      let encoded = encode(parcel)
      bytes.append(littleEndian: UInt32(encoded.count))
      bytes.append(contentsOf: encoded)
    }
    return bytes
  }

  package static func decode(_ bytes: [UInt8]) throws(ParcelError) -> Parcel {
    var reader = ByteReader(bytes)
    guard let version = reader.take(1)?.first else { throw .truncated }
    guard version == EpochHeader.version else { throw .unknownVersion(version) }
    guard let project = reader.littleEndian(Int64.self), let id = reader.littleEndian(UInt64.self),
      let recipient = reader.bigEndian(UInt64.self), let startedAt = reader.littleEndian(Int64.self),
      let encapsulatedKey = reader.take(32), let count = reader.littleEndian(UInt32.self)
    else { throw .truncated }
    // Compared before anything is allocated for so many.
    guard reader.remaining == Int(count) * keyByteCount else {
      throw reader.remaining < Int(count) * keyByteCount ? .truncated : .trailingBytes
    }
    var keys: [Parcel.Key] = []
    keys.reserveCapacity(Int(count))
    for _ in 0..<count {
      guard let cursor = reader.littleEndian(UInt64.self), let sequence = reader.littleEndian(UInt32.self),
        let ciphertext = reader.take(Sealing.wrappedByteCount)
      else { throw .truncated }
      guard cursor > keys.last?.cursor ?? 0 || keys.isEmpty else { throw .cursorsOutOfOrder }
      keys.append(Parcel.Key(cursor: cursor, sequence: sequence, ciphertext: ciphertext))
    }
    let header = EpochHeader(id: id, recipientKeyID: recipient, encapsulatedKey: encapsulatedKey, startedAt: startedAt)
    return Parcel(project: ProjectID(project), epoch: header, keys: keys)
  }

  package static func decode(bundle bytes: [UInt8]) throws(ParcelError) -> [Parcel] {
    var reader = ByteReader(bytes)
    guard reader.take(magic.count) == magic else { throw .notABundle }
    guard let count = reader.littleEndian(UInt32.self) else { throw .truncated }
    var parcels: [Parcel] = []
    for _ in 0..<count {
      guard let size = reader.littleEndian(UInt32.self), let encoded = reader.take(Int(size)) else { throw .truncated }
      parcels.append(try decode(encoded))
    }
    guard reader.remaining == 0 else { throw .trailingBytes }
    return parcels
  }
}

/// Why bytes are not a parcel or a bundle of them.
package enum ParcelError: Error, Sendable, Hashable, CustomStringConvertible {
  case notABundle
  case unknownVersion(UInt8)
  case truncated
  case trailingBytes
  case cursorsOutOfOrder

  package var description: String {
    switch self {
    case .notABundle: "These bytes are not a bundle of key parcels (they do not begin with SLPB 01)."
    case .unknownVersion(let version): "A key parcel has version \(version), which this program does not know; update it."
    case .truncated: "A key parcel ends before it is complete."
    case .trailingBytes: "A key parcel is followed by bytes that do not belong to it."
    case .cursorsOutOfOrder: "The keys of a parcel are not in the order of their cursors."
    }
  }
}
