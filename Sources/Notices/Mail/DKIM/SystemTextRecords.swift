internal import CResolver
internal import Dispatch

/// TXT records by the C library's resolver, on threads of its own. An answer is not authenticated: who sits between this machine and its
/// name server can forge one.
package struct SystemTextRecords: DNSTextRecords {
  /// An IPv4 address to ask instead of the system's name servers.
  private let server: String?
  private let port: UInt16
  private let timeoutSeconds: Int
  private let attempts: Int

  private static let queue = DispatchQueue(label: "sealane.resolver", attributes: .concurrent)
  /// Of all records of one name.
  private static let capacity = 16 << 10

  package init(server: String? = nil, port: UInt16 = 53, timeoutSeconds: Int = 3, attempts: Int = 2) {
    self.server = server
    self.port = port
    self.timeoutSeconds = max(1, min(30, timeoutSeconds))
    self.attempts = max(1, min(5, attempts))
  }

  package func records(of name: String) async -> DNSTextAnswer {
    // A zero would end the name early.
    guard !name.isEmpty, name.utf8.count <= 253, !name.utf8.contains(0) else { return .none }
    return await withCheckedContinuation { continuation in Self.queue.async { continuation.resume(returning: ask(name)) } }
  }

  private func ask(_ name: String) -> DNSTextAnswer {
    var size = 0
    var result: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.capacity) { buffer, count in
      result = sealane_txt_lookup(
        name, server, port, Int32(timeoutSeconds), Int32(attempts), buffer.baseAddress, buffer.count, &size)
      count = min(size, buffer.count)
    }
    switch Int(result) {
    case Int(SEALANE_TXT_FOUND): return .found(Self.split(bytes))
    case Int(SEALANE_TXT_NONE): return .none
    default: return .silent
    }
  }

  private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var records: [[UInt8]] = []
    var index = 0
    while index + 2 <= bytes.count {
      let end = index + 2 + (Int(bytes[index]) << 8) + Int(bytes[index + 1])
      guard end <= bytes.count else { break }
      records.append(Array(bytes[(index + 2)..<end]))
      index = end
    }
    return records
  }
}
