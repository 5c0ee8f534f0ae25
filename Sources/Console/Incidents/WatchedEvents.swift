import Journeys

/// Which of a project's events say what of a person's account: told apart by usual words in their names, until somebody chooses others.
struct WatchedEvents: Sendable, Hashable {
  enum Meaning: String, Sendable, CaseIterable {
    case signIn = "sign_in"
    case keyUse = "key_use"
    case secured
    case rotated

    var title: String {
      switch self {
      case .signIn: "Signs in"
      case .keyUse: "Uses a key"
      case .secured: "Turns on MFA or a passkey"
      case .rotated: "Rotates keys"
      }
    }

    /// Parts of names, in lower case and without marks, the most telling first.
    fileprivate var words: [String] {
      switch self {
      case .signIn: ["signedin", "signin", "loggedin", "login", "sessionstarted"]
      case .keyUse: ["apirequest", "apicall", "keyused", "request", "call"]
      case .secured: ["mfaenabled", "mfaon", "twofactorenabled", "2faenabled", "passkeyadded", "passkey", "mfa", "twofactor", "2fa"]
      case .rotated: ["keyrotated", "keysrotated", "rotated", "rotate", "keycreated", "keycreate"]
      }
    }
  }

  var names: [Meaning: String] = [:]

  /// - Parameter chosen: a name that is not there, empty ones included, is as good as none.
  init(_ events: [String], chosen: (Meaning) -> String?) {
    for meaning in Meaning.allCases {
      if let name = chosen(meaning) {
        if events.contains(name) { names[meaning] = name }
        continue
      }
      names[meaning] = meaning.words.lazy.compactMap { word in events.first { Self.bare($0).contains(word) } }.first
    }
  }

  private static func bare(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
}

/// Days on which more happened than before.
enum UnusualDays {
  /// Indices of values, from `first` on, that are above the mean of those before by more than three standard deviations and by two at least.
  /// Nil where fewer than seven days lie before: nobody knows what is usual then.
  static func of(_ values: [Double], after first: Int) -> [Int]? {
    let before = values.prefix(first)
    guard before.count >= 7 else { return nil }
    let mean = before.reduce(0, +) / Double(before.count)
    let variance = before.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(before.count)
    let limit = mean + max(3 * variance.squareRoot(), 2)
    return values.indices.filter { $0 >= first && values[$0] > limit }
  }
}
