import Access
import Synchronization

/// The kill switch: whatever leaves for a vendor passes here, and what is shut lets nothing through.
///
/// A delivery holds its pass from before its first byte until its last. `shut` returns when no pass is out any more: from then on nothing leaves.
package final class VendorGate: Sendable {
  private struct State {
    var shut: Set<Vendor.ID> = []
    /// Never opened again.
    var killed: Set<Vendor.ID> = []
    var out: [Vendor.ID: Int] = [:]
    var waiting: [(vendor: Vendor.ID, continuation: CheckedContinuation<Void, Never>)] = []
  }
  private let state = Mutex(State())

  package init() {}

  package func isShut(_ vendor: Vendor.ID) -> Bool { state.withLock { $0.shut.contains(vendor) } }

  /// Nothing where it was shut for good.
  package func open(_ vendor: Vendor.ID) { state.withLock { if !$0.killed.contains(vendor) { $0.shut.remove(vendor) } } }

  /// - Parameter forGood: whether it is the kill switch.
  ///
  /// Nothing passes from now on. Returns when what was under way has ended: deliveries ask `isShut` while they run, and stop.
  package func shut(_ vendor: Vendor.ID, forGood: Bool = false) async {
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLock { state in
        state.shut.insert(vendor)
        if forGood { state.killed.insert(vendor) }
        guard state.out[vendor, default: 0] > 0 else { return true }
        state.waiting.append((vendor, continuation))
        return false
      }
      if isEmpty { continuation.resume() }
    }
  }

  /// - Returns: nil where the vendor is shut: then nothing was done.
  package func pass<Result>(_ vendor: Vendor.ID, _ delivery: () async throws -> Result) async rethrows -> Result? {
    let isIn = state.withLock { state in
      guard !state.shut.contains(vendor) else { return false }
      state.out[vendor, default: 0] += 1
      return true
    }
    guard isIn else { return nil }
    defer { leave(vendor) }
    return try await delivery()
  }

  private func leave(_ vendor: Vendor.ID) {
    let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.out[vendor, default: 1] -= 1
      guard state.out[vendor, default: 0] == 0 else { return [] }
      let ready = state.waiting.filter { $0.vendor == vendor }.map(\.continuation)
      state.waiting.removeAll { $0.vendor == vendor }
      return ready
    }
    for continuation in ready { continuation.resume() }
  }
}
