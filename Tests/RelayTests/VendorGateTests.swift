import Access
import Relay
import Synchronization
import Testing

struct VendorGateTests {
  private static func vendor(_ name: String = "tallymark") throws -> Vendor.ID { try #require(Vendor.ID(rawValue: name)) }

  @Test("when it is shut nothing is under way, and nothing passes any more", .timeLimit(.minutes(1)))
  func shuts() async throws {
    let vendor = try Self.vendor()
    for _ in 0..<50 {
      let gate = VendorGate()
      let inside = Atomic(0)
      let passed = Atomic(0)
      await withTaskGroup { group in
        for _ in 0..<8 {
          group.addTask {
            while true {
              let went = await gate.pass(vendor) {
                inside.add(1, ordering: .sequentiallyConsistent)
                await Task.yield()
                inside.subtract(1, ordering: .sequentiallyConsistent)
                passed.add(1, ordering: .sequentiallyConsistent)
                return true
              }
              if went == nil { return }
            }
          }
        }
        while passed.load(ordering: .sequentiallyConsistent) < 20 { await Task.yield() }
        await gate.shut(vendor)
        #expect(inside.load(ordering: .sequentiallyConsistent) == 0)
        let after = passed.load(ordering: .sequentiallyConsistent)
        await group.waitForAll()
        #expect(passed.load(ordering: .sequentiallyConsistent) == after)
      }
    }
  }

  @Test func othersGoOn() async throws {
    let gate = VendorGate()
    let (one, two) = (try Self.vendor(), try Self.vendor("quillon"))
    await gate.shut(one)
    await gate.shut(one)
    #expect(gate.isShut(one) && !gate.isShut(two))
    #expect(await gate.pass(one) { 1 } == nil)
    #expect(await gate.pass(two) { 1 } == 1)
    gate.open(one)
    #expect(await gate.pass(one) { 1 } == 1)
  }
}
