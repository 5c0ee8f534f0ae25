import Access
import Crypto
import Delivery
import Events
import Foundation
import Ledger

/// What is done to vendors, by pages, commands and programs alike: authorized before, entered and done here.
package final class VendorDesk: Sendable {
  private let control: ControlDatabase
  private let ledger: Ledger
  private let alerts: AlertDesk
  private let source: any RelaySource
  let gate: VendorGate

  package let deletions: VendorDeletions

  package init(control: ControlDatabase, ledger: Ledger, alerts: AlertDesk, source: any RelaySource, gate: VendorGate) {
    deletions = VendorDeletions(control: control, ledger: ledger, source: source)
    self.control = control
    self.ledger = ledger
    self.alerts = alerts
    self.source = source
    self.gate = gate
  }

  /// What stands behind `/vendors/` in the console's addresses and is no vendor.
  private static let pages: Set<String> = ["grants", "third-parties"]

  /// SHA-256 of a declaration's text, 64 hexadecimal digits.
  package static func digest(of source: String) -> String {
    SHA256.hash(data: Array(source.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// Writes the next version down. It changes nothing until somebody else agrees to it; what is in force stays so.
  ///
  /// - Throws: `ChannelError` where the text is no declaration, `AccessError` `invalid` where it cannot be one of this project.
  package func declare(_ text: String, in project: ProjectID, by principal: Principal) async throws -> (
    vendor: Vendor, version: VendorVersion, receipt: LedgerReceipt
  ) {
    let declaration = try VendorDeclaration(yaml: text)
    let (id, digest) = (declaration.id, Self.digest(of: text))
    guard !Self.pages.contains(id.rawValue) else {
      throw AccessError(.invalid, "No vendor can be called \(id): a page of the console is. Choose another id.")
    }
    let receipt = try await control.turns.take {
      let number = try await control.declare(id, in: project, source: text, digest: digest, by: principal, entry: 0, undone: true)
      let receipt = try await ledger.record(
        .vendorDeclared(project, vendor: id.rawValue, version: number, digest: digest), by: principal)
      // A crash here leaves an entry of a version that is not there: it is declared again, under the same number.
      _ = try await control.declare(id, in: project, source: text, digest: digest, by: principal, entry: receipt.index)
      return receipt
    }
    guard let vendor = try await control.vendor(id), let version = try await control.versions(of: id).first else {
      throw AccessError(.unavailable, "The vendor was declared, and cannot be read.")
    }
    return (vendor, version, receipt)
  }

  /// - Throws: `AccessError` `invalid` where one is no second person to whoever declared it, `notFound` where it does not wait any more.
  package func decide(_ version: Int, of vendor: Vendor, isApproved: Bool, by principal: Principal) async throws -> LedgerReceipt {
    // Nothing that came before: whoever agrees has seen what a week would have been, and agrees to what comes.
    let commit = source.committed(in: vendor.project) ?? 0
    // Of a vendor that had no destination, nothing that came since the version before either.
    var startsAnew = true
    if let inForce = vendor.inForce, let before = try await control.version(inForce, of: vendor.id) {
      startsAnew = (try? VendorDeclaration(yaml: before.source).destination) == nil
    }
    let receipt = try await control.turns.take {
      try await control.decide(
        version, of: vendor.id, isApproved: isApproved, by: principal, startingBehind: commit, startsAnew: startsAnew, undone: true)
      let receipt = try await ledger.record(
        .vendorDecided(vendor.project, vendor: vendor.id.rawValue, version: version, isApproved: isApproved), by: principal)
      try await control.decide(
        version, of: vendor.id, isApproved: isApproved, by: principal, startingBehind: commit, startsAnew: startsAnew)
      return receipt
    }
    return receipt
  }

  package func pause(_ vendor: Vendor, by principal: Principal) async throws -> LedgerReceipt {
    try await control.setState(.paused, of: vendor.id, from: [.flowing], undone: true)
    // First of all it stops: a ledger that cannot be written keeps nothing flowing.
    await gate.shut(vendor.id)
    return try await control.turns.take {
      try await control.setState(.paused, of: vendor.id, from: [.flowing])
      return try await ledger.record(.vendorChanged(vendor.project, vendor: vendor.id.rawValue, act: .paused), by: principal)
    }
  }

  package func resume(_ vendor: Vendor, by principal: Principal) async throws -> LedgerReceipt {
    try await control.turns.take {
      try await control.setState(.flowing, of: vendor.id, from: [.paused], undone: true)
      let receipt = try await ledger.record(.vendorChanged(vendor.project, vendor: vendor.id.rawValue, act: .resumed), by: principal)
      try await control.setState(.flowing, of: vendor.id, from: [.paused])
      gate.open(vendor.id)
      return receipt
    }
  }

  /// The kill switch. When this returns nothing leaves for the vendor any more, and never will again: a delivery that was under way has ended or
  /// was broken off. That it was pulled is on disk first, so that a crash at any moment finds it pulled.
  package func kill(_ vendor: Vendor, by principal: Principal) async throws -> LedgerReceipt {
    try await control.setState(.killed, of: vendor.id, from: [.declared, .flowing, .paused])
    await gate.shut(vendor.id, forGood: true)
    let receipt = try await ledger.record(.vendorChanged(vendor.project, vendor: vendor.id.rawValue, act: .killed), by: principal)
    // What it holds is asked back: in writing, by people; nothing leaves from here any more.
    try await ledger.record(.vendorDeletionAsked(vendor.project, vendor: vendor.id.rawValue, subjects: []), by: principal)
    await alerts.raise(
      NewAlert(
        .vendorKilled, project: vendor.project, about: Alert.About(principal),
        sentence: "The kill switch of the vendor \(vendor.id) was pulled: nothing leaves for it any more.",
        details: ["vendor": .text(vendor.id.rawValue)], sameAs: "killed/\(vendor.id)"))
    return receipt
  }

  /// Shuts, at a start, whatever does not flow.
  package func prepare() async throws {
    for vendor in try await control.vendors() where vendor.state == .paused || vendor.state == .killed {
      await gate.shut(vendor.id, forGood: vendor.state == .killed)
    }
  }
}
