import Foundation
import SegmentStore
import Server
import Testing
import Vault

struct ConfigurationTests {
  private static func file(_ text: String) throws -> URL {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-\(UUID().uuidString).yaml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file
  }

  @Test func aFlagGoesBeforeTheEnvironmentBeforeTheFile() throws {
    let file = try Self.file("data: /from/file\nlisten: 127.0.0.1:1\nintake: 127.0.0.1:2\nmax_requests: 3\n")
    defer { try? FileManager.default.removeItem(at: file) }
    let settings = try Settings(
      flags: [.listen: "127.0.0.1:11"], environment: ["SEALANE_LISTEN": "127.0.0.1:12", "SEALANE_INTAKE": "127.0.0.1:13", "HOME": "/"],
      file: file)
    let configuration = try ServerConfiguration(settings)
    #expect(configuration.listen.port == 11 && configuration.intake.port == 13 && configuration.limits.requests == 3)
    #expect(configuration.data.path == "/from/file" && configuration.keys.directory?.path == "/from/file.keys")
    #expect(configuration.origin == "http://localhost:11")
  }

  @Test(
    "what cannot be meant is an error that says where it stands",
    arguments: [
      ("data: /d\nlisten: nonsense\n", "listen"), ("data: /d\nmisspelt: 1\n", "misspelt"), ("data: /d\ntls_key: k\n", "tls-certificate"),
      ("- list\n", "mapping"), ("data: /d\norigin: https://x.example/path\n", "origin"), ("listen: 127.0.0.1:1\n", "--data"),
      ("data: /d\nmax_requests: none\n", "max_requests"), ("data: /d\nscan_threads: 0\n", "scan_threads"),
      ("data: /d\nsegment_counts: maybe\n", "true or false"), ("data: [1, 2]\n", "data"), ("data: {\n", "YAML"),
    ])
  func refuses(text: String, mention: String) throws {
    let file = try Self.file(text)
    defer { try? FileManager.default.removeItem(at: file) }
    let error = #expect(throws: ConfigurationError.self) {
      _ = try ServerConfiguration(Settings(flags: [:], environment: [:], file: file))
    }
    #expect(error?.description.contains(mention) == true, "\(error?.description ?? "")")
  }

  @Test func theStoreIsTold() throws {
    let file = try Self.file("data: /d\ncache_memory: 1000\nsegment_counts: false\n")
    defer { try? FileManager.default.removeItem(at: file) }
    let store = try ServerConfiguration(
      Settings(flags: [.scanThreads: "3"], environment: ["SEALANE_CACHED_REPORTS": "0", "SEALANE_QUERY_MEMORY": "2000"], file: file)
    ).store
    #expect(
      store.scanThreads == 3 && store.cachedReports == 0 && store.queryBytes == 2000 && store.cache.limit == 1000 && !store.usesCounts)
    let plain = try ServerConfiguration(Settings(flags: [.data: "/d"], environment: [:], file: nil)).store
    #expect(plain.usesCounts && plain.cachedReports > 0)
  }

  @Test func aMisspeltVariableIsNoticed() throws {
    #expect(try Settings(flags: [:], environment: ["SEALANE_LISTN": "1"], file: nil).unknownVariables == ["SEALANE_LISTN"])
  }

  @Test func onlyATrustedProxyIsBelieved() {
    let addresses = ClientAddress(trustedProxies: ["10.0.0.1", "10.0.0.2"])
    #expect(addresses.client(peer: "203.0.113.9", forwarded: ["198.51.100.1"]) == "203.0.113.9")
    #expect(addresses.client(peer: "10.0.0.1", forwarded: ["192.0.2.66, 198.51.100.1, 10.0.0.2"]) == "198.51.100.1")
    #expect(addresses.client(peer: "10.0.0.1", forwarded: []) == "10.0.0.1")
    #expect(addresses.client(peer: "::ffff:10.0.0.1", forwarded: ["198.51.100.1"]) == "198.51.100.1")
    #expect(addresses.client(peer: "::ffff:203.0.113.9", forwarded: ["198.51.100.1"]) == "203.0.113.9")
  }

  @Test func addressesAreRead() {
    #expect(ListenAddress("[::1]:8000") == ListenAddress(host: "::1", port: 8000))
    for text in ["", "8000", "::1:8000", "host:", "host:70000", ":80"] { #expect(ListenAddress(text) == nil, "\(text)") }
    #expect(ListenAddress(host: "127.0.0.1", port: 8000).origin(isSecure: false) == "http://localhost:8000")
  }
}

@Suite struct MachineMemoryTests {
  @Test func theLeastOfAGroupAndThoseAboveItCounts() {
    let files = [
      "/sys/fs/cgroup/system.slice/sealane.service/memory.max": "max\n", "/sys/fs/cgroup/system.slice/memory.max": "2147483648\n",
      "/sys/fs/cgroup/memory.max": "4294967296\n",
    ]
    #expect(MachineMemory.bound("0::/system.slice/sealane.service\n") { files[$0] } == 2_147_483_648)
    #expect(MachineMemory.bound("0::/\n") { files[$0] } == 4_294_967_296)
    #expect(MachineMemory.bound("0::/system.slice/sealane.service\n") { _ in nil } == nil)
    #expect(MachineMemory.bound("12:memory:/old\n") { files[$0] } == nil)
  }
}
