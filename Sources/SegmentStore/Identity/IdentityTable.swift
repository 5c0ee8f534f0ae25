internal import Events
import Synchronization

/// Every id that ever arrived: pseudonym to number and back, in memory (about 25 bytes an id). Sealed ids are on disk.
///
/// An id's ordinal is its place in the order of arrival; its number is the permutation of that. Guarded by a lock that is held for one
/// look-up: intake, recovery and queries share it.
final class IdentityTable: Sendable {
  /// 2^32 - 2 numbers exist; this many are handed out, which bounds the memory for ids at about 6 GB.
  static let limit = 250_000_000

  private struct State {
    var pseudonyms: [Pseudonym] = []
    /// 1: a group; 2: its sealed id is stored.
    var flags: [UInt8] = []
    /// Open addressing; ordinal + 1, 0 is free.
    var table: [UInt32] = [UInt32](repeating: 0, count: 1024)

    func slot(of pseudonym: Pseudonym) -> Int {
      let mask = table.count - 1
      var slot = Int(truncatingIfNeeded: pseudonym.low ^ (pseudonym.high &>> 32)) & mask
      while table[slot] != 0, pseudonyms[Int(table[slot]) - 1] != pseudonym { slot = (slot + 1) & mask }
      return slot
    }

    mutating func insert(_ pseudonym: Pseudonym, flags: UInt8, slot: Int) -> UInt32 {
      let ordinal = UInt32(pseudonyms.count)
      pseudonyms.append(pseudonym)
      self.flags.append(flags)
      table[slot] = ordinal + 1
      if pseudonyms.count * 10 > table.count * 7 {
        table = [UInt32](repeating: 0, count: table.count * 2)
        for (index, pseudonym) in pseudonyms.enumerated() { table[self.slot(of: pseudonym)] = UInt32(index + 1) }
      }
      return ordinal
    }
  }

  let permutation: NumberPermutation
  private let state = Mutex(State())

  init(permutation: NumberPermutation) { self.permutation = permutation }

  var count: Int { state.withLock { $0.pseudonyms.count } }

  /// Bytes of memory, about.
  var footprint: Int { state.withLock { $0.pseudonyms.capacity * 17 + $0.table.count * 4 } }

  func number(of pseudonym: Pseudonym) -> UInt32? {
    state.withLock { state in
      let entry = state.table[state.slot(of: pseudonym)]
      return entry == 0 ? nil : permutation.number(ofOrdinal: entry - 1)
    }
  }

  func pseudonym(of number: UInt32) -> Pseudonym? {
    let ordinal = Int(permutation.ordinal(ofNumber: number))
    return state.withLock { ordinal < $0.pseudonyms.count ? $0.pseudonyms[ordinal] : nil }
  }

  func isGroup(_ number: UInt32) -> Bool {
    let ordinal = Int(permutation.ordinal(ofNumber: number))
    return state.withLock { ordinal < $0.flags.count && $0.flags[ordinal] & 1 != 0 }
  }

  func hasSealedID(_ pseudonym: Pseudonym) -> Bool {
    state.withLock { state in
      let entry = state.table[state.slot(of: pseudonym)]
      return entry != 0 && state.flags[Int(entry) - 1] & 2 != 0
    }
  }

  /// The number of an id, a new one if it never arrived before.
  func register(_ pseudonym: Pseudonym, isGroup: Bool) throws(StoreError) -> UInt32 {
    let ordinal: UInt32? = state.withLock { state in
      let slot = state.slot(of: pseudonym)
      if state.table[slot] != 0 { return state.table[slot] - 1 }
      guard state.pseudonyms.count < Self.limit else { return nil }
      return state.insert(pseudonym, flags: isGroup ? 1 : 0, slot: slot)
    }
    guard let ordinal else {
      throw .full("The project has \(Self.limit) ids, the most that it can hold. Events of known ids are still taken.")
    }
    return permutation.number(ofOrdinal: ordinal)
  }

  /// The numbers of a batch's ids. The lock is held for some of them at a time: the gate of the next batch asks meanwhile.
  func register(_ identities: [StoredIdentity]) throws(StoreError) -> [UInt32] {
    var numbers: [UInt32] = []
    numbers.reserveCapacity(identities.count)
    var next = 0
    while next < identities.count {
      let end = min(next + Self.heldFor, identities.count)
      guard count + end - next <= Self.limit else {
        // Close to the limit, one by one: known ids are still taken.
        for identity in identities[next..<end] { numbers.append(try register(identity.pseudonym, isGroup: identity.isGroup)) }
        next = end
        continue
      }
      let ordinals = state.withLock { state in
        identities[next..<end].map { identity in
          let slot = state.slot(of: identity.pseudonym)
          return state.table[slot] != 0
            ? state.table[slot] - 1 : state.insert(identity.pseudonym, flags: identity.isGroup ? 1 : 0, slot: slot)
        }
      }
      for ordinal in ordinals { numbers.append(permutation.number(ofOrdinal: ordinal)) }
      next = end
    }
    return numbers
  }

  private static let heldFor = 32

  /// Adds the next id as a file or the log holds it. False if it is there already.
  func restore(_ pseudonym: Pseudonym, flags: UInt8) -> Bool {
    state.withLock { state in
      let slot = state.slot(of: pseudonym)
      guard state.table[slot] == 0 else { return false }
      _ = state.insert(pseudonym, flags: flags, slot: slot)
      return true
    }
  }

  /// Returns false if a sealed id was stored before.
  func markSealed(_ number: UInt32) -> Bool {
    let ordinal = Int(permutation.ordinal(ofNumber: number))
    return state.withLock { state in
      guard ordinal < state.flags.count, state.flags[ordinal] & 2 == 0 else { return false }
      state.flags[ordinal] |= 2
      return true
    }
  }

  /// The sealed id of a number was deleted.
  func unmarkSealed(_ number: UInt32) {
    let ordinal = Int(permutation.ordinal(ofNumber: number))
    state.withLock { state in if ordinal < state.flags.count { state.flags[ordinal] &= ~2 } }
  }

  /// Pseudonyms and group flags of a range of ordinals.
  func entries(_ ordinals: Range<Int>) -> [(pseudonym: Pseudonym, isGroup: Bool)] {
    state.withLock { state in ordinals.map { (state.pseudonyms[$0], state.flags[$0] & 1 != 0) } }
  }

  /// Those of the numbers that are groups.
  func groups(among numbers: ArraySlice<UInt32>) -> [UInt32] {
    // Outside of the lock, which intake waits for.
    let ordinals = numbers.map { permutation.ordinal(ofNumber: $0) }
    var found: [UInt32] = []
    state.withLock { state in
      for (index, number) in numbers.enumerated() {
        let ordinal = Int(ordinals[index])
        if ordinal < state.flags.count, state.flags[ordinal] & 1 != 0 { found.append(number) }
      }
    }
    return found
  }

  /// Numbers of those of a range of ordinals that are no groups.
  func subjects(_ ordinals: Range<Int>) -> [UInt32] {
    let flags = state.withLock { Array($0.flags[ordinals]) }
    var numbers: [UInt32] = []
    numbers.reserveCapacity(flags.count)
    for (offset, flag) in flags.enumerated() where flag & 1 == 0 {
      numbers.append(permutation.number(ofOrdinal: UInt32(ordinals.lowerBound + offset)))
    }
    return numbers
  }

  /// Numbers of the subjects whose pseudonym begins with these hexadecimal digits, at most `limit`.
  func numbers(prefix: String, limit: Int) -> [UInt32] {
    let digits = prefix.prefix(32)
    let padded = { (filler: Character) in String(digits) + String(repeating: filler, count: 32 - digits.count) }
    guard let low = Pseudonym(padded("0")), let high = Pseudonym(padded("f")) else { return [] }
    return state.withLock { state in
      var found: [UInt32] = []
      for (ordinal, pseudonym) in state.pseudonyms.enumerated()
      where pseudonym >= low && pseudonym <= high && state.flags[ordinal] & 1 == 0 {
        found.append(permutation.number(ofOrdinal: UInt32(ordinal)))
        if found.count == limit { break }
      }
      return found
    }
  }
}
