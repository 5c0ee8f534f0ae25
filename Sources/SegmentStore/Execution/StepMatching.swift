/// Assigns events to funnel steps, one event to one step at most. Events of the same millisecond are interchangeable (semantics A.6.5),
/// so within such a tie this is a matching between events and steps.
struct StepMatching {
  /// By step: the mask of the event that serves it; 0 where none does.
  private var served: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  private var servedToo: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  private(set) var count = 0

  private subscript(step: Int) -> UInt32 {
    get {
      withUnsafeBytes(of: step < 10 ? served : servedToo) { $0.load(fromByteOffset: (step % 10) * 4, as: UInt32.self) }
    }
    set {
      if step < 10 {
        withUnsafeMutableBytes(of: &served) { $0.storeBytes(of: newValue, toByteOffset: step * 4, as: UInt32.self) }
      } else {
        withUnsafeMutableBytes(of: &servedToo) { $0.storeBytes(of: newValue, toByteOffset: (step - 10) * 4, as: UInt32.self) }
      }
    }
  }

  /// Takes in an event that can serve the steps of `mask`, moving others to different steps if that makes room (an augmenting path).
  /// - Returns: whether one more step is served than before.
  mutating func add(_ mask: UInt32) -> Bool {
    var visited: UInt32 = 0
    guard augment(mask, &visited) else { return false }
    count += 1
    return true
  }

  private mutating func augment(_ mask: UInt32, _ visited: inout UInt32) -> Bool {
    var rest = mask & ~visited
    while rest != 0 {
      let step = rest.trailingZeroBitCount
      visited |= 1 << UInt32(step)
      if self[step] == 0 || augment(self[step], &visited) {
        self[step] = mask
        return true
      }
      rest = mask & ~visited
    }
    return false
  }

  /// How many of the steps `first`, `first + 1`, … can be served by different events of a tie.
  /// - Parameter skipped: an event that is already used; -1 if none.
  static func run(
    from first: Int, of steps: Int, in masks: UnsafePointer<UInt32>, _ tie: Range<Int>, skipping skipped: Int = -1
  ) -> Int {
    guard first < steps else { return 0 }
    if tie.count == 1 { return tie.lowerBound == skipped ? 0 : Int(masks[tie.lowerBound] >> UInt32(first)) & 1 }
    // No step needs more candidates than there are steps: this bounds a tie of any size.
    let wanted = ((UInt32(1) << UInt32(steps)) - 1) & ~((UInt32(1) << UInt32(first)) - 1)
    var candidates: [UInt32] = []
    var offered = [Int](repeating: 0, count: steps)
    for index in tie where index != skipped {
      var useful = false
      var rest = masks[index] & wanted
      while rest != 0 {
        let step = rest.trailingZeroBitCount
        rest &= rest - 1
        if offered[step] < steps { useful = true }
        offered[step] += 1
      }
      if useful { candidates.append(masks[index]) }
    }
    var reached = 0
    while first + reached < steps && offered[first + reached] > 0 && reached < candidates.count {
      let allowed = ((UInt32(1) << UInt32(reached + 1)) - 1) << UInt32(first)
      var matching = StepMatching()
      for candidate in candidates where matching.count <= reached { _ = matching.add(candidate & allowed) }
      if matching.count <= reached { break }
      reached += 1
    }
    return reached
  }
}
