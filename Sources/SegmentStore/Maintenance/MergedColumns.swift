/// The properties of several segments as those of one.
struct MergedColumns {
  /// All properties that a kept row of any of the inputs has, ascending.
  let names: [String]
  /// By property: the values that all blocks of the output share.
  private(set) var shared: [ValueDictionary] = []
  private let inputs: [Segment]
  /// By property and input.
  private var parts: [[Part?]] = []
  /// By property: each shared code as itself.
  private var same: [[UInt32]] = []

  /// A property of one input.
  private struct Part {
    var index: Int
    var sharedCount: Int
    /// The output's code of each of the input's shared values, 0 where it does not share it.
    var mapped: [UInt32]
    /// The input's shared values, where not all of them are among the output's.
    var values: ValueDictionary?
  }

  /// - Parameter used: by input; nil: all of it.
  init(_ inputs: [Segment], used: [UsedValues?]) throws(StoreError) {
    self.inputs = inputs
    names = Set(
      zip(inputs, used).flatMap { input, used in
        input.properties.enumerated().filter { used?.properties[$0.offset] ?? true }.map(\.element)
      }
    ).sorted()
    for name in names {
      var known: [(index: Int, values: ValueDictionary)?] = []
      for input in inputs {
        known.append(try input.properties.firstIndex(of: name).map { index throws(StoreError) in (index, try input.sharedValues(index)) })
      }
      // Where values do not repeat, what is shared ends there.
      let isCut = known.contains { $0?.values.count == SegmentWriter.sharedValues }
      let limit = isCut ? SegmentWriter.sharedValues : SegmentWriter.sharedRepeatingValues
      var dictionary = ValueDictionary()
      let parts = zip(known, used).map { part, used -> Part? in
        guard let (index, values) = part else { return nil }
        let mapped = (0..<values.count).map { code in
          used?.values[index][code] ?? true && dictionary.count < limit ? dictionary.code(of: code, in: values) + 1 : 0
        }
        return Part(index: index, sharedCount: values.count, mapped: mapped, values: mapped.contains(0) ? values : nil)
      }
      self.parts.append(parts)
      same.append((0..<dictionary.count).map { UInt32($0) + 1 })
      shared.append(dictionary)
    }
  }

  /// A property's codes in an input's block; nil if no row of it has the property.
  func column(_ property: Int, input: Int, run: Int, block: Int) throws(StoreError) -> MergedColumn? {
    guard let part = parts[property][input],
      let (codes, own) = try inputs[input].rawColumn(part.index, run, block, shared: part.sharedCount)
    else { return nil }
    return MergedColumn(codes: codes, mapped: part.mapped, values: part.values, own: own)
  }

  /// A property's codes where they are the output's already, with values beyond the shared ones in a dictionary of their own.
  func column(_ property: Int, codes: [UInt32], own: ValueDictionary) -> MergedColumn {
    MergedColumn(codes: codes, mapped: same[property], values: nil, own: own)
  }
}

/// A column that is merged, and what its codes are in the output: values beyond the shared ones come into the output block's own as rows
/// need them.
final class MergedColumn {
  private let codes: [UInt32]
  /// Of the input's shared values; 0 where the output does not share it.
  private let mapped: [UInt32]
  private let values: ValueDictionary?
  private let own: ValueDictionary
  /// By place in `own`, then by place in `values`: the code that it got in the output block at hand, 0 for none.
  private var given: [UInt32]
  /// Those places in `given` that are not 0.
  private var places: [Int] = []

  init(codes: [UInt32], mapped: [UInt32], values: ValueDictionary?, own: ValueDictionary) {
    self.codes = codes
    self.mapped = mapped
    self.values = values
    self.own = own
    given = [UInt32](repeating: 0, count: own.count + (values == nil ? 0 : mapped.count))
  }

  /// Bytes of memory, about.
  var footprint: Int { (codes.count + given.count) * 4 + own.footprint }

  /// Before another output block: its own values begin anew.
  func reset() {
    for place in places { given[place] = 0 }
    places.removeAll(keepingCapacity: true)
  }

  /// - Parameters:
  ///   - shared: how many values the output shares.
  ///   - output: the own values of the output block.
  @inline(__always) func code(_ row: Int, shared: UInt32, own output: inout ValueDictionary) -> UInt32 {
    let code = codes[row]
    if code == 0 { return 0 }
    let index = Int(code) - 1
    if index < mapped.count, mapped[index] != 0 { return mapped[index] }
    return give(index, shared: shared, own: &output)
  }

  private func give(_ index: Int, shared: UInt32, own output: inout ValueDictionary) -> UInt32 {
    let isOwn = index >= mapped.count
    // A value that only hidden rows use is in no output.
    guard isOwn || values != nil else { return 0 }
    let place = isOwn ? index - mapped.count : own.count + index
    if given[place] != 0 { return given[place] }
    var made = shared + 1
    if isOwn { made += output.code(of: place, in: own) } else if let values { made += output.code(of: index, in: values) }
    given[place] = made
    places.append(place)
    return made
  }
}
