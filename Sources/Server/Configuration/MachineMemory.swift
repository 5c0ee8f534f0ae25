import Foundation

/// How much memory this process may use.
enum MachineMemory {
  /// Bytes: the machine's, or those of its control group where that has a bound (cgroup v2, `memory.max`).
  static var bytes: Int {
    let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8),
      let bound = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else { return machine }
    return min(machine, bound)
  }
}
