import Synchronization

/// What a store keeps of its files in memory: decoded columns and file chunks. Several stores may share the memory.
struct BlockCache: Sendable {
  struct Key: Hashable, Sendable {
    let file: UInt64
    let section: String
  }

  private let memory: CacheMemory
  private let store: UInt64

  init(_ memory: CacheMemory) {
    self.memory = memory
    store = memory.addStore()
  }

  /// The cached value, or the one that `make` makes, which is kept if it fits. Two callers may make the same value at the same time.
  func value<Value: AnyObject & Sendable>(_ key: Key, make: () throws(StoreError) -> (Value, cost: Int)) throws(StoreError) -> Value {
    try memory.value(CacheMemory.Key(store: store, key: key), make: make)
  }

  /// Forgets what belongs to a file that is no longer part of the store.
  func forget(file: UInt64) { memory.forget(store: store, file: file) }

  /// Bytes of memory, of all stores that share it.
  var footprint: Int { memory.footprint }

  /// The store is closed.
  func forgetAll() { memory.forget(store: store, file: nil) }
}

/// The memory for what was used last, up to a number of bytes.
package final class CacheMemory: Sendable {
  fileprivate struct Key: Hashable {
    let store: UInt64
    let key: BlockCache.Key
  }

  private struct Entry {
    let value: any AnyObject & Sendable
    let cost: Int
    var lastUse: UInt64
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var cost = 0
    var clock: UInt64 = 0
    var stores: UInt64 = 0
  }

  package let limit: Int
  private let state = Mutex(State())

  package init(limit: Int) { self.limit = limit }

  fileprivate var footprint: Int { state.withLock { $0.cost } }

  fileprivate func addStore() -> UInt64 {
    state.withLock { state in
      state.stores += 1
      return state.stores
    }
  }

  fileprivate func value<Value: AnyObject & Sendable>(_ key: Key, make: () throws(StoreError) -> (Value, cost: Int)) throws(StoreError)
    -> Value
  {
    let known = state.withLock { state -> (any AnyObject & Sendable)? in
      state.clock += 1
      let clock = state.clock
      state.entries[key]?.lastUse = clock
      return state.entries[key]?.value
    }
    if let known = known as? Value { return known }
    let (value, cost) = try make()
    guard cost <= limit else { return value }
    state.withLock { state in
      if let old = state.entries[key] { state.cost -= old.cost }
      state.clock += 1
      state.entries[key] = Entry(value: value, cost: cost, lastUse: state.clock)
      state.cost += cost
      guard state.cost > limit else { return }
      for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
        if state.cost <= limit * 3 / 4 { break }
        state.entries[key] = nil
        state.cost -= entry.cost
      }
    }
    return value
  }

  fileprivate func forget(store: UInt64, file: UInt64?) {
    state.withLock { state in
      for (key, entry) in state.entries where key.store == store && (file == nil || key.key.file == file) {
        state.entries[key] = nil
        state.cost -= entry.cost
      }
    }
  }
}

/// A value type in the cache.
final class Cached<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
