/// Gathers candidates by secret. Keeps digests, never a secret.
struct FindingBook {
  static let mostPlaces = 100
  static let mostFindings = 50_000
  /// Of all findings together, in the history.
  static let mostBlobs = 1_000_000

  struct Entry {
    var candidate: Candidate
    var finding: Finding
    /// SHA-256 of the secret, to be compared with what a platform publishes; of provider keys and named ones only.
    var published: String?
    var blobs: [ObjectName] = []
    var historyPaths: Set<String> = []
  }

  let fingerprinter: Fingerprinter
  private(set) var entries: [SecretIdentity: Entry] = [:]
  private(set) var order: [SecretIdentity] = []
  /// Secrets with `sealane:allow` somewhere in the tree.
  private(set) var allowed: Set<SecretIdentity> = []
  private(set) var overflow = 0
  private var blobCount = 0

  init(_ fingerprinter: Fingerprinter) { self.fingerprinter = fingerprinter }

  /// In the tree.
  mutating func add(_ candidate: Candidate, in bytes: Bytes, line: Int, file: TreePath, kind: FileKind, changed: Int64) {
    let value = Fingerprinter.value(of: candidate, in: bytes)
    let identity = fingerprinter.identity(value)
    if Allowance.covers(candidate.range.lowerBound, in: bytes) {
      allowed.insert(identity)
      return
    }
    let name = Self.name(candidate, in: bytes)
    guard touch(identity, candidate, value, place: "\(file.text)\0\(name ?? "")") else { return }
    var traits = kind.traits
    if let name, FrontEndNames.isPublic(name) { traits.insert(.frontEnd) }
    let place = Finding.Place(
      path: file.shown, line: line, name: name, traits: traits.sorted { $0.rawValue < $1.rawValue }, fileChanged: changed)
    if (entries[identity]?.finding.places.count ?? 0) < Self.mostPlaces { entries[identity]?.finding.places.append(place) }
    entries[identity]?.finding.placeCount += 1
  }

  /// In a blob of the history.
  mutating func add(_ candidate: Candidate, in bytes: Bytes, blob: ObjectName, file: TreePath) {
    let value = Fingerprinter.value(of: candidate, in: bytes)
    let identity = fingerprinter.identity(value)
    if Allowance.covers(candidate.range.lowerBound, in: bytes) {
      // Only where the tree has it no more: what a comment said then, nobody says now.
      if entries[identity] == nil { allowed.insert(identity) }
      return
    }
    let name = Self.name(candidate, in: bytes)
    guard touch(identity, candidate, value, place: "\(file.text)\0\(name ?? "")") else { return }
    if entries[identity]?.blobs.last != blob {
      // The newest come first: of too many the last one is kept besides, which is the oldest.
      if blobCount >= Self.mostBlobs, let count = entries[identity]?.blobs.count, count > 1 {
        entries[identity]?.blobs[count - 1] = blob
      } else {
        entries[identity]?.blobs.append(blob)
        blobCount += 1
      }
    }
    if (entries[identity]?.historyPaths.count ?? 0) < 20 { entries[identity]?.historyPaths.insert(file.shown) }
  }

  private mutating func touch(_ identity: SecretIdentity, _ candidate: Candidate, _ value: [UInt8], place: String) -> Bool {
    if let entry = entries[identity] {
      if candidate.confidence > entry.candidate.confidence {
        entries[identity]?.candidate = candidate
        describe(identity, candidate)
      } else if entry.finding.provider.isEmpty, !candidate.provider.isEmpty {
        entries[identity]?.finding.provider = candidate.provider
      }
      return true
    }
    guard entries.count < Self.mostFindings else {
      overflow += 1
      return false
    }
    let finding = Finding(
      fingerprint: fingerprinter.fingerprint(value, kind: candidate.kind, place: place), kind: candidate.kind, provider: candidate.provider,
      masked: "", confidence: "", remark: "", places: [], placeCount: 0)
    let isComparable = [.providerKey, .namedSecret, .drawn, .authorization].contains(candidate.kind)
    entries[identity] = Entry(candidate: candidate, finding: finding, published: isComparable ? Fingerprinter.published(value) : nil)
    order.append(identity)
    describe(identity, candidate)
    return true
  }

  private mutating func describe(_ identity: SecretIdentity, _ candidate: Candidate) {
    entries[identity]?.finding.kind = candidate.kind
    if !candidate.provider.isEmpty { entries[identity]?.finding.provider = candidate.provider }
    entries[identity]?.finding.masked = candidate.prefix + "…"
    entries[identity]?.finding.confidence = candidate.confidence.word
    entries[identity]?.finding.remark = candidate.remark
  }

  mutating func update(_ identity: SecretIdentity, _ change: (inout Finding) -> Void) {
    guard var finding = entries[identity]?.finding else { return }
    change(&finding)
    entries[identity]?.finding = finding
  }

  /// A variable's name, where it is one: letters, digits and a few signs, not a secret itself.
  private static func name(_ candidate: Candidate, in bytes: Bytes) -> String? {
    let range = candidate.name ?? nameBefore(candidate.range.lowerBound, in: bytes)
    guard let range, range.count <= 80, !range.overlaps(candidate.range) else { return nil }
    let text = String(decoding: bytes[range], as: UTF8.self)
    guard text.utf8.allSatisfy({ $0.isWordByte || [.of("_"), .of("-"), .of(".")].contains($0) }), Redactor.clean(text) == text,
      !Randomness(bytes.piece(range)).isDrawn
    else {
      return nil
    }
    return text
  }

  /// `NAME=` or `"name": "` before a key that no judge of names looked at.
  private static func nameBefore(_ start: Int, in bytes: Bytes) -> Range<Int>? {
    var end = start
    while end > 0, start - end < 8, bytes[end - 1].isQuote || bytes[end - 1].isBlank { end -= 1 }
    guard bytes.byte(end - 1) == .of("=") || bytes.byte(end - 1) == .of(":") else { return nil }
    end -= 1
    while end > 0, start - end < 12, bytes[end - 1].isQuote || bytes[end - 1].isBlank { end -= 1 }
    var first = end
    while first > 0, end - first < 80, bytes[first - 1].isWordByte || bytes[first - 1] == .of("_") || bytes[first - 1] == .of("-") {
      first -= 1
    }
    return end - first >= 2 ? first..<end : nil
  }
}

/// Variables that build tools put into what browsers load.
enum FrontEndNames {
  private static let prefixes = [
    "NEXT_PUBLIC_", "VITE_", "REACT_APP_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "GATSBY_", "VUE_APP_", "PUBLIC_", "SNOWPACK_PUBLIC_",
    "STORYBOOK_",
  ]

  static func isPublic(_ name: String) -> Bool { prefixes.contains { name.hasPrefix($0) } }
}
