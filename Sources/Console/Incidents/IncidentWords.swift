import Access
import Events
import Response
import Web

/// How pages speak of incidents.
enum IncidentWords {
  static func source(_ source: Incident.Source) -> HTML {
    switch source {
    case .vendor(let id): "vendor <a href=\"\(Address("/vendors/\(id)"))\">\(VisibleText.shortened(id, to: 60))</a>"
    case .credential(let id) where id.hasPrefix("sa_"): "service account <code>\(id)</code>"
    case .credential(let id): "session <code>\(id)</code>"
    case .person(let id): "person <a href=\"\(Address("/staff/\(id)"))\"><code>\(id)</code></a>"
    case .export(let id): "export <code>\(VisibleText.shortened(id, to: 40))</code>"
    case .host(.backup): "a backup"
    case .host(let host): "the \(host.rawValue)'s host"
    }
  }

  static func state(_ state: Incident.State) -> HTML {
    switch state {
    case .suspected: "<span class=\"badge danger\">suspected</span>"
    case .contained: "<span class=\"badge warn\">contained</span>"
    case .scoped, .notified: "<span class=\"badge\">\(state.rawValue)</span>"
    case .closed: "<span class=\"good\">closed</span>"
    }
  }

  static let moments: [(moment: Incident.Moment, words: String)] = [
    (.firstSignal, "First signal"), (.investigationStarted, "Investigation began"), (.vendorToldUs, "The vendor told us"),
    (.dataSetReceived, "Data set received"), (.certain, "Certain that personal data was hit"), (.highRiskFound, "High risk found"),
    (.classifiedMajor, "Classified as major (DORA)"), (.materialityDecided, "Found material (SEC)"), (.authorityTold, "Authority told"),
    (.peopleTold, "People told"),
  ]

  static func moment(_ moment: Incident.Moment) -> String { moments.first { $0.moment == moment }?.words ?? moment.rawValue }

  /// `in 2 d 23 h`, `35 min ago`.
  static func distance(_ at: Timestamp, from now: Timestamp) -> String {
    let minutes = abs(at.milliseconds - now.milliseconds) / 60_000
    let (days, hours) = (minutes / 1_440, minutes / 60 % 24)
    let words = days > 0 ? "\(days) d \(hours) h" : hours > 0 ? "\(hours) h \(minutes % 60) min" : "\(minutes) min"
    return at > now ? "in \(words)" : "\(words) ago"
  }

  static func act(_ act: String) -> String {
    switch act {
    case "opened": "Opened"
    case "contained": "Contained"
    case "scoped": "Scoped"
    case "notified": "People were told"
    case "closed": "Closed"
    case "moment_set": "A time was set"
    case "window_set": "The window was set"
    case "watched": "The people affected are watched"
    case "leak_compared": "Rows that turned up were compared"
    default: act.replacing("_", with: " ")
    }
  }

  static func status(_ status: Scope.Status) -> HTML {
    switch status {
    case .affected: "<span class=\"danger\">affected</span>"
    case .cannotBeExcluded: "<span class=\"warn\">cannot be excluded</span>"
    case .notAffected: "<span class=\"good\">not affected</span>"
    }
  }

  static func evidence(_ suspect: LeakFinding.Suspect) -> String {
    switch suspect.evidence {
    case .canaries: "\(NumberFormat.count(suspect.count, "synthetic person", "synthetic people")) that nobody else was given"
    case .pseudonyms: "\(NumberFormat.count(suspect.count, "pseudonym")) that nobody else was given"
    case .shown: "was shown \(NumberFormat.exact(suspect.count)) of these people; others may have been as well"
    }
  }
}
