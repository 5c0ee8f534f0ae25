internal import Journeys

/// Plain funnels (`FunnelStream`) of all subjects of a band at once: what is known of each is a handful of words.
struct FunnelBand {
  /// Offsets of a subject's words: flags; the time of its last event; where its first entry stands; when any attempt first got as far as
  /// the longest; from `times` on when the first entry's attempt reached each step; behind that, for each step, the latest entry that
  /// got there.
  private enum Word {
    static let flags = 0
    static let previous = 1
    static let view = 2
    static let row = 3
    static let longestTime = 4
    static let times = 5
  }

  /// Of the flags: steps of the first entry's attempt, then of the longest one; nothing further matters; two events share a millisecond.
  private enum Flag {
    static let longest: Int64 = 8
    static let isDone: Int64 = 1 << 16
    static let isTied: Int64 = 1 << 17
  }

  private let steps: Int
  private let window: Int64
  private let range: Range<Int64>
  private let lastTime: Int64
  private let stride: Int
  private let words: UnsafeMutablePointer<Int64>

  init(steps: Int, window: Int64, range: Range<Int64>, lastTime: Int64) {
    self.steps = steps
    self.window = window
    self.range = range
    self.lastTime = lastTime
    stride = Word.times + 2 * steps
    words = .allocate(capacity: stride * Band.limit)
  }

  func fork() -> FunnelBand { FunnelBand(steps: steps, window: window, range: range, lastTime: lastTime) }

  func free() { words.deallocate() }

  func begin(_ count: Int) {
    for local in 0..<count {
      let subject = words + local &* stride
      subject[Word.flags] = 0
      subject[Word.previous] = .min
    }
  }

  func take(_ part: BandPart) {
    let view = part.view.pointee
    let (steps, window, stride, words) = (steps, window, stride, words)
    let (from, to, last) = (range.lowerBound, range.upperBound, lastTime)
    part.forEachRow(view.bits) { row, index in
      let subject = words + part.local(index) &* stride
      let flags = subject[Word.flags]
      if flags & Flag.isDone != 0 { return }
      let time = view.time(row)
      if time < from || time > last { return }
      if time == subject[Word.previous] {
        subject[Word.flags] = flags | Flag.isTied | Flag.isDone
        return
      }
      subject[Word.previous] = time
      var rest = view.mask(row)
      var own = Int(flags & 0xFF)
      let times = subject + Word.times
      let reached = times + steps
      if own == 0 {
        // Nothing counts before the first entry.
        guard rest & 1 != 0, time < to else { return }
        subject[Word.flags] = 1 | 1 << Flag.longest
        subject[Word.view] = Int64(Int(bitPattern: part.view))
        subject[Word.row] = Int64(row)
        times[0] = time
        reached[0] = time
        var step = 1
        while step < steps {
          reached[step] = FunnelStream.never
          step &+= 1
        }
        return
      }
      var longest = Int(flags >> Flag.longest)
      if rest >> UInt32(own) & 1 == 1, time &- times[0] <= window {
        times[own] = time
        own &+= 1
        if own == steps {
          subject[Word.flags] = Int64(own) | Int64(own) << Flag.longest | Flag.isDone
          return
        }
      }
      // From the last step down, so that one event does not serve two.
      while rest != 0 {
        let step = 31 &- rest.leadingZeroBitCount
        rest ^= 1 &<< UInt32(step)
        if step == 0 {
          if time < to { reached[0] = time }
        } else if time &- reached[step &- 1] <= window {
          reached[step] = reached[step &- 1]
          if step >= longest {
            longest = step &+ 1
            subject[Word.longestTime] = time
          }
        }
      }
      subject[Word.flags] = Int64(own) | Int64(longest) << Flag.longest
    }
  }

  /// What became of a subject.
  @inline(__always) func outcome(_ local: Int, onlyFirst: Bool) -> FunnelStream.Outcome {
    let subject = words + local &* stride
    let flags = subject[Word.flags]
    if flags & Flag.isTied != 0 { return .needsWhole }
    let own = Int(flags & 0xFF)
    if own == 0 { return .nobody }
    let longest = Int((flags & 0xFFFF) >> Flag.longest)
    return !onlyFirst && own < longest ? .later(longest, at: subject[Word.longestTime]) : .attempt
  }

  func depth(_ local: Int) -> Int { Int(words[local &* stride &+ Word.flags] & 0xFF) }

  /// When each step was reached.
  func times(_ local: Int) -> UnsafePointer<Int64> { UnsafePointer(words + (local &* stride &+ Word.times)) }

  /// Nil only for a subject without an entry.
  func entry(_ local: Int) -> Journey.Place? {
    let subject = words + local &* stride
    return UnsafePointer<BlockView>(bitPattern: Int(subject[Word.view])).map { Journey.Place(view: $0, row: Int(subject[Word.row])) }
  }
}
