import Access
import Hummingbird
import Ledger
import Web

/// What somebody made and whom they invited: it stays when they are cut off, until somebody ends it.
extension Visit {
  func broughtInPanel(_ brought: BroughtIn, of member: StaffMember) -> HTML {
    guard !brought.isEmpty else { return "" }
    let canEnd = member.suspension != nil && may(.cutOff) && member.id != session.session.staff
    let accounts = brought.accounts.map { account -> HTML in
      let scopes = ServiceAccount.Scope.allCases.filter(account.scopes.contains).map(\.rawValue).joined(separator: ", ")
      return line(
        canEnd, "account", account.username,
        "service account \(ValueView.name(account.name)), <code>\(account.username)</code>: \(scopes); made \(time.minute(account.createdAt))"
      )
    }
    let people = brought.people.filter { $0.id != session.session.staff }.map { person -> HTML in
      line(
        canEnd, "person", person.id.rawValue,
        "<a href=\"\(Address("/staff/\(person.id)"))\"><bdi>\(person.name)</bdi></a>: \(person.roles.words.joined(separator: ", ")); \(person.enrolledAt.map { "came \(time.minute($0))" } ?? "has not come yet")"
      )
    }
    let list = accounts + people
    guard canEnd else {
      return """
        <section class="panel" id="brought-in"><h2>Made and invited by them</h2><p class="sub">If they are cut off this stays, and can be ended here.</p><ul>\(list)</ul></section>
        """
    }
    return """
      <section class="panel" id="brought-in"><h2>Made and invited by them</h2><div class="notice warning"><p><b>This is as it was.</b> Whoever had their access may have made it. Leave out what you know to be right.</p></div>\
      <form method="post" action="/staff/brought-in/end">\(formToken)\(about(member))\(list)\
      <button class="danger">Revoke and cut off what is ticked</button><p class="sub">Service accounts cannot be had back; people are let in again as after phishing.</p></form></section>
      """
  }

  private func line(_ isChoice: Bool, _ name: String, _ id: String, _ text: HTML) -> HTML {
    isChoice
      ? "<label class=\"check\"><input type=\"checkbox\" name=\"\(value: name)\" value=\"\(value: id)\" checked> <span>\(text)</span></label>"
      : "<li>\(text)</li>"
  }

  func endBroughtIn() async throws -> Response {
    try authorize(.cutOff)
    guard let member = try await services.control.staffMember(StaffMember.ID(rawValue: fields.text("staff"))) else {
      return ErrorPage.notFound.response
    }
    let ended = try await services.staff.endBroughtIn(
      by: member.id, accounts: Set(fields.all("account")), people: Set(fields.all("person").map { StaffMember.ID(rawValue: $0) }),
      as: principal)
    return try await staffMemberPage(
      member.id.rawValue,
      "<div class=\"notice good\"><p>\(NumberFormat.count(ended.accounts.count, "service account")) revoked, \(NumberFormat.count(ended.people.count, "person", "people")) cut off. Each is an entry of the ledger.</p></div>"
    )
  }
}
