/// What became of the requests that one deletion was cut into: a vendor takes so many ids at once and no more.
///
/// As text: `parts/SIZE` and a word for each request in their order, blanks between: `+` it is done, `!` it is to be sent again, `-` it was
/// taken and the vendor gave no number for it, or `=` and its number. Any other text is the number of the only request, as earlier versions wrote it.
package struct DeletionTasks: Sendable, Hashable {
  package enum Part: Sendable, Hashable {
    case done, again
    /// Nil: the vendor gave no number.
    case taken(String?)
  }

  /// Ids of one request; the last has fewer.
  package let size: Int
  package var parts: [Part]

  package init(size: Int, parts: [Part] = []) {
    self.size = size
    self.parts = parts
  }

  private static let prefix = "parts/"

  package init(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard let first = words.first, first.hasPrefix(Self.prefix), let size = Int(first.dropFirst(Self.prefix.count)), size > 0 else {
      self.init(size: Int.max, parts: [.taken(text)])
      return
    }
    let parts = words.dropFirst().map { word -> Part in
      switch word {
      case "+": .done
      case "!": .again
      case "-": .taken(nil)
      default: .taken(String(word.dropFirst()))
      }
    }
    self.init(size: size, parts: parts)
  }

  package var text: String {
    let words = parts.map { part -> String in
      switch part {
      case .done: "+"
      case .again: "!"
      case .taken(nil): "-"
      // A blank in a number would be two words.
      case .taken(let number?): "=" + number.filter { $0 != " " }
      }
    }
    return (["\(Self.prefix)\(size)"] + words).joined(separator: " ")
  }

  package var areAllDone: Bool { !parts.isEmpty && parts.allSatisfy { $0 == .done } }
  /// Whether the vendor can be asked how far any of them is.
  package var canBeAsked: Bool { parts.contains { if case .taken(_?) = $0 { true } else { false } } }
}
