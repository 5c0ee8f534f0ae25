import Events
import Gate
import Journeys
import Web

/// How stored values, pseudonyms and treatments are written.
enum ValueView {
  /// Shortened in the middle, whole in the title, a link to the subject's page.
  static func subject(_ reference: SubjectReference, _ level: Level = .subject, isWhole: Bool = false) -> HTML {
    let kind = level == .subject ? "s" : "g"
    let whole = "\(kind)_\(reference.pseudonym)"
    let shown = isWhole ? whole : shortened(reference.pseudonym, kind)
    return "<a class=\"id\" href=\"\(Address("/subjects/\(whole)"))\" title=\"\(whole)\">\(shown)</a>"
  }

  static func shortened(_ pseudonym: Pseudonym, _ kind: String) -> String {
    let text = pseudonym.description
    return "\(kind)_\(text.prefix(4))…\(text.suffix(4))"
  }

  private static let onlySealed: HTML = "<span class=\"sealedvalue\">sealed</span>"

  /// With its tag, and a link to where those are counted who have the same value; nil without one.
  static func sealed(_ value: SealedValue, others: Address?) -> HTML {
    let link: HTML = others.map { " <a href=\"\($0)\">who else has this value</a>" } ?? HTML()
    return "\(onlySealed) <span class=\"id\" title=\"\(value.tagText)\">\(shortened(value.tag, "t"))</span>\(link)"
  }

  static func name(_ text: String) -> HTML { "<bdi class=\"name\" title=\"\(text)\">\(text)</bdi>" }

  /// - Parameter sealed: how a sealed value looks that stands where filters reach, so not inside of an object.
  static func value(_ value: StoredValue, depth: Int = 0, sealed: (SealedValue) -> HTML = { _ in onlySealed }) -> HTML {
    switch value {
    case .null: "<span class=\"reason\">null</span>"
    case .boolean(let truth): "\(truth ? "true" : "false")"
    case .number(let number): "\(plain(number))"
    case .string(let text) where text.isEmpty: "<span class=\"reason\">empty text</span>"
    case .string(let text): "<bdi>\(text.count > 300 ? VisibleText.shortened(text, to: 300) : text)</bdi>"
    case .pseudonym(let pseudonym): "<span class=\"id\" title=\"\(pseudonym.description)\">\(shortened(pseudonym, "g"))</span>"
    case .sealed(let value): sealed(value)
    case .list(let elements):
      depth > 3
        ? "…"
        : "[\(elements.prefix(20).map { self.value($0, depth: depth + 1, sealed: sealed) }.joined(", "))\(elements.count > 20 ? " and \(elements.count - 20) more" as HTML : "")]"
    case .object(let members):
      depth > 3
        ? "…"
        : "{\(members.prefix(20).map { "<bdi>\($0.name)</bdi>: \(self.value($0.value, depth: depth + 1))" as HTML }.joined(", "))}"
    }
  }

  static func treatment(_ treatment: Decision.Treatment, reason: String? = nil) -> HTML {
    let hint: HTML = reason.map { " title=\"\($0.replacing("_", with: " "))\"" } ?? ""
    return "<span class=\"t-\(treatment.rawValue)\"\(hint)>\(treatment.rawValue)</span>"
  }

  static func group(_ group: ReportGroup, _ breakdown: Breakdown? = nil) -> String {
    switch group {
    case .everything: "Everything"
    case .none where breakdown?.cohorts.isEmpty == false: "In none of them"
    case .none: "Not set"
    case .other: "Other"
    case .value(let value): plainText(value)
    case .bin(nil, nil): "any number"
    case .bin(nil, let to?): "below \(plain(to))"
    case .bin(let from?, nil): "\(plain(from)) and more"
    case .bin(let from?, let to?): "\(plain(from)) to below \(plain(to))"
    }
  }

  /// For legends, CSV and sentences.
  static func plainText(_ value: StoredValue) -> String {
    switch value {
    case .null: "null"
    case .boolean(let truth): truth ? "true" : "false"
    case .number(let number): plain(number)
    case .string(let text): text.isEmpty ? "(empty text)" : text
    case .pseudonym(let pseudonym): shortened(pseudonym, "g")
    case .sealed: "sealed"
    case .list(let elements): "[" + elements.prefix(10).map(plainText).joined(separator: ", ") + "]"
    case .object(let members): "{" + members.prefix(10).map { "\($0.name): \(plainText($0.value))" }.joined(separator: ", ") + "}"
    }
  }

  private static func plain(_ number: Double) -> String {
    number.rounded() == number && number.magnitude < 9e15 ? String(Int64(number)) : String(number).replacing("e+", with: "e")
  }
}
