package import Events

extension TrackingPlan {
  /// What of a sealed field of people is kept in the clear, once enough different people share it.
  package struct Derivative: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
      /// Of an e-mail address.
      case domain
    }

    package static let usualLeast = 10
    package static let leastRange = 2...1000

    package var kind: Kind
    /// As many different people must have the same before it is written in the clear.
    package var atLeast: Int

    package init(_ kind: Kind, atLeast: Int = usualLeast) {
      self.kind = kind
      self.atLeast = atLeast
    }

    /// The property of the profile that it stands in: `$email_domain` beside `$email`.
    package func name(of field: String) -> String { "\(field)_\(kind.rawValue)" }

    /// The sealed value that a derivative is of, where a layer of a profile has it: equal addresses have equal tags.
    package static func source(of name: String, in layer: [StoredProperty]) -> SealedValue? {
      for kind in Kind.allCases where name.hasSuffix("_\(kind.rawValue)") {
        let field = name.dropLast(kind.rawValue.count + 1)
        for property in layer where property.name == field { if case .sealed(let value) = property.value { return value } }
      }
      return nil
    }
  }

  /// Of people's fields, by the properties that they stand in.
  package var derivatives: [String: Derivative] {
    Dictionary(
      people.compactMap { field, property in property.derivative.map { ($0.name(of: field), $0) } }, uniquingKeysWith: { first, _ in first }
    )
  }
}

extension TrackingPlan.Derivative.Kind {
  /// Nil for what has none.
  func text(of value: String) -> String? {
    switch self {
    case .domain: EmailDomain.of(value)
    }
  }
}

/// The domain of an e-mail address that is a whole text, in small letters. Names beyond ASCII count in the form that DNS has of them (`xn--`).
enum EmailDomain {
  static func of(_ text: String) -> String? {
    var bytes = Array(text.utf8)[...]
    while bytes.first?.isSpace == true { bytes.removeFirst() }
    while bytes.last?.isSpace == true { bytes.removeLast() }
    // RFC 5321, section 4.5.3.1.
    guard bytes.count <= 320, let mark = bytes.firstIndex(of: .ascii("@")), mark > bytes.startIndex, isLocal(bytes[..<mark]) else {
      return nil
    }
    var domain = bytes[bytes.index(after: mark)...]
    if domain.last == .ascii(".") { domain.removeLast() }
    let labels = domain.split(separator: .ascii("."), omittingEmptySubsequences: false)
    guard domain.count <= 253, labels.count >= 2, labels.allSatisfy({ isLabel($0) }), let last = labels.last, last.count >= 2,
      last.first?.isLetter == true
    else { return nil }
    return String(decoding: domain.map(\.lowercased), as: UTF8.self)
  }

  /// No name and brackets around it, no second address before it.
  private static func isLocal(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F && !Array("<>()[],;:\\\"".utf8).contains($0) }
  }

  private static func isLabel(_ bytes: ArraySlice<UInt8>) -> Bool {
    (1...63).contains(bytes.count) && bytes.first != .ascii("-") && bytes.last != .ascii("-")
      && bytes.allSatisfy { $0.isAlphanumeric || $0 == .ascii("-") }
  }
}
