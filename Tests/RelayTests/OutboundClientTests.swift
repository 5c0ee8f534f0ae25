import Foundation
import Outbound
import Synchronization
import Testing

/// The one outbound client against what a hostile name, address or server does.
struct OutboundClientTests {
  @Test(
    "addresses of this machine, of private networks and for special purposes are refused, however they are written",
    arguments: [
      "http://127.0.0.1:9/", "http://127.255.1.2:9/", "http://localhost:9/", "http://anything.localhost:9/", "http://[::1]:9/",
      "http://[::ffff:127.0.0.1]:9/", "http://2130706433:9/", "http://0x7f.1:9/", "http://0177.0.0.1:9/", "http://0.0.0.0:9/",
      "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1:9/", "http://172.16.0.1:9/", "http://192.168.1.1:9/",
      "http://100.64.0.1:9/", "http://[fd00::1]:9/", "http://[fe80::1]:9/", "http://[64:ff9b::7f00:1]:9/", "http://[2002:7f00:1::1]:9/",
    ])
  func refusesInternalAddresses(url: String) async {
    var request = OutboundRequest(url: url)
    request.refusesInternalAddresses = true
    let error = await #expect(throws: OutboundError.self) {
      try await HTTPClient(connections: 1).send(request, deadline: .seconds(10))
    }
    #expect(error?.code == .refusedAddress, "\(url): \(error?.description ?? "")")
  }

  @Test(
    "nothing but HTTP is spoken", arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:9/", "dict://127.0.0.1:9/"])
  func otherSchemes(url: String) async {
    await #expect(throws: OutboundError.self) {
      try await HTTPClient(connections: 1).send(OutboundRequest(url: url), deadline: .seconds(5))
    }
  }

  @Test("a redirect is an answer, and nobody goes where it points")
  func redirects() async throws {
    let target = try RawServer { $0.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
    let server = try RawServer { $0.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(target.port)/\r\nContent-Length: 0\r\n\r\n") }
    let response = try await HTTPClient(connections: 1).send(OutboundRequest(url: server.url), deadline: .seconds(10))
    #expect(response.status == 302 && target.connections == 0 && server.connections == 1)
  }

  @Test("an answer without end is cut at its limit", .timeLimit(.minutes(1)))
  func endless() async throws {
    let server = try RawServer { connection in
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      let chunk = "4000\r\n" + String(repeating: "x", count: 0x4000) + "\r\n"
      while connection.send(chunk) {}
    }
    var request = OutboundRequest(url: server.url)
    request.responseLimit = 1 << 20
    let error = await #expect(throws: OutboundError.self) {
      try await HTTPClient(connections: 1).send(request, deadline: .seconds(30))
    }
    #expect(error?.code == .tooLarge)
  }

  @Test("a server that says a byte now and then, or nothing, has its deadline", .timeLimit(.minutes(1)), arguments: [true, false])
  func slow(says: Bool) async throws {
    let server = try RawServer { connection in
      if says { connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n") }
      for _ in 0..<100 where !says || connection.send("x") { usleep(200_000) }
    }
    let began = ContinuousClock.now
    let error = await #expect(throws: OutboundError.self) {
      try await HTTPClient(connections: 1).send(OutboundRequest(url: server.url), deadline: .milliseconds(1_500))
    }
    #expect(error?.code == .timeout)
    #expect(ContinuousClock.now - began < .seconds(10))
  }

  @Test("whoever gives up is let go within seconds, also where nothing moves", .timeLimit(.minutes(1)))
  func givenUp() async throws {
    let server = try RawServer { _ in usleep(20_000_000) }
    let isGivenUp = Flag()
    var request = OutboundRequest(url: server.url)
    request.isGivenUp = { isGivenUp.isSet }
    Task {
      try? await Task.sleep(for: .milliseconds(500))
      isGivenUp.set()
    }
    let began = ContinuousClock.now
    let error = await #expect(throws: OutboundError.self) {
      try await HTTPClient(connections: 1).send(request, deadline: .seconds(30))
    }
    #expect(error?.code == .stopped)
    #expect(ContinuousClock.now - began < .seconds(10))
  }
}

private final class Flag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .sequentiallyConsistent) }
  func set() { value.store(true, ordering: .sequentiallyConsistent) }
}

/// Takes connections on loopback and lets a closure answer each, on a thread of its own.
private final class RawServer: Sendable {
  struct Connection {
    let descriptor: Int32

    /// False once the other side is gone.
    @discardableResult
    func send(_ text: String) -> Bool {
      let bytes = Array(text.utf8)
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }

  struct Failed: Error {}

  let port: UInt16
  private let count = Atomic(0)

  var url: String { "http://127.0.0.1:\(port)/" }
  var connections: Int { count.load(ordering: .sequentiallyConsistent) }

  init(_ answer: @escaping @Sendable (Connection) -> Void) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    var named = sockaddr_in()
    var size = length
    let asked = withUnsafeMutablePointer(to: &named) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    guard bound == 0, asked == 0, listen(descriptor, 8) == 0 else { throw Failed() }
    port = UInt16(bigEndian: named.sin_port)
    Thread { [self] in
      while true {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { return }
        count.add(1, ordering: .sequentiallyConsistent)
        Thread {
          var room = [UInt8](repeating: 0, count: 65_536)
          _ = recv(accepted, &room, room.count, 0)
          answer(Connection(descriptor: accepted))
          close(accepted)
        }.start()
      }
    }.start()
  }
}
