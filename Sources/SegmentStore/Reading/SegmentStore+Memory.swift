package import Journeys
import Synchronization

/// What a store takes in memory.
extension SegmentStore {
  package func memory() async -> [MemoryUse] {
    let tables = state.withLock { $0.memtables }
    let (sorted, snapshot) = snapshots.withLock { cache in
      (cache.pieces.reduce(0) { $0 + $1.footprint }, cache.snapshot)
    }
    return [
      MemoryUse(part: "memtables", bytes: tables.reduce(0) { $0 + $1.table.footprint }),
      MemoryUse(part: "sorted", bytes: sorted),
      MemoryUse(part: "moved", bytes: snapshot?.movedRuns.footprint ?? 0),
      MemoryUse(part: "fingerprints", bytes: fingerprintBytes.load(ordering: .relaxed)),
      MemoryUse(part: "identities", bytes: identities.footprint),
      MemoryUse(part: "columns", bytes: cache.footprint),
    ]
  }
}
