internal import Journeys

/// Plain funnels (`FunnelStream`) of all subjects of a band at once: what is known of each is a handful of words, which are in registers
/// while its rows of a part are read.
struct FunnelBand {
  /// Offsets of a subject's words: flags; the time of its last event; where its first entry stands; when any attempt first got as far as
  /// the longest; from `times` on when the first entry's attempt reached each step; behind that the time of the event at hand, and for each
  /// step the latest entry that got there.
  private enum Word {
    static let flags = 0
    static let previous = 1
    static let view = 2
    static let row = 3
    static let longestTime = 4
    static let times = 5
  }

  /// Of the flags: steps of the first entry's attempt, then of the longest one; whether two events share a millisecond.
  private enum Flag {
    static let longest: Int64 = 8
    static let isTied: Int64 = 1 << 16
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
    stride = Word.times + 2 * steps + 1
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
    for index in part.first..<part.end {
      let first = Int(part.starts[index])
      let last = Int(part.starts[index &+ 1]) &- 1
      let word = first >> 6
      let lastWord = last >> 6
      let tail: UInt64 = ~0 &>> UInt64(63 &- (last & 63))
      var bits = view.bits[word] & (~0 &<< UInt64(first & 63))
      if word == lastWord {
        bits &= tail
        if bits == 0 { continue }
      }
      let subject = words + part.local(index) &* stride
      if subject[Word.flags] & Flag.isTied == 0, subject[Word.flags] & 0xFF < steps {
        follow(subject, part.view, view, bits, word, lastWord, tail)
      }
    }
  }

  @inline(__always) private func follow(
    _ subject: UnsafeMutablePointer<Int64>, _ place: UnsafePointer<BlockView>, _ view: BlockView, _ bits: UInt64, _ first: Int,
    _ lastWord: Int, _ tail: UInt64
  ) {
    let (steps, window) = (steps, window)
    let (from, to, last) = (range.lowerBound, range.upperBound, lastTime)
    let times = subject + Word.times
    let reached = times + (steps &+ 1)
    var (bits, word) = (bits, first)
    var own = Int(subject[Word.flags] & 0xFF)
    var longest = Int(subject[Word.flags] &>> Flag.longest)
    var isTied = false
    var previous = subject[Word.previous]
    var begin = times[0]
    rows: while true {
      while bits != 0 {
        let row = word << 6 &+ bits.trailingZeroBitCount
        bits &= bits &- 1
        let time = view.time(row)
        if time < from { continue }
        if time > last { break rows }
        if time == previous {
          isTied = true
          break rows
        }
        previous = time
        let rest = view.mask(row)
        if own == 0 {
          // Nothing counts before the first entry.
          guard rest & 1 != 0, time < to else { continue }
          own = 1
          longest = 1
          begin = time
          subject[Word.view] = Int64(Int(bitPattern: place))
          subject[Word.row] = Int64(row)
          times[0] = time
          reached[0] = time
          var step = 1
          while step < steps {
            reached[step] = FunnelStream.never
            step &+= 1
          }
          continue
        }
        if rest >> UInt32(own) & 1 == 1, time &- begin <= window {
          times[own] = time
          own &+= 1
          if own == steps { break rows }
        }
        if rest == 0 || rest & (rest &- 1) != 0 || time >= to {
          if FunnelStream.advance(reached, by: rest, at: time, window, to, &longest) { subject[Word.longestTime] = time }
          continue
        }
        // The same for one step, which is the rule: without a branch on which it is, that nothing could foretell.
        let step = rest.trailingZeroBitCount
        reached[-1] = time
        let source = reached[step &- 1]
        let isInTime = time &- source <= window
        reached[step] = isInTime ? source : reached[step]
        if step >= longest, isInTime {
          longest = step &+ 1
          subject[Word.longestTime] = time
        }
      }
      if word == lastWord { break }
      word &+= 1
      bits = view.bits[word]
      if word == lastWord { bits &= tail }
    }
    subject[Word.previous] = previous
    subject[Word.flags] = Int64(own) | Int64(max(longest, own)) &<< Flag.longest | (isTied ? Flag.isTied : 0)
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
