/// The entries that no witness has cosigned yet, and since when there are some. A value; `Ledger` guards it.
///
/// One mark for each publication: witnesses cosign published checkpoints, so that they take off whole marks.
struct UnwitnessedTail: Sendable {
  private struct Mark: Sendable {
    /// Entries below this, and not below the mark before.
    var end: UInt64
    /// When the first of them was entered; where marks were joined, of the first of all.
    var since: ContinuousClock.Instant
  }

  /// Beyond, neighbours are joined, which makes a tail older rather than younger.
  private static let mostMarks = 1024

  private(set) var witnessed: UInt64
  private var marks: [Mark] = []
  /// When the first entry behind the last mark was entered.
  private var waitingSince: ContinuousClock.Instant?

  /// - Parameters:
  ///   - witnessed: entries that were cosigned before.
  ///   - size: entries there are. Of those between, the age is not known: it counts from now on.
  init(witnessed: UInt64, size: UInt64, now: ContinuousClock.Instant) {
    self.witnessed = min(witnessed, size)
    if self.witnessed < size { marks = [Mark(end: size, since: now)] }
  }

  mutating func entered(at now: ContinuousClock.Instant) { if waitingSince == nil { waitingSince = now } }

  /// What was entered is under a checkpoint of `size` entries.
  mutating func published(_ size: UInt64) {
    guard let since = waitingSince else { return }
    waitingSince = nil
    marks.append(Mark(end: size, since: since))
    guard marks.count > Self.mostMarks else { return }
    marks = stride(from: 0, to: marks.count, by: 2).map { Mark(end: marks[min($0 + 1, marks.count - 1)].end, since: marks[$0].since) }
  }

  /// The first `size` entries are cosigned.
  mutating func witnessed(_ size: UInt64) {
    witnessed = max(witnessed, size)
    marks.removeAll { $0.end <= witnessed }
  }

  /// Nothing that was cosigned counts any more: what was is of another history.
  mutating func unwitness(size: UInt64, now: ContinuousClock.Instant) {
    self = UnwitnessedTail(witnessed: 0, size: size, now: now)
  }

  /// Since when the oldest of them waits; nil where all are cosigned.
  var since: ContinuousClock.Instant? { marks.first?.since ?? waitingSince }
}
