import Events
import Foundation
import Journeys

/// What a kept scope says of how it was asked for.
extension Scope {
  static func ledgerSize(inCanonical text: String) -> UInt64? {
    guard case .object(let members)? = try? JSONValue(parsing: Array(text.utf8), limit: 1 << 20),
      case .number(let size)? = members["ledger_size"]
    else { return nil }
    return UInt64(exactly: size)
  }

  static func window(inCanonical text: String) -> (from: Timestamp?, to: Timestamp?)? {
    guard case .object(let members)? = try? JSONValue(parsing: Array(text.utf8), limit: 1 << 20) else { return nil }
    func time(_ name: String) -> Timestamp? {
      if case .number(let at)? = members[name] { Timestamp(milliseconds: Int64(at)) } else { nil }
    }
    return (time("from"), time("to"))
  }
}
