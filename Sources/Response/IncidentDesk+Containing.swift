import Access
import Events
import Journeys
import Ledger
import Relay

/// What was stopped, and what one could not reach from here.
package struct Containment: Sendable, Hashable {
  /// Sentences.
  package var done: [String] = []
  /// What somebody must do elsewhere, now.
  package var beyond: [String] = []
}

extension IncidentDesk {
  /// One action: whatever was lost hold of is stopped. What fails is said, and keeps nothing else from being stopped.
  package func contain(_ id: Int64, by principal: Principal) async throws -> (containment: Containment, receipt: LedgerReceipt) {
    guard let incident = try await control.incident(id) else { throw AccessError(.notFound, "There is no such incident.") }
    guard incident.state != .closed else { throw AccessError(.inUse, "The incident is closed.") }
    var it = Containment()
    let wasKilled = try await end(of: incident, wasKilled: true) != nil
    switch incident.source {
    case .vendor(let vendor): await containVendor(vendor, of: incident, &it, by: principal)
    case .credential(let credential): await containCredential(credential, &it, by: principal)
    case .person(let person): await containPerson(StaffMember.ID(rawValue: person), &it, by: principal)
    case .export: try await containExport(incident, &it, by: principal)
    case .host(let host): await containHost(host, &it, by: principal)
    }
    // Nobody said an end: it is when it was stopped, and where it could not be it stays open.
    let end = try await end(of: incident, wasKilled: wasKilled)
    let receipt = try await step(
      id, .contained, (it.beyond.map { "not reached: \($0)" } + it.done).joined(separator: "\n"),
      ["done": String(it.done.count), "beyond": String(it.beyond.count)], by: principal
    ) { incident in
      if incident.state < .contained { incident.state = .contained }
      if incident.isOpenEnded(at: incident.to), let end { incident.to = end }
    }
    return (it, receipt)
  }

  private func attempt(_ it: inout Containment, _ done: String, otherwise: String, _ act: () async throws -> Void) async {
    do {
      try await act()
      it.done.append(done)
    } catch {
      let reason = (error as? AccessError)?.message ?? (error as? LedgerError)?.message ?? "\(type(of: error))"
      it.beyond.append("\(otherwise): \(reason)")
    }
  }

  private func containVendor(_ name: String, of incident: Incident, _ it: inout Containment, by principal: Principal) async {
    do {
      if let id = Vendor.ID(rawValue: name), let vendor = try await control.vendor(id) {
        if vendor.state == .killed {
          it.done.append("Nothing leaves for \(name): its kill switch was pulled before.")
        } else {
          await attempt(&it, "Nothing leaves for \(name) any more: its kill switch is pulled.", otherwise: "the relay to \(name)") {
            _ = try await vendors.kill(vendor, by: principal)
          }
        }
      } else {
        it.beyond.append("Sealane sends nothing to \(name): whatever else it gets must be stopped where it comes from.")
      }
    } catch {
      it.beyond.append("The relay to \(name): whether there is one cannot be read. Try again.")
    }
    await grants(of: name, in: incident.project, &it)
    it.beyond.append("What \(name) holds already: ask it for deletion, in writing (sealane vendors deletion-request \(name)).")
  }

  /// Sealane has no keys at other companies: each way in that is known is named, so that somebody revokes it there.
  private func grants(of name: String, in project: ProjectID, _ it: inout Containment) async {
    it.beyond.append("Tokens and grants that \(name) holds and the inventory does not: revoke them where they were given.")
    do {
      let now = clock()
      for grant in try await control.vendorGrants(of: project) where grant.draft.vendor?.rawValue == name && grant.isLive(at: now) {
        let retired = grant.draft.retiredAt == nil ? "" : ", which the company does not use any more"
        it.beyond.append(
          "Grant no. \(grant.id), \(grant.draft.name)\(retired): revoke it at its issuer, then say so (sealane vendors grants revoke \(grant.id))."
        )
      }
    } catch {
      it.beyond.append("The inventory of grants cannot be read. Try again.")
    }
  }

  private func containCredential(_ credential: String, _ it: inout Containment, by principal: Principal) async {
    if credential.hasPrefix("sa_") {
      await attempt(
        &it, "The service account \(credential) is revoked; exports under way end.", otherwise: "the service account \(credential)"
      ) {
        _ = try await staff.accounts.revoke(credential, by: principal)
      }
    } else {
      await attempt(&it, "The session \(credential) is over.", otherwise: "the session \(credential)") {
        guard try await control.endSession(credential) else { throw AccessError(.notFound, "There is no such session any more.") }
        try await ledger.record(.sessionRevoked(session: credential), by: principal)
      }
    }
  }

  private func containPerson(_ id: StaffMember.ID, _ it: inout Containment, by principal: Principal) async {
    await attempt(&it, "Everything that \(id) could do is over: sessions, passkeys, exports.", otherwise: "the access of \(id)") {
      _ = try await staff.end(id, .phished, force: true, by: principal)
    }
    do {
      let brought = try await staff.endBroughtIn(by: id, as: principal)
      if !brought.accounts.isEmpty { it.done.append("\(brought.accounts.count) service accounts that \(id) made are revoked.") }
      if !brought.people.isEmpty { it.done.append("\(brought.people.count) people whom \(id) invited are cut off.") }
    } catch {
      it.beyond.append("What \(id) made and whom \(id) invited: `sealane staff end-brought-in \(id)`.")
    }
    it.beyond.append("The same person's accounts elsewhere: mail, identity provider, code host.")
  }

  /// Whoever made the export loses the credential that it was made with.
  private func containExport(_ incident: Incident, _ it: inout Containment, by principal: Principal) async throws {
    try await index.catchUp()
    var seen: Set<Principal> = []
    let entries = try await index.answer(try incident.question).entries
    if entries.count > 1_000 { it.beyond.append("Of its \(entries.count) entries only the first 1,000 were looked at.") }
    for entry in entries.prefix(1_000) {
      guard let record = try await ledger.records(from: entry, limit: 1).first, case .present(let detail) = record.detail else {
        it.beyond.append("Who had entry no. \(entry) cannot be read any more.")
        continue
      }
      guard seen.insert(detail.principal).inserted else { continue }
      switch detail.principal.kind {
      case .serviceAccount: await containCredential(detail.principal.id, &it, by: principal)
      case .staff: await containCredential(detail.principal.credential, &it, by: principal)
      case .operatingSystemUser: it.beyond.append("It was made by user \(detail.principal.id) of the machine: look who that was.")
      case .owner, .custodian, .vendor, .system: break
      }
    }
    if entries.isEmpty { it.beyond.append("No entry of the ledger is of this export.") }
    it.beyond.append("Copies of the file itself.")
  }

  /// All that could be used from there, of everybody.
  private func containHost(_ host: Incident.Source.Host, _ it: inout Containment, by principal: Principal) async {
    switch host {
    case .server:
      do {
        var ended = 0
        for session in try await control.sessions() where session.id != principal.credential {
          guard try await control.endSession(session.id) else { continue }
          try await ledger.record(.sessionRevoked(session: session.id), by: principal)
          ended += 1
        }
        it.done.append("\(ended) sessions are over.")
      } catch {
        it.beyond.append("Sessions: not all could be ended.")
      }
      do {
        var frozen = 0
        for member in try await control.staff() where member.isActive && member.id.rawValue != principal.id {
          guard let holder = QuotaHolder(Principal(kind: .staff, id: member.id.rawValue, credential: "")), !quotas.isFrozen(holder) else {
            continue
          }
          try await quotas.freeze(holder)
          frozen += 1
        }
        it.done.append("\(frozen) people of the staff see no rows until an admin lifts that (Settings).")
      } catch {
        it.beyond.append("Quotas: not all could be frozen.")
      }
      // The host served every project.
      for project in control.projects() {
        for account in control.serviceAccounts(of: project.id) where !account.isRevoked && !account.isCanary {
          await attempt(&it, "The service account \(account.username) is revoked.", otherwise: "the service account \(account.username)") {
            _ = try await staff.accounts.revoke(account.username, by: principal)
          }
        }
      }
      do {
        for vendor in try await control.vendors() where vendor.state == .flowing {
          await attempt(&it, "The relay to \(vendor.id) is paused.", otherwise: "the relay to \(vendor.id)") {
            _ = try await vendors.pause(vendor, by: principal)
          }
        }
      } catch {
        it.beyond.append("Vendors: which there are cannot be read. Try again.")
      }
      it.beyond.append("The keys that were on the host: `sealane keys rotate` on a clean one; until then what arrives is not safe.")
      it.beyond.append("The host itself: take it off the network, keep its disk.")
    case .custodian:
      it.beyond.append(
        "The custodian's host: take it off the network; restore it elsewhere from its shares, and have approvers enrol new passkeys.")
      it.beyond.append("The record keys that it held open what was sealed before, for whoever has the data too.")
    case .backup:
      it.beyond.append("Copies of the backup: without the key directory they identify nobody; pseudonyms and events are readable.")
    }
  }
}
