import Events
import Journeys
import Web

/// What a report's page shows of an answer.
struct ReportView: Sendable {
  /// Says what is shown; the chart's title.
  var title: String
  /// Unit and range.
  var subtitle: String
  var chart: HTML
  /// Beside the chart, with doors.
  var table: HTML
  /// Parts of the line that explains the number, from the query.
  var explanation: [String]
  var isEmpty: Bool
  /// Beside the title: ways to look at the same figures.
  var controls: HTML = ""
  /// The few numbers that matter most, above the chart.
  var headline: [(name: String, value: String, hint: String)] = []
}

/// A report that this room can show: a form, its sentence, its view and its rows as a file.
protocol ReportPage: Sendable {
  associatedtype Form: ReportForm
  static var introduction: String { get }
  /// One sentence for who has not asked yet: what an answer is good for.
  static var teaching: String { get }
  static func sentence(_ form: Form, _ builder: Builder) -> HTML
  static func options(_ form: Form, _ builder: Builder) -> HTML
  /// Whether the options differ from the usual ones, so that they are shown open.
  static func hasOptions(_ form: Form) -> Bool
  static func view(_ form: Form, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView
  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]]
}

/// Where figures lead.
enum DoorAddress {
  /// How many figures of one table are doors: each carries the whole question in its address, and a page must stay small.
  static let most = 2_000

  static func address(_ query: Query, _ cell: Door.Cell) -> Address {
    Address("/door", [Address.Parameter("to", Door(query: query, cell: cell).json.text)])
  }

  /// A figure that is a door if there is anybody behind it.
  static func figure(_ count: Int, _ query: Query, _ cell: Door.Cell) -> HTML {
    guard count > 0 else { return "\(NumberFormat.exact(count))" }
    return
      "<a class=\"figure\" href=\"\(address(query, cell))\" title=\"Show \(NumberFormat.count(count, Visit.noun(query.level)))\">\(NumberFormat.exact(count))</a>"
  }

  /// A figure that counts something else than subjects: its door says the price on the next page.
  static func figure(_ text: String, _ query: Query, _ cell: Door.Cell) -> HTML {
    "<a class=\"figure\" href=\"\(address(query, cell))\" title=\"Show the subjects behind it; how many is said before they are shown\">\(text)</a>"
  }
}
