/// What an event picker holds. Its text is the event's name; `*` is any event, and a name that begins with a star has one more before it.
enum EventChoice: Sendable, Hashable {
  case unchosen
  case any
  case named(String)

  init(text: String) {
    if text.isEmpty {
      self = .unchosen
    } else if text == "*" {
      self = .any
    } else {
      self = .named(text.unicodeScalars.first == "*" ? String(text.unicodeScalars.dropFirst()) : text)
    }
  }

  init(event: String?) { self = event.map { .named($0) } ?? .any }

  var text: String {
    switch self {
    case .unchosen: ""
    case .any: "*"
    case .named(let name): name.unicodeScalars.first == "*" ? "*" + name : name
    }
  }

  /// For sentences and headings.
  var shown: String {
    switch self {
    case .unchosen: "…"
    case .any: "any event"
    case .named(let name): name
    }
  }
}
