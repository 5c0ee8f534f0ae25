import Events
import Hummingbird
import Journeys

/// Query parameters of an API call. A parameter that the call does not know is an error: a misspelt one must not be ignored.
struct QueryParameters {
  private let values: [Substring: Substring]

  init(_ request: Request, known: Set<String>) throws(APIError) {
    var values: [Substring: Substring] = [:]
    for (key, value) in request.uri.queryParameters {
      guard known.contains(String(key)) else {
        let list = known.sorted().joined(separator: ", ")
        throw .badRequest("There is no such parameter here. Known are: \(list.isEmpty ? "none" : list).")
      }
      values[key] = value
    }
    self.values = values
  }

  subscript(_ name: String) -> String? { values[name[...]].map(String.init) }

  func count(_ name: String, default otherwise: Int, atMost most: Int) throws(APIError) -> Int {
    guard let text = self[name] else { return otherwise }
    guard let count = Int(text), (1...most).contains(count) else {
      throw .badRequest("“\(name)” must be a whole number from 1 to \(most).", field: name)
    }
    return count
  }

  func project() throws(APIError) -> ProjectID? {
    guard let text = self["project_id"] else { return nil }
    guard let number = Int64(text) else { throw .badRequest("“project_id” must be a number, as init printed it.", field: "project_id") }
    return ProjectID(number)
  }

  func date(_ name: String) throws(APIError) -> CalendarDate {
    guard let text = self[name] else { throw .badRequest("“\(name)” is missing: a day such as 2026-07-01.", field: name) }
    guard let date = CalendarDate(text) else { throw .badRequest("“\(name)” must be a day such as 2026-07-01.", field: name) }
    return date
  }
}
