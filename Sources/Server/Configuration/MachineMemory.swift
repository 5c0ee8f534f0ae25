import Foundation

/// How much memory this process may use.
package enum MachineMemory {
  /// Bytes: the machine's, or what its control group or one of those above it may use, if that is less (cgroup v2, `memory.max`).
  static var bytes: Int {
    let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let groups = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    return min(machine, bound(groups) { try? String(contentsOfFile: $0, encoding: .utf8) } ?? machine)
  }

  /// - Parameters:
  ///   - groups: what `/proc/self/cgroup` says.
  ///   - file: reads a file; nil if there is none.
  package static func bound(_ groups: String, file: (String) -> String?) -> Int? {
    guard let line = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
    var bounds: [Int] = []
    var path = line.dropFirst(4).split(separator: "/").filter { $0 != ".." }
    while true {
      let name = (["/sys/fs/cgroup"] + path.map(String.init) + ["memory.max"]).joined(separator: "/")
      // "max" stands for none.
      if let text = file(name), let bytes = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) { bounds.append(bytes) }
      if path.isEmpty { return bounds.min() }
      path.removeLast()
    }
  }
}
