import Foundation
import Synchronization

/// A line on stderr with bar, rate and time left, for what takes longer than half a second. Shows nothing where stderr is no terminal.
package final class ProgressBar: Sendable {
  private struct State {
    var done = 0
    var drawnAt: ContinuousClock.Instant
    var isDrawn = false
  }

  private let label: String
  private let unit: String
  private let total: Int
  private let start = ContinuousClock.now
  private let state: Mutex<State>
  private let isShown: Bool

  /// - Parameter total: how much there is to do; 0 if nobody knows.
  package init(_ label: String, total: Int, unit: String, isShown: Bool = isatty(2) == 1) {
    self.label = label
    self.unit = unit
    self.total = total
    self.isShown = isShown
    state = Mutex(State(drawnAt: .now))
  }

  package func advance(by count: Int) {
    let now = ContinuousClock.now
    let text: String? = state.withLock { state in
      state.done += count
      guard isShown, now - start > .milliseconds(500), now - state.drawnAt > .milliseconds(200) else { return nil }
      state.drawnAt = now
      state.isDrawn = true
      return Self.line(label, done: state.done, total: total, unit: unit, seconds: (now - start) / .seconds(1))
    }
    // Carriage return, then erase to the end of the line: the next line takes this one's place.
    if let text { FileHandle.standardError.write(Data("\r\(text)\u{1b}[K".utf8)) }
  }

  /// Takes the bar away.
  package func finish() {
    if state.withLock({ $0.isDrawn }) { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
  }

  package var rate: Double {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return seconds > 0 ? Double(state.withLock { $0.done }) / seconds : 0
  }

  package static func line(_ label: String, done: Int, total: Int, unit: String, seconds: Double) -> String {
    let rate = seconds > 0 ? Double(done) / seconds : 0
    guard total > 0 else { return "\(label)  \(grouped(done)) \(unit)  \(grouped(Int(rate)))/s" }
    let fraction = min(1, Double(done) / Double(total))
    let filled = Int(fraction * 30)
    let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: 30 - filled)
    let left = rate > 0 ? Int((Double(total - done) / rate).rounded(.up)) : 0
    return "\(label)  \(bar) \(Int(fraction * 100)) %  \(grouped(done)) \(unit)  \(grouped(Int(rate)))/s  \(time(max(0, left))) left"
  }

  private static func time(_ seconds: Int) -> String { seconds < 90 ? "\(seconds) s" : "\((seconds + 30) / 60) min" }

  /// With thin spaces between thousands.
  package static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    var index = digits.count - 3
    while index > 0 {
      digits.insert("\u{202f}", at: index)
      index -= 3
    }
    return String(digits)
  }
}
