import Access
import Events
import Foundation
import Journeys

/// When who must be told by which law, counted from the times of an incident. The rules are data with a version and sources: laws change.
///
/// Hours are counted in UTC, without weekends or holidays taken out: the safe reading.
package struct LegalClocks: Sendable, Hashable {
  package struct Start: Sendable, Hashable {
    package let moment: Incident.Moment
    /// Nil: “without undue delay”, counted up.
    package let hours: Int?
  }

  package struct Rule: Sendable, Hashable {
    package let id: String
    package let title: String
    /// Whom, in a few words.
    package let to: String
    /// The earliest of those that are known is the deadline.
    package let starts: [Start]
    /// What having done it is called.
    package let done: Incident.Moment?
    package let source: String
    package let note: String
  }

  package struct Reading: Sendable, Hashable {
    package enum State: String, Sendable, Hashable {
      case notStarted = "not_started"
      case running, overdue, done, late
    }
    package let rule: Rule
    package let state: State
    /// When it began.
    package let since: Timestamp?
    package let deadline: Timestamp?
    package let doneAt: Timestamp?
  }

  package let version: String
  package let rules: [Rule]

  package init(version: String, rules: [Rule]) {
    self.version = version
    self.rules = rules
  }

  /// Reads rules: an object with “version” and “rules”, as `knownText` is one.
  ///
  /// - Throws: `AccessError` `invalid`, a sentence that says where.
  package init(json bytes: [UInt8]) throws(AccessError) {
    guard case .object(let members)? = try? JSONValue(parsing: bytes, limit: 1 << 20), case .string(let version)? = members["version"],
      case .list(let list)? = members["rules"], (1...200).contains(list.count)
    else { throw AccessError(.invalid, "Legal clocks are an object with “version” and “rules”, a list of at most 200.") }
    self.version = version
    var rules: [Rule] = []
    for (index, value) in list.enumerated() {
      guard case .object(let rule) = value, case .string(let id)? = rule["id"], case .string(let title)? = rule["title"],
        case .string(let to)? = rule["to"], case .string(let source)? = rule["source"], case .list(let starts)? = rule["starts"]
      else { throw AccessError(.invalid, "Rule \(index + 1) needs “id”, “title”, “to”, “source” and “starts”.") }
      var read: [Start] = []
      for start in starts {
        guard case .object(let start) = start, case .string(let name)? = start["moment"], let moment = Incident.Moment(rawValue: name)
        else {
          throw AccessError(.invalid, "Rule \(id): a start names no moment that is known here.")
        }
        var hours: Int?
        if case .number(let number)? = start["hours"] {
          guard let whole = Int(exactly: number), (1...87_600).contains(whole) else {
            throw AccessError(.invalid, "Rule \(id): “hours” is a whole number from 1 on.")
          }
          hours = whole
        }
        read.append(Start(moment: moment, hours: hours))
      }
      var done: Incident.Moment?
      if case .string(let name)? = rule["done"] {
        guard let moment = Incident.Moment(rawValue: name) else { throw AccessError(.invalid, "Rule \(id): “done” is no moment.") }
        done = moment
      }
      var note = ""
      if case .string(let text)? = rule["note"] { note = text }
      rules.append(Rule(id: id, title: title, to: to, starts: read, done: done, source: source, note: note))
    }
    self.rules = rules
  }

  package func readings(of incident: Incident, at now: Timestamp) -> [Reading] {
    rules.map { rule in
      let begun = rule.starts.compactMap { start in incident.moments[start.moment].map { (start, $0) } }
      let since = begun.map(\.1).min()
      let deadline = begun.compactMap { start, at in start.hours.map { Timestamp(milliseconds: at.milliseconds + Int64($0) * 3_600_000) } }
        .min()
      let doneAt = rule.done.flatMap { incident.moments[$0] }
      let state: Reading.State =
        if since == nil {
          .notStarted
        } else if let doneAt {
          deadline.map { doneAt > $0 } ?? false ? .late : .done
        } else {
          deadline.map { now > $0 } ?? false ? .overdue : .running
        }
      return Reading(rule: rule, state: state, since: since, deadline: deadline, doneAt: doneAt)
    }
  }
}
