/// Replaces e-mail addresses, phone numbers and IP addresses inside of longer texts by `[email]`, `[phone]`, `[ip]`.
struct IdentitiesInside: TextStep {
  func judge(_ look: TextLook) -> TextVerdict {
    let findings = look.identities
    return findings.isEmpty ? .passes : .rewritten(findings.applied(to: look.bytes), findings.all.map(\.reason))
  }
}
