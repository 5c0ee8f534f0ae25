package import Events

/// What is kept of a message that somebody reported: how it deceives. Nothing of what it says, of whom it went to, and of who reported it.
package struct ReportTraces: Sendable, Hashable {
  /// A domain that looks like one of the company's.
  package struct Imitation: Sendable, Hashable, Codable {
    /// Where it stood. The raw values are for programs.
    package enum Place: String, Sendable, Hashable, Codable, CaseIterable {
      case sender
      case replyTo = "reply_to"
      case link
      /// An address that is written out, as in what somebody forwarded.
      case text
    }

    /// As DNS has it: what is not ASCII in punycode.
    package let domain: String
    package let of: String
    package let reason: LookAlikeReason
    /// In the order of `Place`, each once.
    package private(set) var places: [Place]

    package init(domain: String, of: String, reason: LookAlikeReason, places: Set<Place>) {
      self.domain = domain
      self.of = of
      self.reason = reason
      self.places = Place.allCases.filter(places.contains)
    }

    package func adding(_ more: some Sequence<Place>) -> Imitation {
      Imitation(domain: domain, of: of, reason: reason, places: Set(places).union(more))
    }
  }

  package let verdict: MessageVerdict.Word
  /// By domain, ascending.
  package let imitations: [Imitation]
  /// Others' hosts that it leads to, as registered, ascending.
  package let hosts: [String]
  /// In the order of `LureSign.Kind`.
  package let signs: [LureSign.Kind]
  /// What identifies is masked; nil where nothing in the message deceives, and where it is our own.
  package let subject: String?
  /// Nil for few words.
  package let sketch: TextSketch?

  package init(
    verdict: MessageVerdict.Word, imitations: [Imitation], hosts: [String], signs: [LureSign.Kind], subject: String?, sketch: TextSketch?
  ) {
    self.verdict = verdict
    self.imitations = imitations.sorted { $0.domain < $1.domain }
    self.hosts = Set(hosts).sorted()
    self.signs = LureSign.Kind.allCases.filter(Set(signs).contains)
    self.subject = subject
    self.sketch = sketch
  }
}

extension LookAlikeReason: Codable {}
extension LureSign.Kind: Codable {}

/// A reported message after it was judged.
package struct ReadReport: Sendable {
  package let verdict: MessageVerdict
  /// 16 bytes, the same for the same message whoever passed it on, as a file or as it is.
  package let digest: [UInt8]
  package let traces: ReportTraces
  /// As the message says; nil where it says none.
  package let sentAt: Timestamp?
}

/// All that somebody reported in one message.
package struct ReadReports: Sendable {
  /// Of the whole, as `sealane verify` says it.
  package let verdict: MessageVerdict
  /// One at least: the message itself, or each that it encloses.
  package let reports: [ReadReport]
  /// Enclosed messages that were too many.
  package let leftOut: Int
}
