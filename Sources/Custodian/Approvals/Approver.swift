package import Events
internal import Vault

/// Somebody who may ask for identities and approve what others ask.
package struct Approver: Sendable, Hashable {
  /// 16 random bytes; the user handle of its passkeys.
  package let id: [UInt8]
  /// As the person gave it at enrolment; empty before.
  package let name: String
  /// The digest of the request that admitted it; nil for the first three.
  package let admittedBy: [UInt8]?
  package let linkExpires: Timestamp?
  package let enrolledAt: Timestamp?
  /// From when on it may ask and approve.
  package let activeFrom: Timestamp?
  /// Since when it may not any more.
  package let removedAt: Timestamp?

  package init(
    id: [UInt8], name: String, admittedBy: [UInt8]? = nil, linkExpires: Timestamp? = nil, enrolledAt: Timestamp? = nil,
    activeFrom: Timestamp? = nil, removedAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.admittedBy = admittedBy
    self.linkExpires = linkExpires
    self.enrolledAt = enrolledAt
    self.activeFrom = activeFrom
    self.removedAt = removedAt
  }

  package func isActive(at time: Timestamp) -> Bool {
    enrolledAt != nil && activeFrom.map { $0 <= time } ?? false && removedAt.map { time < $0 } ?? true
  }

  /// Whether it enrolled and was not removed, though it may have to wait still.
  package var isEnrolled: Bool { enrolledAt != nil && removedAt == nil }

  /// How requests and ledger entries name it.
  package var text: String { id.hexadecimal }

  package static let longestName = 64
  /// A further approver waits this long after its second approval, so that three people notice.
  package static let admissionDelay: Int64 = 72 * 3_600_000
}

/// Words that stand on pages and in requests: they must say on every screen what they say on one.
enum PlainText {
  /// What somebody else wrote, as such a text: characters that do not show become blanks, and it is cut to the limit.
  static func shown(_ text: String, limit: Int) -> String {
    let shown = String(text.unicodeScalars.map { isShown(String($0), limit: 4) ? Character($0) : " " })
    let words = shown.split(separator: " ").joined(separator: " ")
    var cut = words[...]
    while cut.utf8.count > limit { cut = cut.dropLast() }
    let text = String(cut).split(separator: " ").joined(separator: " ")
    return text.isEmpty ? "–" : text
  }

  /// Whether a text is 1 to `limit` bytes without control, format and other characters that do not show.
  static func isShown(_ text: String, limit: Int) -> Bool {
    (1...limit).contains(text.utf8.count) && !text.hasPrefix(" ") && !text.hasSuffix(" ")
      && text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
      }
  }
}
