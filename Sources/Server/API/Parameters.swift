import Events
import Foundation
import Hummingbird
import Journeys

/// Query parameters of an API call. A parameter that the call does not know is an error: a misspelt one must not be ignored.
package struct QueryParameters {
  private let values: [String: String]

  /// Sent by Mixpanel's query clients with every call, and of no meaning here.
  private static let ignored: Set<String> = ["query_origin", "workspace_id"]

  init(_ request: Request, known: Set<String>) throws(APIError) { try self.init(query: request.uri.query ?? "", known: known) }

  package init(query: String, known: Set<String>) throws(APIError) {
    var values: [String: String] = [:]
    for field in query.split(separator: "&") {
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decoded)
      let (key, value) = (parts[0], parts.count == 2 ? parts[1] : "")
      if Self.ignored.contains(key) { continue }
      guard known.contains(key) else {
        let list = known.sorted().joined(separator: ", ")
        throw .badRequest("There is no such parameter here. Known are: \(list.isEmpty ? "none" : list).")
      }
      values[key] = value
    }
    self.values = values
  }

  package subscript(_ name: String) -> String? { values[name] }

  /// As forms encode it: browsers and Python's `requests` write a space as `+`, which URLs alone would not say.
  private static func decoded(_ text: Substring) -> String {
    let spaced = text.replacing("+", with: " ")
    return spaced.removingPercentEncoding ?? String(spaced)
  }

  package func count(_ name: String, default otherwise: Int, atMost most: Int) throws(APIError) -> Int {
    guard let text = self[name] else { return otherwise }
    guard let count = Int(text), (1...most).contains(count) else {
      throw .badRequest("“\(name)” must be a whole number from 1 to \(most).", field: name)
    }
    return count
  }

  package func flag(_ name: String) throws(APIError) -> Bool {
    switch self[name] {
    case nil, "false": return false
    case "true": return true
    default: throw .badRequest("“\(name)” must be true or false.", field: name)
    }
  }

  package func project() throws(APIError) -> ProjectID? {
    guard let text = self["project_id"] else { return nil }
    guard let number = Int64(text) else { throw .badRequest("“project_id” must be a number, as init printed it.", field: "project_id") }
    return ProjectID(number)
  }

  package func date(_ name: String) throws(APIError) -> CalendarDate {
    guard let text = self[name] else { throw .badRequest("“\(name)” is missing: a day such as 2026-07-01.", field: name) }
    guard let date = CalendarDate(text) else { throw .badRequest("“\(name)” must be a day such as 2026-07-01.", field: name) }
    return date
  }

  /// Names of events: a JSON array, or one name as it is.
  package func events() throws(APIError) -> [String]? {
    guard let text = self["event"], !text.isEmpty else { return nil }
    guard text.hasPrefix("[") else { return [text] }
    guard case .list(let elements)? = try? JSONValue(parsing: Array(text.utf8)) else {
      throw .badRequest("“event” must be a JSON array of event names.", field: "event")
    }
    var names: [String] = []
    for element in elements {
      guard case .string(let name) = element else { throw .badRequest("“event” must hold names only.", field: "event") }
      names.append(name)
    }
    return names
  }
}
