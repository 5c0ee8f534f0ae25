import Foundation
import Synchronization

final class Locked<Value: Sendable>: Sendable {
  private let value: Mutex<Value>
  init(_ value: Value) { self.value = Mutex(value) }
  func use<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result { value.withLock { inner in body(&inner) } }
}

/// A name server on this machine for one kind of question, over UDP.
final class SmallNameServer: Sendable {
  struct NoSocket: Error {}

  let port: UInt16
  private let socket: Int32

  /// - Parameter answer: the bytes to send for a question; nil to stay silent.
  init(answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard socket >= 0 else { throw NoSocket() }
    self.socket = socket
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0 }
    }
    guard bound else { throw NoSocket() }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 4_096)
      while true {
        var peer = sockaddr_storage()
        var peerSize = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = withUnsafeMutablePointer(to: &peer) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(socket, &buffer, buffer.count, 0, $0, &peerSize) }
        }
        // Shut down: a datagram of nothing.
        guard count > 0 else { break }
        guard let reply = answer(Array(buffer.prefix(count))) else { continue }
        _ = withUnsafePointer(to: &peer) { pointer in
          pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(socket, reply, reply.count, 0, $0, peerSize) }
        }
      }
      close(socket)
    }
  }

  func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

  /// An answer with TXT records (RFC 1035, section 4.1).
  static func answer(_ question: [UInt8], _ records: [[String]], code: UInt8 = 0) -> [UInt8] {
    var end = 12
    while end < question.count, question[end] != 0 { end += Int(question[end]) + 1 }
    end = min(end + 5, question.count)
    var bytes = Array(question.prefix(2)) + [0x81, 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
    if end > 12 { bytes += question[12..<end] }
    for record in records {
      let data = record.flatMap { [UInt8(min(255, $0.utf8.count))] + $0.utf8.prefix(255) }
      bytes += [0xC0, 0x0C, 0, 16, 0, 1, 0, 0, 0, 60, UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
    }
    return bytes
  }
}
