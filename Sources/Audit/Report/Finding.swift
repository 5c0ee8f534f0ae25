/// One secret, with every place where it stands or stood.
package struct Finding: Sendable, Codable {
  package enum Urgency: String, Sendable, Codable, Comparable, CaseIterable {
    case now, soon, look

    private var rank: Int { self == .now ? 0 : self == .soon ? 1 : 2 }
    package static func < (left: Urgency, right: Urgency) -> Bool { left.rank < right.rank }
  }

  package var fingerprint: String
  package var kind: SecretKind
  package var provider: String
  /// The public prefix and an ellipsis.
  package var masked: String
  package var confidence: String
  package var urgency: Urgency = .look
  package var remark: String
  package var places: [Place]
  /// How many there are; `places` holds the first hundred.
  package var placeCount: Int
  package var history: History?
  /// Of a platform that was asked: what it says of this key.
  package var platformKey: String?

  /// Where it stands in the tree.
  package struct Place: Sendable, Codable, Hashable {
    package enum Tracking: String, Sendable, Codable { case tracked, untracked, ignored, unknown }

    package var path: String
    package var line: Int
    package var name: String?
    package var traits: [FileKind.Trait]
    package var tracking: Tracking = .unknown
    /// Seconds since 1970: when the file was changed last.
    package var fileChanged: Int64
  }

  /// What git knows of it.
  package struct History: Sendable, Codable {
    /// The commit that brought it in first.
    package var firstCommit: String?
    /// Its author's date, seconds since 1970.
    package var firstSeen: Int64?
    package var ageDays: Int?
    package var inHead: Bool
    package var branches: Int
    package var tags: Int
    /// Remote-tracking branches that have a commit which brought it in: it left this machine.
    package var remoteBranches: Int
    /// Whether others can have it: it is in a remote-tracking branch, or this is a bare repository, which others fetch from.
    package var isPushed: Bool
    package var paths: [String]
    package var blobs: Int
  }

  var strength: Confidence { confidence == "certain" ? .certain : confidence == "likely" ? .likely : .possible }
  var isInTree: Bool { placeCount > 0 }
  var isFrontEnd: Bool { places.contains { $0.traits.contains(.frontEnd) || $0.traits.contains(.mobile) } }
  var isTracked: Bool { places.contains { $0.tracking == .tracked } }

  /// How soon somebody has to act: where others can have it already, now.
  mutating func judgeUrgency() {
    // Without a look at the history, what git has may be anywhere.
    let isShared = history?.isPushed ?? isTracked || isFrontEnd
    switch strength {
    case .certain, .likely:
      urgency = isShared ? .now : .soon
      if remark == "test mode" || remark == "encrypted" || remark.hasPrefix("restrict") { urgency = .soon }
    case .possible: urgency = .look
    }
  }
}
