import Access
import Events
import Foundation
import Ledger
import SoftAuthenticator

extension Surroundings {
  static let origin = "http://localhost:8000"

  /// A desk with a ledger of its own.
  func desk(isDemo: Bool = false, origin: String = Surroundings.origin) throws -> StaffDesk {
    let place = directory.appendingPathComponent("ledger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    let ledger = try Ledger.open(directory: place, keys: keys, clock: { [clock] in clock.now })
    return StaffDesk(control: control, ledger: ledger, origin: origin, isDemo: isDemo, clock: { [clock] in clock.now })
  }

  /// A session of somebody with these roles; an owner is there besides, as in life.
  func session(_ roles: StaffRoles) async throws -> ActiveSession {
    let desk = try desk()
    if try await !control.hasOwner() {
      var owner = SoftPerson()
      try await owner.enrol(try await control.createSetupLink(), at: desk, name: "The owner")
    }
    let member = try await control.inviteStaff(.random(), name: "Somebody \(UUID().uuidString.prefix(8))", roles: roles)
    var person = SoftPerson()
    return try await person.enrol(try await control.createInvitationLink(for: member.id, by: nil), at: desk).session
  }
}
