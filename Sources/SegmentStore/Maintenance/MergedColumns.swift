/// The properties of several segments as those of one.
struct MergedColumns {
  /// All properties that a kept row of any of the inputs has, ascending.
  let names: [String]
  /// By property: how many values all blocks of the output share. Known once `share` was called for all of them, in order.
  private(set) var sharedCounts: [Int] = []
  private let inputs: [Segment]
  private let used: [UsedValues?]
  /// By property and input.
  private var parts: [[Part?]] = []

  /// A property of one input.
  private struct Part {
    var index: Int
    var sharedCount: Int
    /// The output's code of each of the input's shared values, 0 where it does not share it.
    var mapped: [UInt32]
    /// The input's shared values, where not all of them are among the output's.
    var values: ValueBytes?
  }

  /// - Parameter used: by input; nil: all of it.
  init(_ inputs: [Segment], used: [UsedValues?]) {
    self.inputs = inputs
    self.used = used
    names = Set(
      zip(inputs, used).flatMap { input, used in
        input.properties.enumerated().filter { used?.properties[$0.offset] ?? true }.map(\.element)
      }
    ).sorted()
  }

  /// The values of the next property that all blocks of the output share. What is kept of them are codes: of one property alone are the
  /// values in memory.
  mutating func share() throws(StoreError) -> ValueBytes {
    let name = names[parts.count]
    let indexes = inputs.map { $0.properties.firstIndex(of: name) }
    var dictionary = ValueDictionary()
    var limit = SegmentWriter.sharedRepeatingValues
    for (input, index) in zip(inputs, indexes) {
      // Where values do not repeat, what is shared ends there.
      if let index, try input.sharedValueCount(index) == SegmentWriter.sharedValues { limit = SegmentWriter.sharedValues }
    }
    var parts: [Part?] = []
    for (number, index) in indexes.enumerated() {
      guard let index else {
        parts.append(nil)
        continue
      }
      let values = try inputs[number].sharedValues(index)
      let used = used[number]?.values[index]
      let mapped = (0..<values.count).map { code in
        used?[code] ?? true && dictionary.count < limit ? dictionary.code(of: code, in: values) + 1 : 0
      }
      parts.append(Part(index: index, sharedCount: values.count, mapped: mapped, values: mapped.contains(0) ? values : nil))
    }
    self.parts.append(parts)
    sharedCounts.append(dictionary.count)
    return dictionary.values
  }

  /// A property's codes in an input's block; nil if no row of it has the property.
  func column(_ property: Int, input: Int, run: Int, block: Int) throws(StoreError) -> MergedColumn? {
    guard let part = parts[property][input],
      let (codes, own) = try inputs[input].rawColumn(part.index, run, block, shared: part.sharedCount)
    else { return nil }
    return MergedColumn(codes: codes, sharedCount: part.sharedCount, mapped: part.mapped, values: part.values, own: own)
  }

  /// A property's codes where they are the output's already, with values beyond the shared ones in a dictionary of their own.
  func column(_ property: Int, codes: [UInt32], own: ValueBytes) -> MergedColumn {
    MergedColumn(codes: codes, sharedCount: sharedCounts[property], mapped: nil, values: nil, own: own)
  }
}

/// A column that is merged, and what its codes are in the output: values beyond the shared ones come into the output block's own as rows
/// need them.
final class MergedColumn {
  private let codes: [UInt32]
  /// Codes up to this are the output's.
  private let kept: UInt32
  private let sharedCount: Int
  /// Of the input's shared values; 0 where the output does not share it.
  private let mapped: [UInt32]
  private let values: ValueBytes?
  private let own: ValueBytes
  /// By place in `own`, then by place in `values`: the code that it got in the output block at hand, 0 for none.
  private var given: [UInt32]
  /// Those places in `given` that are not 0.
  private var places: [Int] = []

  /// - Parameter mapped: nil where the input's shared codes are the output's.
  init(codes: [UInt32], sharedCount: Int, mapped: [UInt32]?, values: ValueBytes?, own: ValueBytes) {
    self.codes = codes
    kept = mapped == nil ? UInt32(sharedCount) : 0
    self.sharedCount = sharedCount
    self.mapped = mapped ?? []
    self.values = values
    self.own = own
    given = [UInt32](repeating: 0, count: own.count + (values == nil ? 0 : sharedCount))
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
    if code <= kept { return code }
    let index = Int(code) - 1
    if index < mapped.count, mapped[index] != 0 { return mapped[index] }
    return give(index, shared: shared, own: &output)
  }

  private func give(_ index: Int, shared: UInt32, own output: inout ValueDictionary) -> UInt32 {
    let isOwn = index >= sharedCount
    // A value that only hidden rows use is in no output.
    guard isOwn || values != nil else { return 0 }
    let place = isOwn ? index - sharedCount : own.count + index
    if given[place] != 0 { return given[place] }
    var made = shared + 1
    if isOwn { made += output.code(of: place, in: own) } else if let values { made += output.code(of: index, in: values) }
    given[place] = made
    places.append(place)
    return made
  }
}
