import Access
import Events
import Notices
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
    case "warned": "The trust pages warn of a lure"
    case "warning_withdrawn": "A warning was withdrawn"
    case "leak_compared": "Rows that turned up were compared"
    default: act.replacing("_", with: " ")
    }
  }

  /// By what a domain looks like another.
  static func imitation(_ reason: LookAlikeReason) -> String {
    switch reason {
    case .skeleton: "letters of other scripts, or signs, that look the same"
    case .mixedScripts: "scripts mixed in one name"
    case .otherTopLevel: "the name under another ending"
    case .brandInSubdomain: "the name in front of somebody else's domain"
    case .brandAndWord: "the name and a further word"
    case .omission: "a letter left out"
    case .insertion: "a letter too many"
    case .repetition: "a letter doubled"
    case .replacement: "another letter"
    case .transposition: "two letters exchanged"
    case .bitsquatting: "another letter by one bit"
    case .vowelSwap: "another vowel"
    case .hyphenation: "a hyphen"
    case .dotted: "a dot within the name"
    }
  }

  static func place(_ place: ReportTraces.Imitation.Place) -> String {
    switch place {
    case .sender: "as sender"
    case .replyTo: "for answers"
    case .link: "in links"
    case .text: "in the text"
    }
  }

  static func sign(_ sign: LureSign.Kind) -> String {
    switch sign {
    case .link: "a link"
    case .linkElsewhere: "a link that shows another host"
    case .shortened: "a shortened link"
    case .rawAddress: "a link to a number"
    case .punycode: "a link to a name in other letters"
    case .nameInLink: "a link with a name in front of its host"
    case .runningLink: "a link that runs something"
    case .runningFile: "a file that runs"
    case .pageFile: "a page as a file"
    case .password, .code, .key, .card: "asks for a \(sign.rawValue)"
    case .remoteAccess: "asks for remote access"
    case .seed: "asks for a recovery phrase"
    case .urgency, .threat, .billing, .quota, .suspension, .refund, .crypto: sign.rawValue
    case .suspiciousLogin: "a suspicious login"
    case .keyRotation: "keys to replace"
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
