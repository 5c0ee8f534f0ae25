/// Recognises texts that *are* e-mail addresses, phone numbers or IP addresses, alone or in a row.
struct WholeIdentities: TextStep {
  func judge(_ look: TextLook) -> TextVerdict {
    let findings = look.identities
    guard let first = findings.all.first, Identities.fill(look.bytes, findings) else { return .passes }
    return .identity(first.reason.asWhole)
  }
}
