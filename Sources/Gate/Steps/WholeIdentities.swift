/// Recognises texts that *are* e-mail addresses, phone numbers or IP addresses, alone or in a row.
struct WholeIdentities: TextStep {
  func judge(_ look: TextLook) -> TextVerdict {
    if let first = look.identities.all.first {
      return Identities.fill(look.bytes, look.identities) ? .identity(first.reason.asWhole) : .passes
    }
    guard look.scan.mayHoldPhone else { return .passes }
    let isPhone =
      PhoneDetector.isNational(look.bytes) || (look.context.digitsArePhone && PhoneDetector.isBareNumber(look.bytes))
    return isPhone ? .identity(.phone) : .passes
  }
}
